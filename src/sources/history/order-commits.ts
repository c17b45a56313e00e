import { intAt } from '../git/ints.ts';
import type { Commits } from './collect-commits.ts';

/** Commits that something reaches, one after the other, by numbers of objects. */
export interface Reached {
  /** -1 where a tag names a tree without one. */
  readonly commits: Int32Array;
  /** -1 for one that is not here. */
  readonly trees: Int32Array;
}

/** All commits that are here, by their place among them. */
interface Graph {
  readonly numbers: Int32Array;
  readonly trees: Int32Array;
  readonly times: Float64Array;
  /** Parents of commit n are `parents[starts[n]]` to `parents[starts[n + 1] - 1]`: numbers of objects. */
  readonly starts: Int32Array;
  readonly parents: Int32Array;
  /** Place of a commit by its number, plus one. */
  readonly places: Int32Array;
}

/**
 * Gives the commits that tips reach, parents before children and, where that leaves a choice, older ones first; behind
 * them trees that are reached without one.
 */
export function orderCommits(
  parts: readonly Commits[],
  tips: readonly number[],
  bareTrees: readonly number[],
): Reached {
  const graph = toGraph(parts);
  const walked = walk(graph, tips);
  const times = effectiveTimes(graph, walked);
  const order = walked
    .map((_, n) => n)
    .sort((a, b) => at(times, at(walked, a)) - at(times, at(walked, b)) || a - b)
    .map((n) => at(walked, n));
  const commits = new Int32Array(order.length + bareTrees.length).fill(-1);
  commits.set(order.map((n) => at(graph.numbers, n)));
  const trees = new Int32Array(commits.length);
  trees.set(order.map((n) => at(graph.trees, n)));
  trees.set(bareTrees, order.length);
  return { commits, trees };
}

function at(list: Int32Array | Float64Array, index: number): number {
  return list[index] ?? 0;
}

function toGraph(parts: readonly Commits[]): Graph {
  const count = parts.reduce((sum, { times }) => sum + times.length, 0);
  const numbers = new Int32Array(count);
  const trees = new Int32Array(count);
  const times = new Float64Array(count);
  const starts = new Int32Array(count + 1);
  const parents = new Int32Array(parts.reduce((sum, { rows }) => sum + rows.length, 0) - 3 * count);
  let n = 0;
  let largest = -1;
  for (const part of parts) {
    times.set(part.times, n);
    for (let row = 0; row < part.rows.length; n += 1) {
      numbers[n] = intAt(part.rows, row);
      trees[n] = intAt(part.rows, row + 1);
      const from = at(starts, n);
      const end = from + intAt(part.rows, row + 2);
      row += 3;
      for (let parent = from; parent < end; parent += 1) parents[parent] = intAt(part.rows, row++);
      starts[n + 1] = end;
      largest = Math.max(largest, at(numbers, n));
    }
  }
  const places = new Int32Array(largest + 1);
  for (n = 0; n < count; n += 1) places[at(numbers, n)] = n + 1;
  return { numbers, trees, times, starts, parents, places };
}

/** Depth first with a stack of its own: histories are deeper than calls may be. Gives places, parents first. */
function walk({ starts, parents, places }: Graph, tips: readonly number[]): Int32Array {
  const next = starts.slice();
  const seen = new Uint8Array(starts.length);
  const order = new Int32Array(starts.length - 1);
  let filled = 0;
  const stack: number[] = [];
  const enter = (number: number): void => {
    const n = (places[number] ?? 0) - 1;
    if (n < 0 || seen[n] === 1) return;
    seen[n] = 1;
    stack.push(n);
  };
  for (const tip of tips) {
    enter(tip);
    for (let n = stack.at(-1); n !== undefined; n = stack.at(-1)) {
      const parent = at(next, n);
      if (parent < at(starts, n + 1)) {
        next[n] = parent + 1;
        enter(at(parents, parent));
      } else {
        order[filled++] = n;
        stack.pop();
      }
    }
  }
  return order.subarray(0, filled);
}

/** A commit counts as made at its time, but never before a parent. */
function effectiveTimes({ times, starts, parents, places }: Graph, walked: Int32Array): Float64Array {
  const effective = times.slice();
  for (const n of walked)
    for (const parent of parents.subarray(at(starts, n), at(starts, n + 1))) {
      const place = (places[parent] ?? 0) - 1;
      if (place >= 0) effective[n] = Math.max(at(effective, n), at(effective, place));
    }
  return effective;
}
