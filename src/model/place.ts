/** Half-open range of UTF-16 code units in a file's text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Gives the line, from 1, that holds an offset; `lineStarts` are the offsets at which lines start. */
export function toLine(lineStarts: readonly number[], offset: number): number {
  let low = 0;
  let high = lineStarts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((lineStarts[middle] ?? Infinity) <= offset) low = middle + 1;
    else high = middle;
  }
  return Math.max(low, 1);
}

export type Source = 'tree' | 'staged' | 'stdin' | 'history' | 'machine' | 'github';

/** Names a range in a file: path relative to the scanned root with `/`, lines and columns from 1, columns in UTF-16 code units, end exclusive. */
export interface Location {
  readonly path: string;
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** Key path of the slot, such as `jobs.sync.steps[1].env.OKTA_API_TOKEN`. */
  readonly slot?: string;
  /** The first commit that holds it, its author as `Name <mail>` and its date in RFC 3339, where the source knows them. */
  readonly commit?: string;
  readonly author?: string;
  readonly date?: string;
  readonly source?: Source;
  /** Name of the last commit that still has it at this path, and when it was authored. */
  readonly lastCommit?: string;
  readonly lastDate?: string;
  /** Whether the commit at `HEAD` has the value anywhere. */
  readonly atHead?: boolean;
}

/** A replacement of one span of a file's text, with the reason that a diff shows for it. */
export interface Edit {
  readonly span: Span;
  readonly text: string;
  readonly reason: string;
}

/** A file that was not looked at, and why. Never counted as clean. */
export interface Skipped {
  readonly path: string;
  readonly reason: string;
}
