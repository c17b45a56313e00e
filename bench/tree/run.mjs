// Measures `scan` of work trees and of what is staged, beside other programs:
//   node bench/tree/run.mjs tree REPOSITORY...      whole work trees
//   node bench/tree/run.mjs hook REPOSITORY...      three staged files
// Development tool; ships nowhere. Figures are medians of runs in turn; memory is the peak of a whole process.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertUsage, machine, program, timed, withScratch } from '../timing.mjs';

const RUNS = Number(process.env.RUNS ?? 5);

/** What each program does, where it is installed: whole trees, and what is staged. */
const programs = {
  tree: [
    ['rg -j1, one literal', 'rg', ['-j1', '-c', '--hidden', 'okta_api_token', '.']],
    ['rg -j2, one literal', 'rg', ['-j2', '-c', '--hidden', 'okta_api_token', '.']],
    ['git grep, one literal', 'git', ['grep', '-cF', 'okta_api_token']],
    // The first scan of a tree, and one after it: files in which nothing was found and that have not changed stay unread.
    [
      'agent-id --no-cache',
      process.execPath,
      [program, 'scan', '--no-cache', '--format', 'json', '--exit-zero', '.'],
    ],
    ['agent-id', process.execPath, [program, 'scan', '--format', 'json', '--exit-zero', '.']],
    ['betterleaks', 'betterleaks', ['fs', '--no-banner', '--exit-code', '0', '.']],
    [
      'kingfisher',
      'kingfisher',
      ['scan', '.', '--git-history', 'none', '--no-validate', '--no-update-check'],
    ],
    ['gitleaks', 'gitleaks', ['dir', '--no-banner', '--exit-code', '0', '.']],
    ['trufflehog', 'trufflehog', ['filesystem', '--no-verification', '--no-update', '.']],
    ['secretlint', 'secretlint', ['**/*']],
  ],
  hook: [
    ['node -e 0', process.execPath, ['-e', '0']],
    ['git diff --cached', 'git', ['diff', '--cached', '-U0']],
    ['agent-id', process.execPath, [program, 'scan', '--staged']],
    ['betterleaks', 'betterleaks', ['git', '--staged', '--no-banner', '.']],
    ['kingfisher', 'kingfisher', ['scan', '.', '--staged', '--no-validate', '--no-update-check']],
    ['gitleaks', 'gitleaks', ['git', '--pre-commit', '--staged', '--no-banner', '.']],
  ],
};

const [what, ...folders] = process.argv.slice(2);
assertUsage(
  Object.hasOwn(programs, what ?? '') && folders.length > 0,
  'node bench/tree/run.mjs tree|hook REPOSITORY...',
);
process.stdout.write(`${machine()}, medians of ${RUNS}\n\n`);
await withScratch(async (scratch) => {
  for (const folder of folders) await measure(what, folder, scratch);
});

async function measure(kind, folder, scratch) {
  const cwd = kind === 'hook' ? withStaged(folder, scratch) : folder;
  const installed = programs[kind].filter(
    ([, command]) => spawnSync(command, ['--version']).error === undefined,
  );
  const rows = new Map(installed.map(([name]) => [name, []]));
  for (let n = 0; n <= RUNS; n += 1)
    for (const [name, command, args] of installed) {
      const one = await timed(scratch, [command, args, { cwd }]);
      // The first run warms the cache of files.
      if (n > 0) rows.get(name).push(one);
    }
  process.stdout.write(
    `${kind} of ${folder}\n| program | wall s | cpu s | peak MB | beside agent-id |\n|---|---|---|---|---|\n`,
  );
  const own = median(rows.get('agent-id')).wall;
  for (const [name, runs] of rows) print(name, median(runs), own);
  process.stdout.write('\n');
}

/** Clones a repository and stages three small files. */
function withStaged(folder, scratch) {
  const clone = join(scratch, 'clone');
  rmSync(clone, { recursive: true, force: true });
  spawnSync('git', ['clone', '-q', '--shared', folder, clone]);
  for (const name of ['one.ts', 'two.py', 'three.yaml'])
    writeFileSync(join(clone, name), `${name}: 1\n`.repeat(80));
  spawnSync('git', ['add', '.'], { cwd: clone });
  return clone;
}

function median(runs) {
  const middle = (name) =>
    runs.map((run) => run[name]).toSorted((a, b) => a - b)[Math.floor(runs.length / 2)];
  return { wall: middle('wall'), cpu: middle('cpu'), peak: middle('peak') };
}

function print(name, { wall, cpu, peak }, own) {
  process.stdout.write(
    `| ${name} | ${wall.toFixed(3)} | ${cpu.toFixed(3)} | ${peak.toFixed(0)} | ${(wall / own).toFixed(2)} |\n`,
  );
}
