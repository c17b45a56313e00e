/** Trains `src/detect/model/trees.json` from `rows.bin.gz`: the same rows give the same bytes. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TreeModel } from '../../src/detect/model/trees.ts';
import { boost } from './boost.ts';
import { boostOptions as options } from './options.ts';
import { unpackTable } from './table.ts';

/** Log-odds from which a candidate is reported: chosen on ordinary code (`measure`), never on labelled cases. */
const thresholds = { report: 1.5, low: -0.5, slot: -1 };

const [
  rows = join(process.cwd(), 'bench/accuracy/rows.bin.gz'),
  out = join(process.cwd(), 'src/detect/model/trees.json'),
] = process.argv.slice(2);
const packed = readFileSync(rows);
const table = unpackTable(packed);
const { bias, trees } = boost(table, options);
const model: TreeModel = {
  trainedFrom: createHash('sha256').update(packed).update(JSON.stringify(options)).digest('hex').slice(0, 32),
  thresholds,
  features: table.features,
  bias: Number(bias.toFixed(4)),
  trees,
};
const lines = trees.map((tree) => `    ${JSON.stringify(tree)}`).join(',\n');
writeFileSync(
  out,
  `${JSON.stringify({ ...model, trees: [] }, null, 2).replace('"trees": []', () => `"trees": [\n${lines}\n  ]`)}\n`,
);
