import type { Rule } from '../../model/rule.ts';
import { hostileTexts } from './hostile.ts';

/** Milliseconds that all of a hostile text of 30 kB may take. */
const LIMIT = 5;

/** Gives the number of the first text on which a pattern takes longer than some milliseconds. */
export type SlowText = (
  source: string,
  flags: string,
  texts: readonly string[],
  limit: number,
) => number | undefined;

/** Says on what a rule's patterns take too long; undefined for a fast one. */
export function whySlow(rule: Rule, slowText: SlowText): string | undefined {
  const flags = rule.anyCase === true ? 'dgim' : 'dgm';
  return (
    whySlowPart('pattern', rule, rule.pattern, { flags, slowText }) ??
    whySlowPart('near', rule, rule.near?.pattern, { flags: 'gi', slowText }) ??
    Object.entries(rule.parts ?? {})
      .map(([part, source]) => whySlowPart(part, rule, source, { flags: 'gi', slowText }))
      .find((why) => why !== undefined)
  );
}

interface Way {
  readonly flags: string;
  readonly slowText: SlowText;
}

function whySlowPart(part: string, rule: Rule, source: string | undefined, way: Way): string | undefined {
  if (source === undefined) return undefined;
  const texts = hostileTexts(rule, source);
  const found = way.slowText(source, way.flags, texts, LIMIT);
  if (found === undefined) return undefined;
  const start = JSON.stringify((texts[found] ?? '').slice(0, 24));
  return `${part}: takes more than ${LIMIT} ms on a hostile text of 30 kB, such as ${start} and so on`;
}
