import type { Format } from '../types.ts';

const shebang = /^\uFEFF?#!.*[/ ]python[\d.]*\b/;

/** Python 3 code. */
export const python: Format = {
  id: 'python',
  matches: (path, head) => /\.pyw?$/.test(path) || shebang.test(head),
  async parse(text, path) {
    const { parsePython } = await import('./document.ts');
    return parsePython(text, path);
  },
};
