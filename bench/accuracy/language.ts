/** Makes `src/detect/model/language.json` from folders of code: its commonest words, and how letters follow one another in them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EDGE, FIRST_CODE, LEAST, LETTERS, STEP, wordsOf } from '../../src/detect/model/language.ts';
import { isTestOrDocs, readCode } from './code.ts';

const MOST_WORDS = 7000;
const STEPS = 86;

const counts = new Map<string, number>();
for (const root of process.argv.slice(2)) {
  for (const { path, text } of readCode(root)) {
    if (isTestOrDocs(path) && !/\.(?:md|rst|adoc)$/.test(path)) continue;
    const inFile = new Set(wordsOf(text).filter((word) => word.length >= 3 && word.length <= 14));
    for (const word of inFile) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
}
const common = [...counts]
  .filter(([word, count]) => count >= 3 && /[aeiouy]/.test(word))
  .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
const words = common
  .slice(0, MOST_WORDS)
  .map(([word]) => word)
  .sort();
const data = { words: words.join(' '), trigrams: trigramsOf(common.slice(0, 3 * MOST_WORDS)) };
writeFileSync(join(process.cwd(), 'src/detect/model/language.json'), `${JSON.stringify(data, null, 1)}\n`);

/** Add-a-half smoothed log-likelihoods of the third letter after two, in steps. */
function trigramsOf(weighted: readonly (readonly [string, number])[]): string {
  const table = new Float64Array(LETTERS ** 3).fill(0.5);
  for (const [word, count] of weighted) {
    let [a, b] = [EDGE, EDGE];
    for (const letter of word) {
      const c = letter.charCodeAt(0) - 97;
      const at = (a * LETTERS + b) * LETTERS + c;
      table[at] = (table[at] ?? 0) + Math.sqrt(count);
      [a, b] = [b, c];
    }
  }
  let text = '';
  for (let pair = 0; pair < LETTERS ** 2; pair += 1) {
    const row = table.subarray(pair * LETTERS, (pair + 1) * LETTERS);
    const sum = row.reduce((total, value) => total + value, 0);
    for (const value of row) {
      const step = Math.round((Math.max(LEAST, Math.log(value / sum)) - LEAST) / STEP);
      text += String.fromCharCode(FIRST_CODE + Math.min(STEPS, step));
    }
  }
  return text;
}
