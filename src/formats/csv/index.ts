import { toReadOnly } from '../read-only.ts';
import type { Format } from '../types.ts';

const names = /\.(csv|tsv|psv)$/i;

/** Tables of separated values: each value is named by its column, or by the key in its row. */
export const csv: Format = {
  id: 'csv',
  matches: (path) => names.test(path),
  async parse(text, path) {
    const { readCsv } = await import('./read.ts');
    return toReadOnly(readCsv(text), 'csv', path, text);
  },
};
