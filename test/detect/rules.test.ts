import { describe, expect, it } from 'vitest';
import { matchFile, toRuleSet } from '../../src/detect/index.ts';
import { parseFile } from '../../src/formats/index.ts';
import { readRules } from '../../src/lib/rules.ts';
import { fillIn } from './samples.ts';

const rules = await readRules();
const set = toRuleSet(rules);

describe('rules', () => {
  it('are there, one id each', () => {
    expect(rules.length).toBeGreaterThan(30);
    expect(new Set(rules.map((rule) => rule.id)).size).toBe(rules.length);
  });
});

describe.each(rules.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
  it.each(rule.samples.match)('finds %s', async (template) => {
    for (let n = 0; n < 5; n += 1) expect(await found(template, rule.samples.path)).toContain(id);
  });

  it.each(rule.samples.ignore)('ignores %s', async (template) => {
    for (let n = 0; n < 5; n += 1) expect(await found(template, rule.samples.path)).not.toContain(id);
  });

  it('has an anchor in every sample that its pattern finds', () => {
    if (rule.pattern === undefined || rule.keywords.length === 0) return;
    for (const template of rule.samples.match) {
      const text = template.toLowerCase();
      expect(rule.keywords.some((word) => text.includes(word))).toBe(true);
    }
  });

  it('takes bounded time on hostile text', () => {
    const alone = toRuleSet([rule]);
    const parts = [...rule.keywords, 'a', '0', 'aB3-', '="', ' \t', '://a:', '-----BEGIN PRIVATE KEY-----\n'];
    for (const part of parts) {
      const text = part.repeat(Math.ceil(20_000 / part.length));
      const before = performance.now();
      matchFile(`${rule.keywords[0] ?? ''} okta "kty" ${text}`, null, alone);
      expect(performance.now() - before, part).toBeLessThan(3000);
    }
  });
});

/** Rules that fire on a sample, tried in the kind of file that it looks like and as plain text. */
async function found(template: string, where?: string): Promise<readonly string[]> {
  const text = fillIn(template);
  const ids: string[] = [];
  for (const path of [where ?? pathFor(text), 'notes.txt']) {
    const facts = await parseFile(text, path).then(
      (document) => document?.facts ?? null,
      () => null,
    );
    ids.push(...matchFile(text, facts, set, { path }).map((match) => match.rule.id));
  }
  return ids;
}

function pathFor(text: string): string {
  if (/^(const|if|process\.env)/.test(text)) return 'src/main.ts';
  if (/os\.environ/.test(text)) return 'app.py';
  if (text.startsWith('curl')) return 'run.sh';
  if (/^\s*\{/.test(text)) return 'data.json';
  if (/^\w+=/.test(text)) return '.env';
  return 'values.yaml';
}
