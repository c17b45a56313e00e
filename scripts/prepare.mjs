// What `npm start` and `npm test` share: install where needed, build where needed. Without imports of packages.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Installs the locked packages unless that very lock file was installed before. */
export function install() {
  const wanted = digest([join(root, 'package-lock.json')]);
  const mark = join(root, 'node_modules', '.agent-id-installed');
  if (read(mark) === wanted) return;
  step('installing packages (npm ci), once');
  run('npm', ['ci', '--engine-strict', '--loglevel=error']);
  writeFileSync(mark, wanted);
}

/** Builds dist/ unless the sources are those of the last build. */
export function build() {
  const wanted = digest([
    ...files('src'),
    ...files('rules'),
    ...files('scripts'),
    ...files('bin'),
    join(root, 'package.json'),
    join(root, 'package-lock.json'),
  ]);
  const mark = join(root, 'dist', '.sources');
  if (read(mark) === wanted) return;
  step('building (rolldown), a few seconds');
  run('node', ['scripts/build.mjs']);
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(mark, wanted);
}

/** Says on stderr what is being done: stdout belongs to the program. */
export function step(text) {
  process.stderr.write(`agent-id: ${text}\n`);
}

/** Runs a command in the project's folder, its output on stderr; ends this process where it fails. */
export function run(command, args, options = {}) {
  const shell = process.platform === 'win32' && command === 'npm';
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell,
    ...options,
  });
  if (error !== undefined) step(`cannot run ${command}: ${error.message}`);
  if (status !== 0) {
    step(`failed: ${command} ${args.join(' ')}`);
    process.exit(status ?? 1);
  }
}

function files(folder) {
  const at = join(root, folder);
  if (!existsSync(at)) return [];
  return readdirSync(at, { recursive: true })
    .map((name) => join(at, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

function digest(paths) {
  const hash = createHash('sha256');
  for (const path of paths)
    if (existsSync(path)) hash.update(path.slice(root.length)).update(readFileSync(path));
  return hash.digest('hex');
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
