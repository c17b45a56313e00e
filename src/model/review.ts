/** What a reviewer decides about one scope: it stays, it goes, or the whole agent is stopped. */
export type Decision = 'keep' | 'narrow' | 'revoke';

export const decisions: readonly Decision[] = ['keep', 'narrow', 'revoke'];

/** One scope of one agent, as it stands for review. */
export interface ReviewScope {
  readonly uri: string;
  readonly scope: string;
  /** `path:line call` of the first line of code that needs it, null where none is known. */
  readonly evidence: string | null;
  /** RFC 3339, when a token with it was last given out; null where that is not known. */
  readonly lastUsed: string | null;
  /** Null until a reviewer decides. */
  readonly decision: Decision | null;
}

export interface ReviewAgent {
  readonly id: string;
  readonly displayName: string;
  readonly owner: string | null;
  readonly idp: string;
  readonly clientId: string;
  readonly flow: 'on-behalf-of' | 'as-itself';
  readonly status: string;
  readonly reviewed: Reviewed | null;
  /** Whether the provider's own log was read: without it, only this machine's use is seen. */
  readonly providerLog: boolean;
  /** RFC 3339, of the oldest entry that it still holds; null where it holds none. */
  readonly logSince: string | null;
  readonly scopes: readonly ReviewScope[];
}

/** All agents of a repository with what a reviewer needs to decide; filled in, it is the file of decisions. */
export interface ReviewSheet {
  /** RFC 3339. */
  readonly made: string;
  readonly agents: readonly ReviewAgent[];
}

/** The lock file's record of the last review; `entry` is the hash of its line in the reviewer's audit log. */
export interface Reviewed {
  readonly at: string;
  readonly by: string;
  readonly decision: Decision;
  /** What was kept, `URI SCOPE`: what was granted later was not reviewed. */
  readonly kept: readonly string[];
  readonly entry: string;
}
