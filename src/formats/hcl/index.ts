import { toReadOnly } from '../read-only.ts';
import type { Format } from '../types.ts';

const names = /\.(tf|tfvars|hcl|nomad|pkr\.hcl|tofu)$/;

/** Terraform, Packer, Nomad and Vault files. */
export const hcl: Format = {
  id: 'hcl',
  matches: (path) => names.test(path),
  async parse(text, path) {
    const { readHcl } = await import('./read.ts');
    return toReadOnly(readHcl(text), 'hcl', path, text);
  },
};
