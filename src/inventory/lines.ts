import type { FileFacts } from '../model/facts.ts';
import type { Location, Span } from '../model/place.ts';

/** Gives the line, from 1, of an offset. */
export function toLine(lineStarts: readonly number[], offset: number): number {
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low + 1;
}

/** Turns a span of a file into a location. */
export function toLocation(facts: FileFacts, span: Span, slot?: string): Location {
  const startLine = toLine(facts.lineStarts, span.start);
  const endLine = toLine(facts.lineStarts, span.end);
  return {
    path: facts.path,
    startLine,
    startColumn: span.start - (facts.lineStarts[startLine - 1] ?? 0) + 1,
    endLine,
    endColumn: span.end - (facts.lineStarts[endLine - 1] ?? 0) + 1,
    ...(slot === undefined ? {} : { slot }),
  };
}
