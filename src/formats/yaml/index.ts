import type { Format } from '../types.ts';

const names = /\.(ya?ml|kubeconfig)$|(^|\/)(\.kube\/config|kubeconfig|\.condarc|\.clasprc)$/;

/** YAML: workflows, compose, Kubernetes, and what else is written in it. */
export const yaml: Format = {
  id: 'yaml',
  matches: (path) => names.test(path),
  async parse(text, path) {
    const { parseYaml } = await import('./document.ts');
    return parseYaml(text, path);
  },
  async excerpt(text, places) {
    const { excerptYaml } = await import('./excerpt.ts');
    return excerptYaml(text, places);
  },
};
