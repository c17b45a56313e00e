/** What one look of `doctor` found. */
export interface Check {
  /** `node`, `state folder`, `lock`. */
  readonly name: string;
  /** `none`: there is nothing here that it could be about, or it was not asked. */
  readonly state: 'ok' | 'bad' | 'none';
  readonly detail: string;
  /** What mends it; null where nothing is to be mended. */
  readonly fix: string | null;
}
