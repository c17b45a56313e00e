import { toReadOnly } from '../read-only.ts';
import type { Format } from '../types.ts';

const names =
  /\.(ini|cfg|conf|cnf|properties|prefs|service|timer|reg|desktop|inf)$|(^|\/)(\.(npmrc|yarnrc|pypirc|s3cfg|boto|gitconfig|hgrc|my\.cnf|wgetrc|passwd-s3fs|vault-token)|\.aws\/(credentials|config)|\.git\/config|pip\.conf|rclone\.conf)$/;

/** INI files and Java properties: `.npmrc`, `.pypirc`, `.s3cfg`, `.gitconfig`, AWS credentials, systemd units. */
export const ini: Format = {
  id: 'ini',
  matches: (path) => names.test(path),
  async parse(text, path) {
    const { readIni } = await import('./read.ts');
    return toReadOnly(readIni(text), 'ini', path, text);
  },
};
