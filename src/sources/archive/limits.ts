/** What may be read out of archives. Bytes are of the unpacked content. */
export interface Limits {
  readonly entryBytes: number;
  readonly totalBytes: number;
  readonly entries: number;
  /** Archives within archives. */
  readonly depth: number;
  /** Unpacked to packed; beyond it a large entry is taken for a bomb. */
  readonly ratio: number;
}

export const defaultLimits: Limits = {
  entryBytes: 10_000_000,
  totalBytes: 64_000_000,
  entries: 10_000,
  depth: 2,
  ratio: 200,
};

/** Below this a high ratio harms nobody. */
const SMALL = 1_000_000;

/** Counts what the archives of one file have taken. */
export class Budget {
  readonly limits: Limits;
  #bytes = 0;
  #entries = 0;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** Gives how many bytes may still be unpacked. */
  get left(): number {
    return Math.max(0, this.limits.totalBytes - this.#bytes);
  }

  /** Counts one entry; says why it may not be read, if so. `stop` means that no later one may either. */
  count(): string | undefined {
    this.#entries += 1;
    if (this.#entries > this.limits.entries)
      return `more than ${this.limits.entries} files in an archive: the rest was not looked at`;
    if (this.left === 0) return 'archive too large unpacked: the rest was not looked at';
    return undefined;
  }

  /** Says why an entry of these sizes may not be unpacked, if so. */
  refuse(packed: number, unpacked: number): string | undefined {
    const { entryBytes, ratio } = this.limits;
    if (unpacked > SMALL && unpacked > packed * ratio) return `unpacks to more than ${ratio} times its size`;
    if (unpacked > Math.min(entryBytes, this.left)) return 'too large unpacked';
    return undefined;
  }

  take(bytes: number): void {
    this.#bytes += bytes;
  }
}
