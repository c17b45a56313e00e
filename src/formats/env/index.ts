import type { Format } from '../types.ts';

const names = /(^|\/)(\.env(\.[\w.-]+)?|[\w.-]*\.env|\.flaskenv|env\.(example|sample|template))$/;

/** `.env` files and their kin. */
export const env: Format = {
  id: 'env',
  matches: (path) => names.test(path),
  async parse(text, path) {
    const { parseEnv } = await import('./document.ts');
    return parseEnv(text, path);
  },
};
