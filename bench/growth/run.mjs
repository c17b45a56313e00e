// Measures how `scan` grows with a tree, and with one file: node bench/growth/run.mjs [MOST_MB]
// Development tool; ships nowhere. The text is drawn, always the same, and removed afterwards.
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { assertUsage, machine, program, timed, withScratch } from '../timing.mjs';

const MB = 1_000_000;
const FILE_BYTES = 20_000;
const most = Number(process.argv[2] ?? 1000);
assertUsage(most >= 10, 'node bench/growth/run.mjs [MOST_MB, from 10]');

const extensions = ['ts', 'py', 'go', 'yaml', 'md', 'json', 'sh', 'txt'];
const words =
  'async await client config const count create default error file handle index item kind length list map name next node number object order page path queue read request response result return row server session size source start state status store string table test text time title type update url user value version write'.split(
    ' ',
  );

/** Names of which a scan asks what stands behind them; code has a few of them in a thousand lines. */
const telling = ['api_token', 'passwordHash', 'SECRET_NAME', 'keyId'];

process.stdout.write(
  `${machine()}, one run each\n\n| what | MB | wall s | cpu s | ms a MB (cpu) | peak MB |\n|---|---|---|---|---|---|\n`,
);
await withScratch(async (scratch) => {
  const tree = join(scratch, 'tree');
  for (let size = 10, made = 0; size <= most; size *= size * 10 > most && size < most ? most / size : 10) {
    for (; made < (size * MB) / FILE_BYTES; made += 1) writeOne(tree, made);
    await measure('tree of files of 20 kB', size, tree, scratch);
  }
  rmSync(tree, { recursive: true });
  for (const size of new Set([100, 1000].map((size) => Math.min(size, most))))
    for (const [what, name, end] of [
      ['one file of short lines', 'app.log', '\n'],
      ['one file of one line', 'rows.json', ', '],
    ]) {
      const folder = join(scratch, 'one');
      mkdirSync(folder);
      writeLarge(join(folder, name), size, end);
      await measure(what, size, folder, scratch);
      rmSync(folder, { recursive: true });
    }
});

async function measure(what, size, folder, scratch) {
  const args = [program, 'scan', '--format', 'json', '--exit-zero', folder];
  const { wall, cpu, peak } = await timed(scratch, [process.execPath, args]);
  const cells = [
    what,
    size,
    wall.toFixed(1),
    cpu.toFixed(1),
    ((cpu * 1000) / size).toFixed(1),
    peak.toFixed(0),
  ];
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}

function writeOne(tree, n) {
  const folder = join(tree, String(n % 97), String(n % 89));
  if (n < 97 * 89) mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `file${n}.${extensions[n % extensions.length]}`), draw(n + 1, FILE_BYTES, '\n'));
}

function writeLarge(path, size, end) {
  const file = openSync(path, 'w');
  for (let n = 0; n < size; n += 1) writeSync(file, draw(n + 1, MB, end));
  closeSync(file);
}

/** Draws text like that of code and logs: names, signs, numbers, now and then a digest or a telling name. */
function draw(seed, bytes, end) {
  let state = seed;
  const next = (n) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % n;
  };
  const parts = [];
  for (let length = 0; length < bytes;) {
    const name = `${words[next(words.length)]}${['_', '.', ' ', ' '][next(4)]}${words[next(words.length)]}`;
    const word = next(200) === 0 ? telling[next(telling.length)] : name;
    const value = next(40) === 0 ? `${next(2 ** 24).toString(16)}`.repeat(6) : String(next(100_000));
    const line = `${word}${[' = ', ': ', '(', ' '][next(4)]}${value}${end}`;
    parts.push(line);
    length += line.length;
  }
  return parts.join('').slice(0, bytes);
}
