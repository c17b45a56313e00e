import { binOf, type Table } from './table.ts';

/** A linear score over standardised bins: the floor that the trees must beat. */
export interface Logistic {
  readonly bias: number;
  readonly weights: readonly number[];
  readonly means: readonly number[];
  readonly spreads: readonly number[];
  readonly edges: Table['edges'];
}

const ROUNDS = 160;
const RATE = 0.5;
const MOMENTUM = 0.9;

/** Fits a logistic regression by gradient descent over all rows. */
export function fitLogistic(table: Table): Logistic {
  const total = table.weights.reduce((sum, weight) => sum + weight, 0);
  const means = table.columns.map((column) => weightedMean(column, table.weights, total));
  const spreads = table.columns.map((column, at) => spreadOf(column, table.weights, total, means[at] ?? 0));
  const model = { bias: 0, weights: means.map(() => 0), means, spreads, edges: table.edges };
  const pace = [0, ...means.map(() => 0)];
  for (let round = 0; round < ROUNDS; round += 1) {
    const slope = slopeOf(table, model, total);
    for (const [at, one] of slope.entries()) pace[at] = MOMENTUM * (pace[at] ?? 0) - RATE * one;
    model.bias += pace[0] ?? 0;
    for (const at of model.weights.keys()) model.weights[at] = (model.weights[at] ?? 0) + (pace[at + 1] ?? 0);
  }
  return model;
}

/** Gives the log-odds of one row of features. */
export function scoreLogistic(model: Logistic, row: ArrayLike<number>): number {
  return model.weights.reduce(
    (sum, weight, at) =>
      sum +
      (weight * (binOf(model.edges[at] ?? [], row[at] ?? 0) - (model.means[at] ?? 0))) /
        (model.spreads[at] ?? 1),
    model.bias,
  );
}

function weightedMean(column: Uint8Array, weights: Uint8Array, total: number): number {
  return column.reduce((sum, bin, row) => sum + bin * (weights[row] ?? 0), 0) / total;
}

function spreadOf(column: Uint8Array, weights: Uint8Array, total: number, mean: number): number {
  const square = column.reduce((sum, bin, row) => sum + (bin - mean) ** 2 * (weights[row] ?? 0), 0);
  return Math.sqrt(square / total) || 1;
}

/** Slope of the loss by the bias and by each weight. */
function slopeOf(table: Table, model: Logistic, total: number): readonly number[] {
  const { columns, labels, weights } = table;
  const scores = new Float64Array(labels.length).fill(model.bias);
  for (const [at, column] of columns.entries()) {
    const [weight = 0, mean = 0, spread = 1] = [model.weights[at], model.means[at], model.spreads[at]];
    for (let row = 0; row < scores.length; row += 1)
      scores[row] = (scores[row] ?? 0) + (weight * ((column[row] ?? 0) - mean)) / spread;
  }
  const errors = scores.map(
    (score, row) => ((1 / (1 + Math.exp(-score)) - (labels[row] ?? 0)) * (weights[row] ?? 0)) / total,
  );
  const sums = columns.map((column, at) => {
    let sum = 0;
    for (let row = 0; row < errors.length; row += 1)
      sum += (errors[row] ?? 0) * ((column[row] ?? 0) - (model.means[at] ?? 0));
    return sum / (model.spreads[at] ?? 1);
  });
  return [errors.reduce((sum, error) => sum + error, 0), ...sums];
}
