import { toReadOnly } from '../read-only.ts';
import type { Format } from '../types.ts';

const names = /\.toml$|(^|\/)(Pipfile|\.cargo\/credentials)$/;

/** TOML: Codex, Python and Rust projects, Cloudflare workers. */
export const toml: Format = {
  id: 'toml',
  matches: (path) => names.test(path),
  async parse(text, path) {
    const { readToml } = await import('./read.ts');
    return toReadOnly(readToml(text, path), 'toml', path, text);
  },
};
