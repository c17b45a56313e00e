import type { Content } from '../lib/tree-reader.ts';
import type { Source } from '../model/place.ts';
import type { Decoded } from '../lib/text.ts';
import type { Skipped } from '../model/place.ts';

/** Paths relative to a root, and what could not be listed. */
export interface Listing {
  readonly paths: readonly string[];
  readonly unlisted: readonly Skipped[];
}

/** Something to look at: named texts, read one at a time. */
export interface TextSource {
  readonly kind: Source;
  /** Absolute folder that the paths are relative to; null where there is none. */
  readonly root: string | null;
  readonly paths: readonly string[];
  /** What could not even be listed. */
  readonly unlisted?: readonly Skipped[];
  /** What takes longer to list; a source without it has listed all. */
  readonly later?: Promise<Listing>;
  /** Reads one file undecoded; a source without it has decoded texts only. */
  readonly bytes?: (path: string) => Content;
  /** Reads one text, or says why it was skipped. Safe to repeat. */
  readonly read: (path: string) => Promise<Decoded>;
}
