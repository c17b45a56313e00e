import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { matchFile, toRuleSet } from '../../src/detect/index.ts';
import { parseFile } from '../../src/formats/index.ts';
import { readRules } from '../../src/lib/rules.ts';
import { decodeText } from '../../src/lib/text.ts';
import { createSieve } from '../../src/survey/sieve.ts';
import { fillIn } from '../detect/samples.ts';

const rules = await readRules();
const set = toRuleSet(rules);
const sieve = createSieve(set);
const mayHold = (bytes: Buffer): boolean => sieve(bytes) !== undefined;
const paths = ['notes.txt', 'values.yaml', 'src/main.ts', 'app.py', 'main.go', 'run.sh', '.env', 'data.json'];

/** Says what the whole program finds in a text, as each kind of file. */
async function findsAnything(text: string, asPaths: readonly string[]): Promise<boolean> {
  for (const path of asPaths) {
    const facts = await parseFile(text, path).then(
      (document) => document?.facts ?? null,
      () => null,
    );
    if (matchFile(text, facts, set, { path }).length > 0) return true;
  }
  return false;
}

describe('sieve', () => {
  it.each(rules.map((rule) => [rule.id, rule] as const))(
    'holds back nothing of %s',
    async (_, rule) => {
      for (const template of [...rule.samples.match, ...rule.samples.ignore]) {
        const text = fillIn(template);
        const held = !mayHold(Buffer.from(`\n${text}\n`));
        if (held) expect(await findsAnything(text, paths), template).toBe(false);
      }
    },
    20_000,
  );

  it('holds back nothing of this repository, and most of it', async () => {
    const listed = execFileSync('git', ['ls-files', '-z']).toString().split('\0').filter(Boolean);
    const files = listed.filter((path) => /\.(ts|mjs|json|ya?ml|md|sh|py|go)$/.test(path));
    let held = 0;
    for (const path of files) {
      const bytes = readFileSync(path);
      const decoded = decodeText(bytes);
      if (!('text' in decoded) || mayHold(bytes)) continue;
      held += 1;
      expect(await findsAnything(decoded.text, [path]), path).toBe(false);
    }
    expect(files.length).toBeGreaterThan(300);
    expect(held).toBeGreaterThan(files.length / 2);
  }, 120_000);
});
