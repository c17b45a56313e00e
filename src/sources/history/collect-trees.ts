import { createInts, type IntList } from '../git/ints.ts';
import type { Kernel, TreeKernel } from '../git/kernel.ts';
import { nextEntry, openTreeAt, type TreeCursor } from '../git/tree.ts';
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
  /**
   * For each tree: how many entries follow; a tree by its number, a blob that is sought as -1 minus its place in `found`,
   * an entry that leads nowhere as the least integer.
   */
  readonly edges: IntList;
  /** Pairs: position in the sought blobs, and the number of its file's name. */
  readonly found: IntList;
  readonly names: readonly string[];
}

/** A tree while it lies in the bytes of a kernel, and where its list begins; -1 before it has one. */
export interface TreePlace {
  readonly at: number;
  readonly length: number;
  readonly state: number;
}

export interface TreeCollector {
  /** Takes in a tree; gives where its list begins. */
  readonly add: (number: number, bytes: Buffer, at: number, length: number) => number;
  /** The same for a tree in a kernel: what its base has too is not looked up again. */
  readonly addBuilt: (number: number, kernel: Kernel, tree: TreePlace, base?: TreePlace) => number;
  readonly done: () => TreePart;
}

const FILTER_BITS = 18;
/** What stands for an entry that leads nowhere: places of the others stay as they are. */
export const NOWHERE = -(2 ** 31);

/** Makes a collector of trees, as the given part. `find` gives the number of an object by its name. */
export function createTreeCollector(
  sought: Sought,
  part: number,
  find: (name: Uint8Array) => number,
): TreeCollector {
  const { nameBytes, starts, parts } = sought;
  const edges = createInts();
  const filter = toFilter(sought.blobs, nameBytes);
  const resolver = createResolver(sought, part, find);
  let filled: TreeKernel | undefined;
  const close = (number: number, head: number): number => {
    edges.set(head, edges.length - head - 1);
    parts[number] = part;
    starts[number] = head + 1;
    return head;
  };
  const add: TreeCollector['add'] = (number, bytes, at, length) => {
    const head = edges.length;
    edges.push(0);
    const cursor = openTreeAt(bytes, at, length);
    while (nextEntry(cursor, nameBytes))
      if (cursor.kind === 'tree' || (cursor.kind === 'blob' && isIn(filter, bytes, cursor.object)))
        edges.push(resolver.edgeOf(cursor));
    return close(number, head);
  };
  const edgeAt = (bytes: Buffer, tree: TreePlace, offset: number): number => {
    const cursor = openTreeAt(bytes, tree.at + offset, tree.length - offset);
    return nextEntry(cursor, nameBytes) ? resolver.edgeOf(cursor) : NOWHERE;
  };
  return {
    add,
    addBuilt: (number, { trees, bytes }, tree, base) => {
      if (trees !== undefined && filled !== trees) trees.filter.set(filter);
      filled = trees;
      const count = trees?.list(tree, base, nameBytes) ?? -1;
      if (trees === undefined || count < 0) return add(number, bytes, tree.at, tree.length);
      const head = edges.length;
      const before = (base?.state ?? -1) + 1;
      edges.push(count);
      for (const listed of trees.edges.subarray(0, count))
        edges.push(listed < 0 ? edgeAt(bytes, tree, -1 - listed) : edges.get(before + listed));
      return close(number, head);
    },
    done: () => ({ edges: edges.done(), ...resolver.done() }),
  };
}

interface Resolver {
  readonly edgeOf: (entry: TreeCursor) => number;
  readonly done: () => Omit<TreePart, 'edges'>;
}

/** Makes the look-up of what entries lead to. */
function createResolver(
  { nameBytes, blobs, labels }: Sought,
  part: number,
  find: (name: Uint8Array) => number,
): Resolver {
  const names = createNames();
  const found = createPairs();
  return {
    edgeOf: ({ kind, bytes, object, nameFrom, nameEnd }) => {
      const name = bytes.subarray(object, object + nameBytes);
      const target = kind === 'tree' ? find(name) : findName(blobs, nameBytes, name);
      if (target === -1) return NOWHERE;
      const label = names.number(bytes, nameFrom, nameEnd);
      if (kind === 'blob') return -1 - found.number(target, label);
      labels[target] = label * 256 + part;
      return target;
    },
    done: () => ({ found: found.done(), names: names.done() }),
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
  readonly done: () => IntList;
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
