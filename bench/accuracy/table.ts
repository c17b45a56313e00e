import { gunzipSync, gzipSync } from 'node:zlib';

/** Rows of features in bins, column by column, with label and weight: what is trained from, and all of it that is kept. */
export interface Table {
  readonly features: readonly string[];
  /** Upper edges of each feature's bins: a value belongs to the first edge that is not below it. */
  readonly edges: readonly (readonly number[])[];
  readonly columns: readonly Uint8Array[];
  readonly labels: Uint8Array;
  /** In sixteenths. */
  readonly weights: Uint8Array;
  /** Where each row is from: an index into `origins`. */
  readonly from: Uint8Array;
}

/** Sources of rows: ordinary code, the generator, and the cases of two scanners. */
export const origins = ['code', 'generator', 'betterleaks', 'gitleaks'] as const;

export type Origin = (typeof origins)[number];

export interface Row {
  readonly values: readonly number[];
  readonly secret: boolean;
  readonly weight: number;
  readonly from: Origin;
}

const MOST_BINS = 48;

/** Sorts rows into bins of about equal size, with edges to four digits. */
export function toTable(features: readonly string[], rows: readonly Row[]): Table {
  const edges = features.map((_, at) => edgesOf(rows.map(({ values }) => values[at] ?? 0)));
  return {
    features,
    edges,
    columns: features.map((_, at) =>
      Uint8Array.from(rows, ({ values }) => binOf(edges[at] ?? [], values[at] ?? 0)),
    ),
    labels: Uint8Array.from(rows, ({ secret }) => Number(secret)),
    weights: Uint8Array.from(rows, ({ weight }) => Math.max(1, Math.min(255, Math.round(weight * 16)))),
    from: Uint8Array.from(rows, ({ from }) => origins.indexOf(from)),
  };
}

function edgesOf(values: readonly number[]): readonly number[] {
  const sorted = values.toSorted((a, b) => a - b);
  const edges = new Set<number>();
  for (let bin = 1; bin < MOST_BINS; bin += 1)
    edges.add(round(sorted[Math.floor((bin * sorted.length) / MOST_BINS)] ?? 0));
  const distinct = [...new Set(sorted.map(round))];
  if (distinct.length <= MOST_BINS) return distinct.slice(0, -1);
  return [...edges].sort((a, b) => a - b);
}

function round(value: number): number {
  return Number(value.toFixed(4));
}

export function binOf(edges: readonly number[], value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((edges[middle] ?? Infinity) < value - 1e-9) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Writes a table: a line of JSON, then the columns; compressed. */
export function packTable({ features, edges, columns, labels, weights, from }: Table): Buffer {
  const head = Buffer.from(`${JSON.stringify({ features, edges, rows: labels.length })}\n`);
  return gzipSync(Buffer.concat([head, ...columns, labels, weights, from]), { level: 9 });
}

/** Reads what `packTable` wrote. */
export function unpackTable(packed: Uint8Array): Table {
  const bytes = gunzipSync(packed);
  const end = bytes.indexOf(10);
  const head = JSON.parse(bytes.toString('utf8', 0, end)) as Pick<Table, 'features' | 'edges'> & {
    readonly rows: number;
  };
  const column = (at: number): Uint8Array =>
    bytes.subarray(end + 1 + at * head.rows, end + 1 + (at + 1) * head.rows);
  return {
    features: head.features,
    edges: head.edges,
    columns: head.features.map((_, at) => column(at)),
    labels: column(head.features.length),
    weights: column(head.features.length + 1),
    from: column(head.features.length + 2),
  };
}

/** Gives the rows that a test of their number keeps. */
export function keepRows(table: Table, keeps: (row: number) => boolean): Table {
  const kept = [...table.labels.keys()].filter(keeps);
  const only = (column: Uint8Array): Uint8Array => Uint8Array.from(kept, (row) => column[row] ?? 0);
  return {
    ...table,
    columns: table.columns.map(only),
    labels: only(table.labels),
    weights: only(table.weights),
    from: only(table.from),
  };
}
