import type { Format } from '../types.ts';

/** JavaScript and TypeScript. */
export const javascript: Format = {
  id: 'javascript',
  matches: (path, head) => /\.[cm]?[jt]sx?$/.test(path) || /^\uFEFF?#!.*\b(node|deno|bun)\b/.test(head),
  async parse(text, path) {
    const { parseJavascript } = await import('./document.ts');
    return parseJavascript(text, path);
  },
};
