import { createInts, type IntList } from '../git/ints.ts';
import type { Kernel } from '../git/kernel.ts';
import { nextEntry, openTreeAt, type TreeCursor } from '../git/tree.ts';

/** A tree while it lies in the bytes of a kernel. */
interface Held {
  readonly at: number;
  readonly length: number;
}

export interface NamedCollector {
  readonly add: (bytes: Buffer, at: number, length: number) => void;
  /** The same for a tree in a kernel: what its base has too is not looked at again. */
  readonly addBuilt: (kernel: Kernel, tree: Held, base?: Held) => void;
  /** Numbers of the blobs. */
  readonly done: () => IntList;
}

/** Bytes of a name that a disk takes. */
const LONGEST_NAME = 255;

/** Makes a collector of the blobs that ever stood under a name that counts. `find` gives the number of an object. */
export function createNamedCollector(
  isNamed: (name: string) => boolean,
  nameBytes: number,
  find: (name: Uint8Array) => number,
): NamedCollector {
  const numbers = createInts();
  const known = new Set<number>();
  const counts = (bytes: Buffer, { kind, nameFrom, nameEnd }: TreeCursor): boolean =>
    kind === 'blob' &&
    nameEnd - nameFrom <= LONGEST_NAME &&
    isNamed(bytes.toString('utf8', nameFrom, nameEnd));
  const take = (bytes: Buffer, at: number, length: number, all: boolean): void => {
    const entry = openTreeAt(bytes, at, length);
    while (nextEntry(entry, nameBytes)) {
      if (counts(bytes, entry)) {
        const number = find(bytes.subarray(entry.object, entry.object + nameBytes));
        if (number !== -1 && !known.has(number)) numbers.push(number);
        known.add(number);
      }
      if (!all) return;
    }
  };
  return {
    add: (bytes, at, length) => take(bytes, at, length, true),
    addBuilt: ({ bytes, trees }, tree, base) => {
      const count = base === undefined ? -1 : (trees?.list(tree, base, nameBytes) ?? -1);
      if (trees === undefined || count < 0) return take(bytes, tree.at, tree.length, true);
      for (const listed of trees.edges.subarray(0, count))
        if (listed < 0) take(bytes, tree.at - 1 - listed, tree.length + 1 + listed, false);
    },
    done: numbers.done,
  };
}
