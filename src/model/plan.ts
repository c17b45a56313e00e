import type { AgentSpec } from './agent.ts';
import type { ActsFor, ConsumerKind, ScopeEvidence } from './consumer.ts';
import type { Edit } from './place.ts';

export type Tier = 'T0' | 'T1' | 'T2' | 'T3';

/** What a migration would do: reviewable data without secrets and without file contents. */
export interface Plan {
  /** Transaction id; also the marker that registrations carry. */
  readonly id: string;
  readonly idp: { readonly name: string; readonly type: string; readonly issuer: string };
  /** What the provider cannot do, in words. */
  readonly gaps: readonly string[];
  readonly secrets: readonly PlannedSecret[];
  readonly agents: readonly PlannedAgent[];
  readonly files: readonly PlannedFile[];
  /** What a person must do, and why we do not. */
  readonly manual: readonly ManualStep[];
}

export interface PlannedSecret {
  readonly secret: string;
  readonly names: readonly string[];
  readonly rule: string;
  readonly provider: string;
  /** The provider's own id of the secret, bound before the first edit: a value that is gone cannot be revoked. */
  readonly handle: { readonly id: string; readonly name: string; readonly owner: string | null } | null;
  /** Why it is bound to this id, or why it is not. */
  readonly why: string;
}

export interface PlannedAgent {
  readonly spec: AgentSpec;
  readonly consumer: string;
  readonly kind: ConsumerKind;
  readonly secret: string;
  readonly actsFor: ActsFor;
  readonly actsForReason: string;
  readonly resource: { readonly key: string; readonly uri: string; readonly displayName: string };
  readonly scopes: readonly ScopeEvidence[];
  /** Registration: what the provider would see change. */
  readonly change: 'create' | 'update' | 'none' | 'conflict';
  readonly changeLines: readonly string[];
  /** Where its key will live, and the command that makes it there. */
  readonly key: { readonly place: 'here' | 'elsewhere'; readonly where: string; readonly enroll: string };
}

/** One file to change or create. A step is done only if the file still has this hash. */
export interface PlannedFile {
  readonly path: string;
  /** Null for a file that is created. */
  readonly preSha256: string | null;
  readonly postSha256: string;
  readonly tier: Tier | null;
  readonly agents: readonly string[];
  /** Against the text as it is; new text never holds a secret. Empty for a created file. */
  readonly edits: readonly Edit[];
  readonly why: string;
}

export interface ManualStep {
  readonly path: string;
  readonly line: number;
  readonly agent: string | null;
  readonly why: string;
  readonly what: string;
}
