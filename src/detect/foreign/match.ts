import type { Match } from '../match.ts';
import type { Rule } from '../../model/rule.ts';
import { Secret } from '../../model/secret.ts';
import type { ForeignHit, ForeignRule } from './types.ts';

/** Findings of one rule in one file at most: a hostile file may hold any number. */
const MOST_HITS = 10_000;

/**
 * Loosens rules so that they find whatever they may find in a file of any path; those about paths alone and those that
 * serve others are left out.
 */
export function toAnyPath(rules: readonly ForeignRule[]): readonly ForeignRule[] {
  return rules
    .filter(({ pattern, helper }) => pattern !== undefined && !helper)
    .map((rule) => ({ ...rule, path: undefined, required: [], allows: () => false }));
}

/** Tries rules of other scanners on a file; a rule about a path alone finds the file as a whole. */
export function foreignMatches(text: string, path: string, rules: readonly ForeignRule[]): readonly Match[] {
  const lower = text.toLowerCase();
  const tried = rules.filter(
    ({ keywords, path: at }) =>
      (at === undefined || at.test(path)) &&
      (keywords.length === 0 || keywords.some((word) => lower.includes(word))),
  );
  const hits = new Map<string, readonly ForeignHit[]>();
  for (const rule of tried) hits.set(rule.id, hitsOf(rule, text, path));
  return tried
    .filter((rule) => !rule.helper)
    .flatMap((rule) =>
      (hits.get(rule.id) ?? [])
        .filter((hit) => rule.required.every(({ id, lines }) => isNear(hit, hits.get(id) ?? [], lines)))
        .map((hit) => toMatch(rule, hit)),
    );
}

function hitsOf(rule: ForeignRule, text: string, path: string): readonly ForeignHit[] {
  if (rule.pattern === undefined) {
    const hit = { path, text, secret: '', match: '', start: 0, end: 0 };
    return rule.allows(hit) ? [] : [hit];
  }
  const hits: ForeignHit[] = [];
  for (const found of text.matchAll(rule.pattern)) {
    const hit = toHit(found, rule, text, path);
    if (entropyOf(hit.secret) > rule.entropy && !rule.allows(hit)) hits.push(hit);
    if (hits.length >= MOST_HITS) break;
  }
  return hits;
}

function toHit(found: RegExpExecArray, { secretGroup }: ForeignRule, text: string, path: string): ForeignHit {
  const group =
    secretGroup > 0
      ? secretGroup
      : found.findIndex((part, at) => at > 0 && part !== undefined && part !== '');
  const [start, end] = found.indices?.[Math.max(group, 0)] ?? [found.index, found.index + found[0].length];
  return { path, text, secret: text.slice(start, end), match: found[0], start, end };
}

function isNear(hit: ForeignHit, others: readonly ForeignHit[], lines: number): boolean {
  return others.some((other) => {
    if (lines === Infinity) return true;
    const [from, to] = [Math.min(hit.start, other.start), Math.max(hit.start, other.start)];
    return hit.text.slice(from, to).split('\n').length - 1 <= lines;
  });
}

/** Gives Shannon's entropy of a text, in bits a character. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

function toMatch(rule: ForeignRule, { secret, start, end }: ForeignHit): Match {
  return {
    rule: toOwnRule(rule),
    kind: 'literal',
    span: { start, end },
    name: null,
    slot: null,
    value: new Secret(secret),
    store: null,
    confidence: 'medium',
    reasons: [`matches your rule ${rule.id}`],
  };
}

function toOwnRule({ id, title, keywords }: ForeignRule): Rule {
  return {
    id,
    provider: 'own',
    title,
    severity: 'high',
    lifetime: 'unknown',
    confidence: 'medium',
    grants: 'What the service that issued it allows its holder.',
    revoke: 'At the service that issued it.',
    migration: 'rotate',
    keywords,
    samples: { match: [], ignore: [] },
  };
}
