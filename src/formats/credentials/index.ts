import { toReadOnly } from '../read-only.ts';
import type { Format } from '../types.ts';

const names =
  /(^|\/)([._](netrc|pgpass|authinfo|htpasswd)|\.git-credentials|pgpass\.conf|[\w-]*\.netrc|netrc|htpasswd)$/;

/** Files of nothing but credentials: `.netrc`, `.git-credentials`, `.pgpass`, `.htpasswd`. */
export const credentials: Format = {
  id: 'credentials',
  matches: (path) => names.test(path),
  async parse(text, path) {
    const { readCredentials } = await import('./read.ts');
    return toReadOnly(readCredentials(text, path), 'credentials', path, text);
  },
};
