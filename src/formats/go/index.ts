import type { Format } from '../types.ts';

/** Go. */
export const go: Format = {
  id: 'go',
  matches: (path) => path.endsWith('.go'),
  async parse(text, path) {
    const { parseGo } = await import('./document.ts');
    return parseGo(text, path);
  },
};
