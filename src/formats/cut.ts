import type { Span } from '../model/place.ts';
import { isBlank, lineEndAt, lineStartAt, nextLineAt } from './lines.ts';

/**
 * Gives what to cut so that one item leaves a list with commas, in a language that allows a comma behind the last.
 * An item with lines of its own takes them along, with the comment behind it.
 */
export function cutItem(text: string, items: readonly Span[], index: number): Span | undefined {
  const item = items[index];
  if (item === undefined) return undefined;
  const comma = /^\s*,/.exec(text.slice(item.end))?.[0].length ?? 0;
  const lines = ownLines(text, { start: item.start, end: item.end + comma });
  if (lines !== undefined) return lines;
  const [before, next] = [items[index - 1], items[index + 1]];
  if (next !== undefined) return { start: item.start, end: next.start };
  return before === undefined
    ? { start: item.start, end: item.end + comma }
    : { start: before.end, end: item.end };
}

/** Gives the whole lines of a span, where only a comment stands behind it. */
export function ownLines(text: string, span: Span): Span | undefined {
  const start = lineStartAt(text, span.start);
  const end = lineEndAt(text, span.end);
  if (!isBlank(text, start, span.start) || !/^\s*(\/\/.*|#.*)?$/.test(text.slice(span.end, end)))
    return undefined;
  return { start, end: nextLineAt(text, end) };
}
