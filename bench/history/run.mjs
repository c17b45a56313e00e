// Measures `scan --history` beside git and other scanners: node bench/history/run.mjs REPOSITORY...
// Development tool; ships nowhere. Wall and processor time are of whole processes, memory is the peak of the largest.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/agent-id.cjs', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'bench-history-'));
const time = '/usr/bin/time';
const environment = { ...process.env };
// Some machines add certificates to each start of Node; that is no part of a scan.
delete environment.NODE_EXTRA_CA_CERTS;

/** Other scanners, where they are installed. */
const peers = [
  ['betterleaks', (repo) => ['git', '--no-banner', repo]],
  ['gitleaks', (repo) => ['git', '--no-banner', repo]],
  ['kingfisher', (repo) => ['scan', repo, '--git-history', 'full', '--no-validate', '--no-update-check']],
];

if (process.argv.length < 3 || !existsSync(time)) {
  process.stderr.write('usage: node bench/history/run.mjs REPOSITORY...   (needs /usr/bin/time, GNU)\n');
  process.exit(2);
}
process.stdout.write(`${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}\n\n`);
for (const repo of process.argv.slice(2)) await measure(repo);
rmSync(scratch, { recursive: true });

async function measure(repo) {
  const halves = listBlobs(repo);
  process.stdout.write(
    `${repo}: ${halves.count} blobs\n| program | wall s | cpu s | peak MB | wall beside git on two processes |\n|---|---|---|---|---|\n`,
  );
  const base = await together(halves.files.map((file) => ['git', ['-C', repo, 'cat-file', '--batch'], file]));
  const one = await together([['git', ['-C', repo, 'cat-file', '--batch'], halves.all]]);
  print('git cat-file, two processes', base, base);
  print('git cat-file, one process', one, base);
  for (const threads of ['1', '2']) {
    const scan = [
      program,
      'scan',
      '--history',
      '--threads',
      threads,
      '--format',
      'json',
      '--exit-zero',
      repo,
    ];
    print(`agent-id, threads: ${threads}`, await together([[process.execPath, scan]]), base);
  }
  for (const [name, toArguments] of peers)
    if (spawnSync(name, ['--version']).error === undefined)
      print(name, await together([[name, toArguments(repo)]]), base);
  process.stdout.write('\n');
}

/** Writes the names of all blobs, once whole and once in halves of neighbours. */
function listBlobs(repo) {
  const format = '--batch-check=%(objectname) %(objecttype)';
  const { stdout } = spawnSync(
    'git',
    ['-C', repo, 'cat-file', '--batch-all-objects', '--unordered', format],
    {
      maxBuffer: 2 ** 31,
      encoding: 'latin1',
    },
  );
  const names = stdout.split('\n').flatMap((line) => (line.endsWith(' blob') ? [line.split(' ')[0]] : []));
  const middle = Math.ceil(names.length / 2);
  const write = (name, list) => {
    writeFileSync(join(scratch, name), `${list.join('\n')}\n`);
    return join(scratch, name);
  };
  return {
    count: names.length,
    all: write('all', names),
    files: [write('first', names.slice(0, middle)), write('second', names.slice(middle))],
  };
}

/** Runs programs side by side; the sum of what they took, and how long until the last one had ended. */
async function together(commands) {
  const start = performance.now();
  const runs = await Promise.all(commands.map((command, n) => run(command, join(scratch, `time-${n}`))));
  const wall = (performance.now() - start) / 1000;
  return {
    wall,
    cpu: runs.reduce((sum, { cpu }) => sum + cpu, 0),
    peak: Math.max(...runs.map(({ peak }) => peak)),
  };
}

function run([command, options, input], report) {
  return new Promise((resolve) => {
    const from = input === undefined ? 'ignore' : openSync(input, 'r');
    const child = spawn(time, ['-q', '-o', report, '-f', '%U %S %M', command, ...options], {
      stdio: [from, 'ignore', 'ignore'],
      env: environment,
    });
    child.on('close', () => {
      const [user, system, kilobytes] = readFileSync(report, 'utf8').trim().split(' ').map(Number);
      resolve({ cpu: user + system, peak: kilobytes / 1000 });
    });
  });
}

function print(name, { wall, cpu, peak }, base) {
  const cells = [wall.toFixed(1), cpu.toFixed(1), peak.toFixed(0), (wall / base.wall).toFixed(2)];
  process.stdout.write(`| ${name} | ${cells.join(' | ')} |\n`);
}
