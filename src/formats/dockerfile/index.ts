import type { Format } from '../types.ts';

/** Dockerfiles and Containerfiles. */
export const dockerfile: Format = {
  id: 'dockerfile',
  matches: (path) => /(^|\/)(Docker|Container)file([.-][\w.-]+)?$|\.(dockerfile|containerfile)$/i.test(path),
  async parse(text, path) {
    const { parseDockerfile } = await import('./document.ts');
    return parseDockerfile(text, path);
  },
};
