/** A rule of another scanner, with what it takes back. */
export interface ForeignRule {
  readonly id: string;
  readonly title: string;
  /** Undefined for a rule about paths alone. */
  readonly pattern: RegExp | undefined;
  /** Number of the group that is the secret; 0 for the first that took part. */
  readonly secretGroup: number;
  /** Lower-case words of which one must stand in the file; none means always. */
  readonly keywords: readonly string[];
  /** Shannon entropy that a secret must be above, in bits a character. */
  readonly entropy: number;
  readonly path: RegExp | undefined;
  /** Says whether a hit is to be let go. */
  readonly allows: (hit: ForeignHit) => boolean;
  /** Ids of rules that must match within so many lines; Infinity is the whole file. */
  readonly required: readonly { readonly id: string; readonly lines: number }[];
  /** Serves other rules only. */
  readonly helper: boolean;
}

/** What an allow-list looks at. */
export interface ForeignHit {
  readonly path: string;
  readonly text: string;
  readonly secret: string;
  readonly match: string;
  readonly start: number;
  readonly end: number;
}
