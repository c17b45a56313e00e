import { createInts } from '../git/ints.ts';
import { nextEntry, openTreeAt } from '../git/tree.ts';
import { findName } from '../git/pack-index.ts';

/** What is sought in trees. */
export interface Sought {
  readonly nameBytes: number;
  /** Names of blobs, one after the other, in ascending order. */
  readonly blobs: Uint8Array;
  /** By number of a tree: where its list begins in the edges of its part, plus one; shared between threads. */
  readonly starts: Int32Array;
  /** By number of a tree: the part that read it, and what it was called where it was last seen. */
  readonly parts: Uint8Array;
  readonly labels: Int32Array;
}

/** What one thread has read of trees. */
export interface TreePart {
  /** For each tree: how many entries follow; a tree by its number, a blob that is sought as -1 minus its place in `found`. */
  readonly edges: Int32Array;
  /** Pairs: position in the sought blobs, and the number of its file's name. */
  readonly found: Int32Array;
  readonly names: readonly string[];
}

export interface TreeCollector {
  readonly add: (number: number, bytes: Buffer, at: number, length: number) => void;
  readonly done: () => TreePart;
}

const FILTER_BITS = 18;

/** Makes a collector of trees, as the given part. `find` gives the number of an object by its name. */
export function createTreeCollector(
  sought: Sought,
  part: number,
  find: (name: Uint8Array) => number,
): TreeCollector {
  const { nameBytes, blobs, starts, parts, labels } = sought;
  const edges = createInts(1 << 16);
  const names = createNames();
  const found = createPairs();
  const filter = toFilter(blobs, nameBytes);
  return {
    add: (number, bytes, at, length) => {
      const head = edges.length;
      edges.push(0);
      const cursor = openTreeAt(bytes, at, length);
      while (nextEntry(cursor, nameBytes)) {
        const { object, nameFrom, nameEnd } = cursor;
        if (cursor.kind === 'tree') {
          const child = find(bytes.subarray(object, object + nameBytes));
          if (child === -1) continue;
          edges.push(child);
          labels[child] = names.number(bytes, nameFrom, nameEnd) * 256 + part;
        } else if (cursor.kind === 'blob' && isIn(filter, bytes, object)) {
          const row = findName(blobs, nameBytes, bytes.subarray(object, object + nameBytes));
          if (row !== -1) edges.push(-1 - found.number(row, names.number(bytes, nameFrom, nameEnd)));
        }
      }
      edges.set(head, edges.length - head - 1);
      parts[number] = part;
      starts[number] = head + 1;
    },
    done: () => ({ edges: edges.done(), found: found.done(), names: names.done() }),
  };
}

function toFilter(blobs: Uint8Array, nameBytes: number): Uint8Array {
  const filter = new Uint8Array(1 << (FILTER_BITS - 3));
  for (let at = 0; at < blobs.length; at += nameBytes) {
    const bit = bitOf(blobs, at);
    filter[bit >> 3] = (filter[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
  return filter;
}

function bitOf(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)) >> (24 - FILTER_BITS)
  );
}

function isIn(filter: Uint8Array, bytes: Uint8Array, at: number): boolean {
  const bit = bitOf(bytes, at);
  return ((filter[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
}

interface Names {
  readonly number: (bytes: Buffer, from: number, end: number) => number;
  readonly done: () => readonly string[];
}

/** Numbers names in the order of their first occurrence. */
function createNames(): Names {
  const numbers = new Map<string, number>();
  return {
    number: (bytes, from, end) => {
      const name = bytes.toString('latin1', from, end);
      const known = numbers.get(name);
      if (known !== undefined) return known;
      numbers.set(name, numbers.size);
      return numbers.size - 1;
    },
    done: () => [...numbers.keys()].map((name) => Buffer.from(name, 'latin1').toString('utf8')),
  };
}

interface Pairs {
  readonly number: (blob: number, name: number) => number;
  readonly done: () => Int32Array;
}

function createPairs(): Pairs {
  const numbers = new Map<number, number>();
  const pairs = createInts();
  return {
    number: (blob, name) => {
      const key = blob * 2 ** 24 + name;
      const known = numbers.get(key);
      if (known !== undefined) return known;
      numbers.set(key, numbers.size);
      pairs.push(blob);
      pairs.push(name);
      return numbers.size - 1;
    },
    done: pairs.done,
  };
}
