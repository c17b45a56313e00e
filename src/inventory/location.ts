import type { FileFacts } from '../model/facts.ts';
import { toLine, type Location, type Span } from '../model/place.ts';

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
