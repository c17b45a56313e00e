import type { PackTable } from './pack-table.ts';

/**
 * The delta trees of one kind of object in a pack: roots are whole objects, children are deltas. The child with the
 * most below it comes last, so that few objects need to be kept while the tree is walked.
 */
export interface Forest {
  readonly roots: Int32Array;
  /** Children of position n are `children[starts[n]]` to `children[starts[n + 1] - 1]`. */
  readonly starts: Int32Array;
  readonly children: Int32Array;
}

/** Makes the delta trees of the objects of a kind. What hangs on no root is in none of them. */
export function toForest({ count, kinds, bases }: PackTable, kind: number): Forest {
  const members = membersOf(kinds, count, kind);
  const starts = new Int32Array(new SharedArrayBuffer((count + 1) * 4));
  let rootCount = 0;
  for (const n of members) {
    const base = at(bases, n);
    if (base === -1) rootCount += 1;
    else starts[base + 1] = at(starts, base + 1) + 1;
  }
  for (let n = 0; n < count; n += 1) starts[n + 1] = at(starts, n + 1) + at(starts, n);
  const roots = new Int32Array(new SharedArrayBuffer(rootCount * 4));
  const children = new Int32Array(new SharedArrayBuffer(at(starts, count) * 4));
  const filled = Int32Array.from(starts);
  rootCount = 0;
  for (const n of members) {
    const base = at(bases, n);
    if (base === -1) roots[rootCount++] = n;
    else {
      const place = at(filled, base);
      children[place] = n;
      filled[base] = place + 1;
    }
  }
  const forest = { roots, starts, children };
  putHeaviestLast(forest, count);
  return forest;
}

function membersOf(kinds: Uint8Array, count: number, kind: number): Int32Array {
  const members = new Int32Array(count);
  let filled = 0;
  for (let n = 0; n < count; n += 1) if (kinds[n] === kind) members[filled++] = n;
  return members.subarray(0, filled);
}

function at(list: Int32Array | Uint32Array, index: number): number {
  return list[index] ?? 0;
}

function putHeaviestLast(forest: Forest, count: number): void {
  const { starts, children } = forest;
  const order = topDown(forest);
  const weights = new Uint32Array(count).fill(1);
  for (let place = order.length - 1; place >= 0; place -= 1) {
    const n = at(order, place);
    const last = at(starts, n + 1) - 1;
    let heaviest = at(starts, n);
    for (let child = heaviest; child <= last; child += 1) {
      const weight = at(weights, at(children, child));
      weights[n] = at(weights, n) + weight;
      if (weight > at(weights, at(children, heaviest))) heaviest = child;
    }
    if (heaviest >= last) continue;
    const moved = at(children, heaviest);
    children[heaviest] = at(children, last);
    children[last] = moved;
  }
}

function topDown({ roots, starts, children }: Forest): Int32Array {
  const order = new Int32Array(roots.length + children.length);
  order.set(roots);
  let filled = roots.length;
  for (let place = 0; place < filled; place += 1) {
    const n = at(order, place);
    for (let child = at(starts, n); child < at(starts, n + 1); child += 1)
      order[filled++] = at(children, child);
  }
  return order.subarray(0, filled);
}
