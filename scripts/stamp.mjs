// Names what was built: a digest of all files in dist/ that have a say in what a scan finds.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'stamp';

export function writeStamp(dist) {
  const digest = createHash('sha256');
  for (const path of readdirSync(dist, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!/\.(?:js|cjs|json|wasm)$/.test(path)) continue;
    digest.update(`${path}\0`).update(readFileSync(join(dist, path)));
  }
  writeFileSync(join(dist, NAME), digest.digest('base64url'));
}
