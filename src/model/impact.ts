import type { Consumer } from './consumer.ts';

/** What happens if one secret is revoked now. */
export interface SecretImpact {
  readonly secret: string;
  readonly names: readonly string[];
  readonly confirmed: number;
  readonly probable: number;
  readonly unknown: number;
  /** Consumers that still need it: what breaks. */
  readonly breaks: readonly Consumer[];
  /** Consumers of which nobody can say whether they need it. */
  readonly unsure: readonly Consumer[];
}

/** `clean` only where every consumer of every secret is known and verified. */
export interface Impact {
  readonly clean: boolean;
  readonly secrets: readonly SecretImpact[];
  readonly unresolved: number;
}
