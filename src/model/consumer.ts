import type { Location } from './place.ts';

export type ConsumerKind =
  | 'code'
  | 'ci-job'
  | 'container'
  | 'k8s'
  | 'cron'
  | 'systemd'
  | 'terraform'
  | 'mcp-server'
  | 'script'
  | 'npm-script'
  | 'config';

export type ConsumerState =
  'found' | 'planned' | 'registered' | 'enrolled' | 'rewritten' | 'verified' | 'retired';

export type ActsFor = 'user' | 'itself';

/** A line that shows why a scope is needed. */
export interface Evidence {
  readonly path: string;
  readonly line: number;
  readonly call: string;
}

export interface ScopeEvidence {
  readonly scope: string;
  readonly evidence: readonly Evidence[];
}

/** One workload that reads a secret, with all the places in which it does. */
export interface Consumer {
  /** Readable and stable: `code:services/password-reset`, `ci-job:.github/workflows/sync.yml#sync`. */
  readonly id: string;
  readonly kind: ConsumerKind;
  /** The main place: where a person looks first. */
  readonly path: string;
  readonly line: number;
  /** Short, from which the agent's id comes: `password-reset`. */
  readonly name: string;
  readonly workload?: string;
  readonly language?: string;
  readonly how: 'env' | 'file' | 'flag' | 'header' | 'sdk' | 'default' | 'derived';
  readonly confidence: 'confirmed' | 'probable' | 'unknown';
  readonly actsFor: ActsFor;
  /** Why it is taken to act for a user or as itself. */
  readonly actsForReason: string;
  readonly owner: Owner;
  /** Provider API that it calls with the secret, such as `okta`. */
  readonly api: string | null;
  /** Every place that belongs to it and names or holds the secret. */
  readonly places: readonly Location[];
  readonly scopes: readonly ScopeEvidence[];
  readonly unknown: readonly { readonly path: string; readonly line: number; readonly why: string }[];
  readonly state: ConsumerState;
}

/** Who answers for it, and the evidence: `CODEOWNERS:3`, `git blame services/x/main.ts:12`. */
export interface Owner {
  readonly who: string | null;
  readonly evidence: string;
}

/** One secret, all that stores it and all that consumes it. */
export interface MappedSecret {
  /** Fingerprint of its value where a literal was seen, else of its name. */
  readonly secret: string;
  readonly rule: string;
  readonly provider: string;
  readonly names: readonly string[];
  readonly storedIn: readonly Location[];
  readonly consumers: readonly Consumer[];
  readonly reaches: readonly {
    readonly api: string;
    readonly operations: readonly string[];
    readonly scopes: readonly string[];
  }[];
  readonly owner: Owner;
  readonly risk: { readonly score: number; readonly reasons: readonly string[] };
}

/** A place that needs a secret and that no consumer explains. */
export interface Unresolved {
  readonly path: string;
  readonly line: number;
  readonly why: string;
  /** The secret that it speaks of; null where it may be any of the provider. */
  readonly secret: string | null;
  readonly provider: string;
}

export interface SecretMap {
  readonly secrets: readonly MappedSecret[];
  readonly unresolved: readonly Unresolved[];
}
