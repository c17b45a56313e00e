/** One accepted place. The reason says why a value may stay. */
export interface Accepted {
  readonly rule: string;
  /** Keyed fingerprint of the secret, so that its places are told from those of others. */
  readonly secret: string;
  readonly name: string | null;
  /** Relative to the folder of the baseline, with `/`. */
  readonly path: string;
  readonly reason: string;
  /** Last day on which it counts, `YYYY-MM-DD`. */
  readonly expires?: string;
}

/** `.agent-id-baseline.json`: accepted findings by id. Keys are sorted, so that two branches merge. */
export interface Baseline {
  readonly schemaVersion: 1;
  readonly accepted: Readonly<Record<string, Accepted>>;
}
