import { toReadOnly } from '../read-only.ts';
import type { Format } from '../types.ts';

/** Names of files in which nothing but the place says what a value is. */
export const credentialNames =
  /(^|\/)([._](netrc|pgpass|authinfo|htpasswd)|\.git-credentials|\.config\/git\/credentials|pgpass\.conf|[\w-]*\.netrc|netrc|htpasswd)$/;

/** Files of nothing but credentials: `.netrc`, `.git-credentials`, `.pgpass`, `.htpasswd`. */
export const credentials: Format = {
  id: 'credentials',
  matches: (path) => credentialNames.test(path),
  async parse(text, path) {
    const { readCredentials } = await import('./read.ts');
    return toReadOnly(readCredentials(text, path), 'credentials', path, text);
  },
};
