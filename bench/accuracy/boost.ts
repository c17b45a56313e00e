import { NODES, type Tree } from '../../src/detect/model/trees.ts';
import type { Table } from './table.ts';

export interface BoostOptions {
  readonly trees: number;
  readonly rate: number;
  /** Smallest sum of second derivatives in a leaf. */
  readonly least: number;
  readonly ridge: number;
  /** Features that may move a score one way only. */
  readonly monotone: Readonly<Record<string, 1 | -1>>;
}

export interface Boosted {
  readonly bias: number;
  readonly trees: readonly Tree[];
}

interface Split {
  readonly feature: number;
  readonly bin: number;
  readonly gain: number;
  readonly middle: number;
}

/** What a node's leaves may be worth, so that a monotone split above stays one below. */
interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** Boosts trees of depth four on the log loss, by histograms; the same table gives the same trees. */
export function boost(table: Table, options: BoostOptions): Boosted {
  const weights = Float64Array.from(table.weights, (weight) => weight / 16);
  const total = sum(weights);
  const positive = sum(weights.map((weight, row) => weight * (table.labels[row] ?? 0)));
  const bias = Math.log(positive / (total - positive));
  const scores = new Float64Array(table.labels.length).fill(bias);
  const trees: Tree[] = [];
  for (let n = 0; n < options.trees; n += 1) {
    trees.push(growTree(table, derivatives(table.labels, scores, weights), scores, options));
  }
  return { bias, trees };
}

interface Derivatives {
  readonly first: Float64Array;
  readonly second: Float64Array;
}

function derivatives(labels: Uint8Array, scores: Float64Array, weights: Float64Array): Derivatives {
  const first = new Float64Array(labels.length);
  const second = new Float64Array(labels.length);
  for (let row = 0; row < labels.length; row += 1) {
    const chance = 1 / (1 + Math.exp(-(scores[row] ?? 0)));
    first[row] = (chance - (labels[row] ?? 0)) * (weights[row] ?? 0);
    second[row] = chance * (1 - chance) * (weights[row] ?? 0);
  }
  return { first, second };
}

function growTree(table: Table, of: Derivatives, scores: Float64Array, options: BoostOptions): Tree {
  const split = Array.from({ length: NODES }, () => -1);
  const at = Array.from({ length: NODES }, () => 0);
  const leaf = Array.from({ length: NODES + 1 }, () => 0);
  grow(0, Uint32Array.from(scores.keys()), { low: -Infinity, high: Infinity });
  return { split, at, leaf };

  function grow(node: number, rows: Uint32Array, bounds: Bounds): void {
    if (node >= NODES) {
      const worth = round(options.rate * clamp(worthOf(rows, of, options.ridge), bounds), 3);
      leaf[node - NODES] = worth;
      for (const row of rows) scores[row] = (scores[row] ?? 0) + worth;
      return;
    }
    const best = bestSplit(table, rows, of, { options, bounds });
    const column = table.columns[best?.feature ?? 0];
    if (best === undefined || column === undefined) return grow(2 * node + 1, rows, bounds);
    split[node] = best.feature;
    at[node] = table.edges[best.feature]?.[best.bin] ?? 0;
    const sign = options.monotone[table.features[best.feature] ?? ''] ?? 0;
    const below: Bounds =
      sign > 0 ? { ...bounds, high: best.middle } : sign < 0 ? { ...bounds, low: best.middle } : bounds;
    const above: Bounds =
      sign > 0 ? { ...bounds, low: best.middle } : sign < 0 ? { ...bounds, high: best.middle } : bounds;
    grow(
      2 * node + 1,
      rows.filter((row) => (column[row] ?? 0) <= best.bin),
      below,
    );
    grow(
      2 * node + 2,
      rows.filter((row) => (column[row] ?? 0) > best.bin),
      above,
    );
  }
}

function worthOf(rows: Uint32Array, { first, second }: Derivatives, ridge: number): number {
  let [g, h] = [0, 0];
  for (const row of rows) {
    g += first[row] ?? 0;
    h += second[row] ?? 0;
  }
  return -g / (h + ridge);
}

interface SearchOptions {
  readonly options: BoostOptions;
  readonly bounds: Bounds;
}

function bestSplit(
  table: Table,
  rows: Uint32Array,
  of: Derivatives,
  search: SearchOptions,
): Split | undefined {
  let best: Split | undefined;
  for (const [feature, column] of table.columns.entries()) {
    const bins = (table.edges[feature]?.length ?? 0) + 1;
    if (bins === 1) continue;
    const sums = new Float64Array(2 * bins);
    for (const row of rows) {
      const bin = 2 * (column[row] ?? 0);
      sums[bin] = (sums[bin] ?? 0) + (of.first[row] ?? 0);
      sums[bin + 1] = (sums[bin + 1] ?? 0) + (of.second[row] ?? 0);
    }
    const found = splitOf(sums, feature, search.options.monotone[table.features[feature] ?? ''] ?? 0, search);
    if (found !== undefined && found.gain > (best?.gain ?? 1e-6)) best = found;
  }
  return best;
}

function splitOf(
  sums: Float64Array,
  feature: number,
  sign: number,
  { options, bounds }: SearchOptions,
): Split | undefined {
  const { least, ridge } = options;
  let [totalG, totalH] = [0, 0];
  for (let at = 0; at < sums.length; at += 2) {
    totalG += sums[at] ?? 0;
    totalH += sums[at + 1] ?? 0;
  }
  let best: Split | undefined;
  let [g, h] = [0, 0];
  for (let bin = 0; bin < sums.length / 2 - 1; bin += 1) {
    g += sums[2 * bin] ?? 0;
    h += sums[2 * bin + 1] ?? 0;
    if (h < least || totalH - h < least) continue;
    const below = clamp(-g / (h + ridge), bounds);
    const above = clamp(-(totalG - g) / (totalH - h + ridge), bounds);
    if (sign * (above - below) < 0) continue;
    const gain =
      g ** 2 / (h + ridge) + (totalG - g) ** 2 / (totalH - h + ridge) - totalG ** 2 / (totalH + ridge);
    if (gain > (best?.gain ?? 0)) best = { feature, bin, gain, middle: (below + above) / 2 };
  }
  return best;
}

function clamp(value: number, { low, high }: Bounds): number {
  return Math.min(high, Math.max(low, value));
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

function round(value: number, places: number): number {
  return Number(value.toFixed(places));
}
