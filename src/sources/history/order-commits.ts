import type { Commits } from './collect-commits.ts';

/** One commit that something reaches, by numbers of objects. */
export interface Reached {
  readonly commit: number;
  readonly tree: number;
}

interface Node {
  readonly commit: number;
  readonly tree: number;
  readonly parents: readonly number[];
  readonly time: number;
  /** Time at which it counts as made: never before a parent. */
  effective: number;
  seen: boolean;
}

/** Gives the commits that tips reach, parents before children and, where that leaves a choice, older ones first. */
export function orderCommits(parts: readonly Commits[], tips: readonly number[]): readonly Reached[] {
  const nodes = toNodes(parts);
  const order: Node[] = [];
  for (const tip of tips) visit(nodes, tip, order);
  return order
    .map((node, n) => ({ node, n }))
    .sort((a, b) => a.node.effective - b.node.effective || a.n - b.n)
    .map(({ node }) => node);
}

function toNodes(parts: readonly Commits[]): ReadonlyMap<number, Node> {
  const nodes = new Map<number, Node>();
  for (const { rows, times } of parts) {
    for (let at = 0, n = 0; at < rows.length; n += 1) {
      const [commit = 0, tree = -1, count = 0] = rows.subarray(at, at + 3);
      const parents = [...rows.subarray(at + 3, at + 3 + count)];
      const time = times[n] ?? 0;
      nodes.set(commit, { commit, tree, parents, time, effective: time, seen: false });
      at += 3 + count;
    }
  }
  return nodes;
}

/** Depth first with a stack of its own: histories are deeper than calls may be. */
function visit(nodes: ReadonlyMap<number, Node>, tip: number, order: Node[]): void {
  const first = nodes.get(tip);
  if (first === undefined || first.seen) return;
  first.seen = true;
  const stack = [{ node: first, next: 0 }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const { node } = top;
    const parent = node.parents[top.next++];
    if (parent === undefined) {
      for (const one of node.parents)
        node.effective = Math.max(node.effective, nodes.get(one)?.effective ?? 0);
      order.push(node);
      stack.pop();
      continue;
    }
    const next = nodes.get(parent);
    if (next === undefined || next.seen) continue;
    next.seen = true;
    stack.push({ node: next, next: 0 });
  }
}
