import type { LargeText } from '../lib/large-text.ts';
import type { Content } from '../lib/tree-reader.ts';
import type { Store } from '../model/facts.ts';
import type { Source } from '../model/place.ts';
import type { Decoded } from '../lib/text.ts';
import type { Skipped } from '../model/place.ts';

/** Paths relative to a root, and what could not be listed. */
export interface Listing {
  readonly paths: readonly string[];
  readonly unlisted: readonly Skipped[];
}

/** A secret that is known by its name alone: where it is kept, nobody looked at its value. */
export interface NamedSecret {
  /** The place as it is shown, such as `process/node/4711`. */
  readonly path: string;
  readonly name: string;
  readonly store: Store;
  /** Where it is kept says that it is a secret, whatever it is called. */
  readonly certain?: boolean;
  /** What is known of it, for the person. */
  readonly why: string;
}

/** Something to look at: named texts, read one at a time. */
export interface TextSource {
  readonly kind: Source;
  /** Absolute folder that the paths are relative to; null where there is none. */
  readonly root: string | null;
  readonly paths: readonly string[];
  /** Names without values; the rules say which of them are secrets. */
  readonly named?: readonly NamedSecret[];
  /** What could not even be listed. */
  readonly unlisted?: readonly Skipped[];
  /** What takes longer to list; a source without it has listed all. */
  readonly later?: Promise<Listing>;
  /** Reads one file undecoded; a source without it has decoded texts only. */
  readonly bytes?: (path: string) => Content;
  /** Where its files lie as they are, so that another thread may read them. */
  readonly files?: { readonly root: string; readonly maxBytes: number };
  /** Reads a file that is too large to be read whole, as UTF-8; undefined where it cannot be read. */
  readonly large?: (path: string) => LargeText | undefined;
  /** Reads one text, or says why it was skipped. Safe to repeat. */
  readonly read: (path: string) => Promise<Decoded>;
}
