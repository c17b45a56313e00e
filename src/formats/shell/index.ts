import type { Format } from '../types.ts';

const shebang = /^\uFEFF?#!.*[/ ](ba|z|da|k)?sh\b/;
const names =
  /(^|\/)(\.envrc|\.bashrc|\.bash_profile|\.profile|\.zshrc|\.zshenv|\.zprofile)$|\.(sh|bash|zsh|ksh)$/;

/** Shell scripts: Bourne shell, bash, and what is near enough. */
export const shell: Format = {
  id: 'shell',
  matches: (path, head) => names.test(path) || shebang.test(head),
  async parse(text, path) {
    const { parseShell } = await import('./document.ts');
    return parseShell(text, path);
  },
};
