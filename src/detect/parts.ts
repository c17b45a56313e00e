import type { Part } from '../model/finding.ts';
import type { Rule } from '../model/rule.ts';
import type { Match } from './match.ts';

/** Characters on each side of a secret within which the parts are that belong to it. */
const MOST_AWAY = 1500;

const compiled = new WeakMap<Rule, readonly (readonly [part: string, pattern: RegExp])[]>();

/**
 * Adds to each secret what belongs to it by its rule, such as the client id and the domain of a client secret: of each
 * the nearest. What is a secret itself is named without its value.
 */
export function withParts(text: string, matches: readonly Match[]): readonly Match[] {
  return matches.map((match) => {
    if (match.kind !== 'literal' || match.rule.parts === undefined) return match;
    const parts = patternsOf(match.rule).flatMap(([part, pattern]) =>
      nearest(text, match, { part, pattern }, matches),
    );
    if (parts.length === 0) return match;
    const told = parts.map(({ part, value }) => (value === null ? part : `${part} ${value}`)).join(', ');
    return { ...match, parts, reasons: [...match.reasons, `goes with ${told}`] };
  });
}

interface Sought {
  readonly part: string;
  readonly pattern: RegExp;
}

function nearest(
  text: string,
  { span }: Match,
  { part, pattern }: Sought,
  matches: readonly Match[],
): readonly Part[] {
  const from = Math.max(0, span.start - MOST_AWAY);
  const around = text.slice(from, span.end + MOST_AWAY);
  const found = [...around.matchAll(pattern)]
    .map((one) => ({ start: from + one.index, end: from + one.index + one[0].length }))
    .filter(({ start, end }) => end <= span.start || start >= span.end)
    .map((one) => ({ ...one, away: Math.max(span.start - one.end, one.start - span.end) }));
  const [first] = found.toSorted((a, b) => a.away - b.away);
  if (first === undefined) return [];
  const isSecret = matches.some(({ span: other }) => other.start < first.end && other.end > first.start);
  return [{ part, value: isSecret ? null : text.slice(first.start, first.end) }];
}

function patternsOf(rule: Rule): readonly (readonly [part: string, pattern: RegExp])[] {
  const known = compiled.get(rule);
  if (known !== undefined) return known;
  const made = Object.entries(rule.parts ?? {}).map(
    ([part, source]) => [part, new RegExp(source, 'gi')] as const,
  );
  compiled.set(rule, made);
  return made;
}
