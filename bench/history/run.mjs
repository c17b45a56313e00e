// Measures `scan --history` beside git and other scanners: node bench/history/run.mjs REPOSITORY...
// Development tool; ships nowhere. Wall and processor time are of whole processes, memory is the peak of the largest.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertUsage, machine, program, timed, withScratch } from '../timing.mjs';

/** Other scanners, where they are installed. */
const peers = [
  ['betterleaks', (repo) => ['git', '--no-banner', repo]],
  ['gitleaks', (repo) => ['git', '--no-banner', repo]],
  ['kingfisher', (repo) => ['scan', repo, '--git-history', 'full', '--no-validate', '--no-update-check']],
];

assertUsage(process.argv.length > 2, 'node bench/history/run.mjs REPOSITORY...');
process.stdout.write(`${machine()}\n\n`);
await withScratch(async (scratch) => {
  for (const repo of process.argv.slice(2)) await measure(repo, scratch);
});

async function measure(repo, scratch) {
  const halves = listBlobs(repo, scratch);
  const together = (commands) => runTogether(scratch, commands);
  process.stdout.write(
    `${repo}: ${halves.count} blobs\n| program | wall s | cpu s | peak MB | wall beside git on two processes |\n|---|---|---|---|---|\n`,
  );
  const base = await together(
    halves.files.map((input) => ['git', ['-C', repo, 'cat-file', '--batch'], { input }]),
  );
  const one = await together([['git', ['-C', repo, 'cat-file', '--batch'], { input: halves.all }]]);
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
function listBlobs(repo, scratch) {
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
async function runTogether(scratch, commands) {
  const runs = await Promise.all(commands.map((command) => timed(scratch, command)));
  return {
    wall: Math.max(...runs.map(({ wall }) => wall)),
    cpu: runs.reduce((sum, { cpu }) => sum + cpu, 0),
    peak: Math.max(...runs.map(({ peak }) => peak)),
  };
}

function print(name, { wall, cpu, peak }, base) {
  const cells = [wall.toFixed(1), cpu.toFixed(1), peak.toFixed(0), (wall / base.wall).toFixed(2)];
  process.stdout.write(`| ${name} | ${cells.join(' | ')} |\n`);
}
