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
const mayHold = (text: string | Buffer, path: string): boolean =>
  sieve(Buffer.from(text), path) !== undefined;
const paths = ['notes.txt', 'values.yaml', 'run.sh', '.env', 'data.json'];

/** Samples of code are judged as code too; others are none, and would be read as plain text. */
function pathsFor(text: string): readonly string[] {
  if (/^(const|let|if|process\.env)/.test(text)) return [...paths, 'src/main.ts'];
  return /os\.environ|client = /.test(text) ? [...paths, 'app.py'] : paths;
}

/** Says whether the whole program reports anything in a text by default, as each kind of file. */
async function findsAnything(text: string, asPaths: readonly string[]): Promise<boolean> {
  for (const path of asPaths) {
    const facts = await parseFile(text, path).then(
      (document) => document?.facts ?? null,
      () => null,
    );
    const matches = matchFile(text, facts, set, { path });
    if (matches.some(({ kind, confidence }) => kind === 'use' || confidence !== 'low')) return true;
  }
  return false;
}

describe('sieve', () => {
  it.each(rules.map((rule) => [rule.id, rule] as const))(
    'holds back nothing of %s',
    async (_, rule) => {
      for (const template of rule.samples.match) {
        const text = fillIn(template);
        for (const path of pathsFor(text).filter((one) => !mayHold(`\n${text}\n`, one)))
          expect(await findsAnything(text, [path]), `${path}: ${template}`).toBe(false);
      }
    },
    20_000,
  );

  it('holds back no pair in which the value comes first, whatever follows', () => {
    const value = fillIn('{alnum:20}');
    expect(mayHold(`env:\n- value: ${value}\n  name: DB_PASSWORD\n`, 'v.yaml')).toBe(true);
    expect(mayHold(JSON.stringify({ env: [{ value, name: 'DB_PASSWORD' }] }), 'v.json')).toBe(true);
  });

  it('holds back nothing of this repository, and most of it', async () => {
    const listed = execFileSync('git', ['ls-files', '-z']).toString().split('\0').filter(Boolean);
    const files = listed.filter((path) => /\.(ts|mjs|json|ya?ml|md|sh|py|go)$/.test(path));
    let held = 0;
    for (const path of files) {
      const bytes = readFileSync(path);
      const decoded = decodeText(bytes);
      if (!('text' in decoded) || mayHold(bytes, path)) continue;
      held += 1;
      expect(await findsAnything(decoded.text, [path]), path).toBe(false);
    }
    expect(files.length).toBeGreaterThan(300);
    expect(held).toBeGreaterThan(files.length / 2);
  }, 120_000);
});
