import type { Span } from '../model/place.ts';

/**
 * Finds a global pattern where it begins within one of some spans, which rise and do not overlap. A look behind sees
 * the whole text; none looks beyond the end of a span.
 *
 * @yields each match
 */
export function* matchesWithin(
  text: string,
  pattern: RegExp,
  spans: readonly Span[],
): Generator<RegExpExecArray> {
  for (const { start, end } of spans) {
    const head = end >= text.length ? text : text.slice(0, end);
    // Whoever takes a match may use the same pattern before the next one.
    for (let at = start; ;) {
      pattern.lastIndex = at;
      const found = pattern.exec(head);
      if (found === null) break;
      at = Math.max(pattern.lastIndex, found.index + 1);
      yield found;
    }
  }
}

export function wholeOf(text: string): readonly Span[] {
  return [{ start: 0, end: text.length }];
}
