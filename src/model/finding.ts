import type { Location } from './place.ts';

export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';
export type Confidence = 'high' | 'medium' | 'low';
export type Lifetime = 'static' | 'short-lived' | 'unknown';
export type FindingKind = 'literal' | 'use' | 'policy';
export type FindingState = 'new' | 'baseline' | 'ignored';

/** What a provider was asked and answered when it was asked whether a secret works. */
export interface LiveProof {
  /** RFC 3339 in UTC. */
  readonly at: string;
  readonly host: string;
  /** Method and path. */
  readonly request: string;
  /** Null where there was no answer. */
  readonly status: number | null;
}

/** What belongs to a secret and is none itself: its client id, its domain. */
export interface Part {
  readonly part: string;
  /** Null where it is a secret too, and a finding of its own. */
  readonly value: string | null;
}

/**
 * One place that holds a long-lived secret (`literal`), reads one by name (`use`), or changes what a scan accepts
 * (`policy`). A plain record: it never holds the value.
 */
export interface Finding {
  /** keyed(rule, value, name, n), 32 hex digits: the same across edits elsewhere, moves, renames and commits. */
  readonly id: string;
  readonly rule: string;
  readonly provider: string;
  readonly title: string;
  readonly kind: FindingKind;
  /** The variable, key, header or flag that it sits under. */
  readonly name: string | null;
  /**
   * Keyed fingerprint, 32 hex digits: equal values have equal fingerprints. Of the store and name for a use;
   * of rule, name and place for a value too weak to be hidden by a public salt.
   */
  readonly secret: string;
  readonly lifetime: Lifetime;
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly reasons: readonly string[];
  readonly location: Location;
  /** What stands near by and belongs to it. */
  readonly parts?: readonly Part[];
  /** Whether the provider says that it works; null where it was not asked. */
  readonly live: 'active' | 'revoked' | 'unknown' | null;
  readonly proof?: LiveProof;
  readonly state: FindingState;
  readonly reason?: string;
  readonly expires?: string;
}
