// Counts how often four characters in a row stand in a megabyte of ordinary files: node scripts/grams.mjs FOLDER...
// Writes src/detect/patterns/grams.json, from which the build chooses what a rule is looked for by.
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Bytes of each folder, so that none outweighs the others. */
const SHARE = 25_000_000;
const MOST_BYTES = 300_000;
/** Least rates of the classes that are kept, in a megabyte. */
const classes = [1000, 300, 100, 30, 10];

const counts = new Map();
let bytes = 0;
for (const folder of process.argv.slice(2)) bytes += countFolder(folder);

const found = classes.map(() => []);
for (const [gram, count] of counts) {
  const at = classes.findIndex((least) => (count * 1e6) / bytes >= least);
  if (at !== -1) found[at].push(gram);
}
const rates = Object.fromEntries(
  classes.map((rate, at) => [rate, found[at].toSorted((a, b) => (a < b ? -1 : 1)).join('')]),
);
const target = fileURLToPath(new URL('../src/detect/patterns/grams.json', import.meta.url));
writeFileSync(target, `${JSON.stringify(rates, null, 2)}\n`);

function countFolder(folder) {
  const paths = execFileSync('git', ['ls-files', '-z'], { cwd: folder, maxBuffer: 1e9 })
    .toString()
    .split('\0');
  let read = 0;
  for (const path of paths) {
    const text = textOf(join(folder, path));
    if (text !== undefined && read < SHARE) read += countText(text);
  }
  return read;
}

function textOf(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() !== true || stat.size > MOST_BYTES) return undefined;
  const text = readFileSync(path, 'latin1');
  return text.includes('\0') ? undefined : text.toLowerCase();
}

function countText(text) {
  for (let at = 0; at + 4 <= text.length; at += 1) {
    const gram = text.slice(at, at + 4);
    if (/^[ -~]{4}$/.test(gram)) counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return text.length;
}
