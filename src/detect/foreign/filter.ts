import { asText, compileExpression, type Value } from './expression.ts';
import { entropyOf } from './match.ts';
import { lowerPattern } from './re2.ts';
import type { ForeignHit } from './types.ts';

type Call = (values: readonly Value[]) => Value;

const list = (value: Value | undefined): readonly Value[] =>
  Array.isArray(value) ? (value as readonly Value[]) : [];

/** Patterns of one filter are compiled once, however many hits it judges. */
function toCalls(): ReadonlyMap<string, Call> {
  const compiled = new Map<string, RegExp>();
  const pattern = (source: Value): RegExp => {
    const text = asText(source);
    const known = compiled.get(text) ?? new RegExp(lowerPattern(text));
    compiled.set(text, known);
    return known;
  };
  return new Map<string, Call>([
    ['entropy', ([text]) => entropyOf(asText(text))],
    ['len', ([value]) => (typeof value === 'string' ? value.length : list(value).length)],
    ['max', (values) => Math.max(...values.map(Number))],
    ['min', (values) => Math.min(...values.map(Number))],
    ['lower', ([text]) => asText(text).toLowerCase()],
    ['upper', ([text]) => asText(text).toUpperCase()],
    ['matchesAny', ([text, sources]) => list(sources).some((source) => pattern(source).test(asText(text)))],
    ['findMatch', ([text, source]) => pattern(source ?? '').exec(asText(text))?.[0] ?? ''],
    [
      'containsAny',
      ([text, words]) => {
        const lower = asText(text).toLowerCase();
        return list(words).some((word) => lower.includes(asText(word).toLowerCase()));
      },
    ],
    [
      'get',
      ([from, key, otherwise]) => {
        const found =
          typeof from === 'object' && !Array.isArray(from)
            ? (from as Record<string, Value>)[asText(key)]
            : undefined;
        return found ?? otherwise ?? '';
      },
    ],
    ['failsTokenEfficiency', ([text]) => readsLikeWords(asText(text))],
  ]);
}

/**
 * Stands for the share of tokens of a language model's vocabulary, which would be a megabyte: text that is made of
 * words has few changes between letters of both cases, digits and signs.
 */
function readsLikeWords(text: string): boolean {
  const kinds = text.replaceAll(/[a-z]+|[A-Z][a-z]+|[A-Z]+|\d+|[^A-Za-z\d]+/g, 'x');
  return text.length / Math.max(kinds.length, 1) >= 2.5;
}

/** Compiles a filter of betterleaks: it says which hits to let go. Throws `malformed`. */
export function toFilter(source: string): (hit: ForeignHit) => boolean {
  const node = compileExpression(source, toCalls());
  return (hit) => node(toScope(hit)) === true;
}

function toScope({ path, text, secret, match, start, end }: ForeignHit): Record<string, Value> {
  const at = text.indexOf(match, Math.max(0, start - match.length));
  const lineStart = text.lastIndexOf('\n', at - 1) + 1;
  const next = text.indexOf('\n', end);
  const lineEnd = next === -1 ? text.length : next;
  return {
    finding: {
      secret,
      match,
      line: text.slice(lineStart, lineEnd),
      fragment_raw: text,
      match_start_idx: at,
      match_end_idx: at + match.length,
      match_line_start_idx: lineStart,
      match_line_end_idx: lineEnd,
    },
    attributes: { path },
  };
}
