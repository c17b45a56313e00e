/** Boosted regression trees of depth four at most, as the training script writes them. */
export interface TreeModel {
  readonly features: readonly string[];
  readonly bias: number;
  /** Each tree: feature and threshold of its 15 inner nodes by breadth, then its 16 leaves. A node without a split has feature -1 and goes left. */
  readonly trees: readonly Tree[];
  /** Log-odds from which a candidate is reported by default, and as `low`. */
  readonly thresholds: { readonly report: number; readonly low: number; readonly slot: number };
  /** Hash of the rows and options that it was trained from. */
  readonly trainedFrom: string;
}

export interface Tree {
  readonly split: readonly number[];
  readonly at: readonly number[];
  readonly leaf: readonly number[];
}

export const DEPTH = 4;
export const NODES = 2 ** DEPTH - 1;

/** Gives the log-odds that a row of features is a secret. */
export function score(model: TreeModel, row: ArrayLike<number>): number {
  let sum = model.bias;
  for (const tree of model.trees) sum += tree.leaf[leafOf(tree, row)] ?? 0;
  return sum;
}

function leafOf({ split, at }: Tree, row: ArrayLike<number>): number {
  let node = 0;
  while (node < NODES) node = 2 * node + 1 + Number(goesRight(split, at, node, row));
  return node - NODES;
}

function goesRight(
  split: readonly number[],
  at: readonly number[],
  node: number,
  row: ArrayLike<number>,
): boolean {
  const feature = split[node] ?? -1;
  return feature >= 0 && (row[feature] ?? 0) > (at[node] ?? 0);
}

/** Means of the trees that were asked before. */
const known = new WeakMap<Tree, readonly number[]>();

/** Shares a score out among the features on the way to each leaf: how far each split moved the mean of what is below. */
export function contributions(model: TreeModel, row: ArrayLike<number>): readonly number[] {
  const shares = model.features.map(() => 0);
  for (const tree of model.trees) {
    const means = known.get(tree) ?? meansOf(tree);
    known.set(tree, means);
    for (let node = 0; node < NODES;) {
      const next = 2 * node + 1 + Number(goesRight(tree.split, tree.at, node, row));
      const feature = tree.split[node] ?? -1;
      if (feature >= 0) shares[feature] = (shares[feature] ?? 0) + (means[next] ?? 0) - (means[node] ?? 0);
      node = next;
    }
  }
  return shares;
}

/** Mean of the leaves under each node; a node without a split is its left child. */
function meansOf({ split, leaf }: Tree): readonly number[] {
  const means: number[] = Array.from({ length: 2 * NODES + 1 }, () => 0);
  for (let node = 2 * NODES; node >= 0; node -= 1) {
    if (node >= NODES) means[node] = leaf[node - NODES] ?? 0;
    else {
      const [left = 0, right = 0] = [means[2 * node + 1], means[2 * node + 2]];
      means[node] = (split[node] ?? -1) < 0 ? left : (left + right) / 2;
    }
  }
  return means;
}
