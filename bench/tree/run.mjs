// Measures `scan` of work trees, of what is staged, and of growing trees, beside other programs:
//   node bench/tree/run.mjs tree REPOSITORY...      whole work trees
//   node bench/tree/run.mjs hook REPOSITORY...      three staged files
//   node bench/tree/run.mjs growth REPOSITORY       one tree, and 4, 16, 64 times of it
// Development tool; ships nowhere. Figures are medians of runs in turn; memory is the peak of a whole process.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RUNS = Number(process.env.RUNS ?? 5);
const program = fileURLToPath(new URL('../../bin/agent-id.cjs', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'bench-tree-'));
const environment = { ...process.env };
// Some machines add certificates to each start of Node; that is no part of a scan.
delete environment.NODE_EXTRA_CA_CERTS;

/** What each program does, where it is installed: whole trees, and what is staged. */
const programs = {
  tree: [
    ['rg -j1, one literal', 'rg', ['-j1', '-c', '--hidden', 'okta_api_token', '.']],
    ['rg -j2, one literal', 'rg', ['-j2', '-c', '--hidden', 'okta_api_token', '.']],
    ['git grep, one literal', 'git', ['grep', '-cF', 'okta_api_token']],
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
if (!['tree', 'hook', 'growth'].includes(what) || folders.length === 0 || !existsSync('/usr/bin/time')) {
  process.stderr.write(
    'usage: node bench/tree/run.mjs tree|hook|growth REPOSITORY...   (needs /usr/bin/time, GNU)\n',
  );
  process.exit(2);
}
process.stdout.write(
  `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, load ${loadavg()[0].toFixed(1)}, medians of ${RUNS}\n\n`,
);
try {
  for (const folder of folders) measure(what, folder);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function measure(kind, folder) {
  if (kind === 'growth') return growth(folder);
  const there = kind === 'hook' ? withStaged(folder) : folder;
  const installed = programs[kind].filter(
    ([, command]) => spawnSync(command, ['--version']).error === undefined,
  );
  const rows = new Map(installed.map(([name]) => [name, []]));
  for (let n = 0; n <= RUNS; n += 1)
    for (const [name, command, args] of installed) {
      const one = time(command, args, there);
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

/** Times as many copies of a tree, by hard links: bytes grow, the cache of files does not. */
function growth(folder) {
  process.stdout.write(
    `growth of ${folder}\n| copies | MB | wall s | cpu s | peak MB | MB a cpu second |\n|---|---|---|---|---|---|\n`,
  );
  const paths = spawnSync('git', ['ls-files', '-z'], {
    cwd: folder,
    maxBuffer: 2 ** 30,
    encoding: 'utf8',
  }).stdout.split('\0');
  const files = paths.filter(
    (path) => statSync(join(folder, path), { throwIfNoEntry: false })?.isFile() === true,
  );
  const bytes = files.reduce((sum, path) => sum + statSync(join(folder, path)).size, 0) / 1e6;
  cpSync(folder, join(scratch, 'copy'), { recursive: true, filter: (path) => !path.endsWith('/.git') });
  let copies = 0;
  for (const many of [1, 4, 16, 64]) {
    for (; copies < many; copies += 1)
      copy(files, join(scratch, 'copy'), join(scratch, 'tree', String(copies)));
    const args = [program, 'scan', '--format', 'json', '--exit-zero', '.'];
    const { wall, cpu, peak } = time(process.execPath, args, join(scratch, 'tree'));
    const cells = [
      many,
      (bytes * many).toFixed(0),
      wall.toFixed(1),
      cpu.toFixed(1),
      peak.toFixed(0),
      ((bytes * many) / cpu).toFixed(0),
    ];
    process.stdout.write(`| ${cells.join(' | ')} |\n`);
  }
}

function copy(files, from, to) {
  for (const path of files) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    linkSync(join(from, path), join(to, path));
  }
}

/** Clones a repository and stages three small files. */
function withStaged(folder) {
  const clone = join(scratch, 'clone');
  rmSync(clone, { recursive: true, force: true });
  spawnSync('git', ['clone', '-q', '--shared', folder, clone]);
  for (const name of ['one.ts', 'two.py', 'three.yaml'])
    writeFileSync(join(clone, name), `${name}: 1\n`.repeat(80));
  spawnSync('git', ['add', '.'], { cwd: clone });
  return clone;
}

function time(command, args, cwd) {
  const report = join(scratch, 'time');
  const start = performance.now();
  spawnSync('/usr/bin/time', ['-q', '-o', report, '-f', '%U %S %M', command, ...args], {
    cwd,
    stdio: 'ignore',
    env: environment,
  });
  const wall = (performance.now() - start) / 1000;
  const [user, system, kilobytes] = readFileSync(report, 'utf8').trim().split(' ').map(Number);
  return { wall, cpu: user + system, peak: kilobytes / 1000 };
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
