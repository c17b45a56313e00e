import { intAt } from '../git/ints.ts';
import { NOWHERE, type Sought, type TreePart } from './collect-trees.ts';
import type { Reached } from './order-commits.ts';

/** One blob under one path, with the first and the last commit that has it there, by their place in the order. */
export interface Occurrence {
  /** Position in the sought blobs. */
  readonly blob: number;
  readonly path: string;
  readonly first: number;
  last: number;
}

/**
 * Finds where blobs stand in the trees of commits. Each tree is entered once from the front of the order, which gives
 * the first commit, and once from its end, which gives the last one.
 */
export function findOccurrences(
  { trees }: Reached,
  sought: Sought,
  parts: readonly TreePart[],
): readonly Occurrence[] {
  const found = new Map<string, Occurrence>();
  const forward = createVisit(sought, parts);
  trees.forEach((tree, n) =>
    forward(tree, (blob, path) => {
      const key = `${blob} ${path}`;
      if (!found.has(key)) found.set(key, { blob, path, first: n, last: n });
    }),
  );
  const backward = createVisit(sought, parts);
  for (let n = trees.length - 1; n >= 0; n -= 1)
    backward(trees[n] ?? -1, (blob, path) => {
      const occurrence = found.get(`${blob} ${path}`);
      if (occurrence !== undefined && occurrence.last < n) occurrence.last = n;
    });
  return [...found.values()];
}

/** Finds which of the sought blobs one tree holds, however deep. */
export function blobsIn(tree: number, sought: Sought, parts: readonly TreePart[]): ReadonlySet<number> {
  const blobs = new Set<number>();
  createVisit(sought, parts)(tree, (blob) => void blobs.add(blob));
  return blobs;
}

/** Folders within each other that are entered; a path of more stands on no disk. */
const MOST_FOLDERS = 1000;

type Meet = (blob: number, path: string) => void;

interface Level {
  readonly tree: number;
  next: number;
  readonly end: number;
}

/** Makes a walk that enters no tree twice. */
function createVisit(sought: Sought, parts: readonly TreePart[]): (root: number, meet: Meet) => void {
  const entered = new Uint8Array(sought.starts.length);
  return (root, meet) => {
    const stack: Level[] = [];
    enter(root);
    for (let level = stack.at(-1); level !== undefined; level = stack.at(-1)) {
      if (level.next >= level.end) {
        stack.pop();
        continue;
      }
      const part = parts[sought.parts[level.tree] ?? 0];
      const edge = part === undefined ? NOWHERE : intAt(part.edges, level.next++);
      if (edge >= 0) enter(edge);
      else if (part !== undefined && edge > NOWHERE) meetBlob(part, -1 - edge, stack, meet);
    }

    function enter(tree: number): void {
      const start = sought.starts[tree] ?? 0;
      if (tree < 0 || start === 0 || entered[tree] === 1 || stack.length > MOST_FOLDERS) return;
      entered[tree] = 1;
      const part = parts[sought.parts[tree] ?? 0];
      const count = part === undefined ? 0 : intAt(part.edges, start - 1);
      if (count > 0) stack.push({ tree, next: start, end: start + count });
    }
  };

  function meetBlob(part: TreePart, at: number, stack: readonly Level[], meet: Meet): void {
    const name = part.names[intAt(part.found, 2 * at + 1)] ?? '';
    const folders = stack.slice(1).map(({ tree }) => labelOf(tree));
    meet(intAt(part.found, 2 * at), [...folders, name].join('/'));
  }

  function labelOf(tree: number): string {
    const label = sought.labels[tree] ?? 0;
    return parts[label & 255]?.names[Math.floor(label / 256)] ?? '';
  }
}
