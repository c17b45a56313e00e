import type { Fingerprint } from './fingerprint.ts';
import { matchFile } from './match.ts';
import type { RuleSet } from './rule-set.ts';
import type { Span } from '../model/place.ts';

/** Gives a path as it may be shown. */
export type MaskPath = (path: string) => string;

/** Lets folders stand on lines of their own, and an ending apart from the name: none of them is part of a token. */
export function toNameText(path: string): string {
  return path.replaceAll('/', '\n').replaceAll(/\.(?=\w{1,8}$)/gm, ' ');
}

/** Makes a mask: what a rule finds in a path is shown by its fingerprint instead. Remembers what it was asked. */
export function createPathMask(rules: RuleSet, fingerprint: Fingerprint): MaskPath {
  const known = new Map<string, string>();
  return (path) => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const masked = mask(path, rules, fingerprint);
    known.set(path, masked);
    return masked;
  };
}

/** A token of Okta stands out by itself, but its rule asks for more near by than a path has. */
const bareToken = /(?<![\w-])00(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{40}(?![\w-])/g;

function mask(path: string, rules: RuleSet, fingerprint: Fingerprint): string {
  let shown = '';
  let at = 0;
  for (const { start, end } of secretsIn(path, rules)) {
    if (start < at) continue;
    shown += `${path.slice(at, start)}[secret:${fingerprint('value', path.slice(start, end)).slice(0, 6)}]`;
    at = end;
  }
  return shown + path.slice(at);
}

function secretsIn(path: string, rules: RuleSet): readonly Span[] {
  const bare = [...path.matchAll(bareToken)].map(({ 0: token, index }) => ({
    start: index,
    end: index + token.length,
  }));
  const ruled = rules.anchoredIn(path).length === 0 ? [] : ruledIn(path, rules);
  return [...bare, ...ruled].toSorted((a, b) => a.start - b.start || b.end - a.end);
}

function ruledIn(path: string, rules: RuleSet): readonly Span[] {
  return [toNameText(path), path.replaceAll('/', '\n')]
    .flatMap((text) => matchFile(text, null, rules))
    .filter(({ kind, confidence }) => kind === 'literal' && confidence !== 'low')
    .map(({ span }) => span);
}
