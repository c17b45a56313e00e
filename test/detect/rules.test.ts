import { describe, expect, it } from 'vitest';
import { matchFile, toRuleSet } from '../../src/detect/index.ts';
import { readRules } from '../../src/lib/rules.ts';
import { fillIn } from './samples.ts';

const rules = await readRules();
const set = toRuleSet(rules);

describe('rules', () => {
  it('are there', () => {
    expect(rules.length).toBeGreaterThan(30);
    expect(rules.map((rule) => rule.id)).toContain('okta-api-token');
  });

  for (const rule of rules) {
    it(`${rule.id} finds its samples and ignores the others`, () => {
      const found = (template: string): boolean =>
        matchFile(fillIn(template), null, set).some(
          (match) => match.rule.id === rule.id && match.kind === 'literal' && match.confidence !== 'low',
        );
      // Random text is sometimes unlucky (a run, too few kinds of characters): three tries say what the rule does.
      expect(rule.samples.match.filter((sample) => ![1, 2, 3].some(() => found(sample)))).toEqual([]);
      expect(rule.samples.ignore.filter((sample) => [1, 2, 3].every(() => found(sample)))).toEqual([]);
    });
  }
});
