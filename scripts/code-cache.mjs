// Writes down what V8 made of the hook's files, so that a commit does not wait for its compilation. Read only by the
// same V8 (it refuses others), and no harm where it is missing.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const { load } = createRequire(import.meta.url)('../bin/load.cjs');

// Only functions that have run are compiled: it looks at a file.
const folder = mkdtempSync(join(tmpdir(), 'agent-id-build-'));
copyFileSync(join(root, 'src/fast.ts'), join(folder, 'fast.ts'));
const isRepository = [
  'init --quiet',
  '-c user.name=build -c user.email=build@localhost commit --quiet --allow-empty --message=none',
  'add fast.ts',
].every((args) => spawnSync('git', args.split(' '), { cwd: folder }).status === 0);
const [list, look] = [load(join(dist, 'staged.cjs')), load(join(dist, 'fast.cjs'))];
if (isRepository) await look.exports.scanStaged(folder, dist, list.exports.stagedSince(folder, 'HEAD'));
writeFileSync(join(dist, 'staged.cjs.cache'), list.script.createCachedData());
writeFileSync(join(dist, 'fast.cjs.cache'), look.script.createCachedData());
rmSync(folder, { recursive: true });
