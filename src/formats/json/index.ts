import type { Format } from '../types.ts';

const names =
  /\.(json|jsonc|json5|code-workspace|webmanifest|tfstate|tfstate\.backup|postman_collection)$|(^|\/)\.(babelrc|eslintrc|prettierrc|mcprc|dockerconfigjson|dockercfg)$/;

/** JSON, with or without comments: MCP clients, manifests, editors. */
export const json: Format = {
  id: 'json',
  matches: (path) => names.test(path),
  async parse(text, path) {
    const { parseJson } = await import('./document.ts');
    return parseJson(text, path);
  },
};
