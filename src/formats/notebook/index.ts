import { toReadOnly } from '../read-only.ts';
import type { Format } from '../types.ts';

const names = /\.ipynb$/;

/** Jupyter notebooks: the code of cells, and what they printed. */
export const notebook: Format = {
  id: 'notebook',
  matches: (path) => names.test(path),
  async parse(text, path) {
    const { readNotebook } = await import('./read.ts');
    return toReadOnly(await readNotebook(text, path), 'notebook', path, text);
  },
};
