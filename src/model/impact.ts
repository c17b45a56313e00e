import type { Consumer, Unresolved } from './consumer.ts';

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
  /** Places that may need it and that no consumer explains. */
  readonly unresolved: readonly Unresolved[];
}

/** `clean` only where every consumer of every secret is known and verified, and no place is left unexplained. */
export interface Impact {
  readonly clean: boolean;
  readonly secrets: readonly SecretImpact[];
  /** All places that no consumer explains, whatever their secret. */
  readonly unresolved: readonly Unresolved[];
}
