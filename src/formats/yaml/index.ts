import type { Format } from '../types.ts';

/** YAML: workflows, compose, Kubernetes, and what else is written in it. */
export const yaml: Format = {
  id: 'yaml',
  matches: (path) => /\.ya?ml$/.test(path),
  async parse(text, path) {
    const { parseYaml } = await import('./document.ts');
    return parseYaml(text, path);
  },
};
