import { AgentIdError } from '../model/error.ts';
import type { Edit, Span } from '../model/place.ts';

/**
 * Replaces the spans of edits in a text; all else stays as it is. Edits at one place keep their order, insertions
 * come before a replacement. Throws `internal` for spans that overlap or lie outside the text.
 */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { span, text: replacement } of sortEdits(edits)) {
    if (span.start < at || span.end < span.start || span.end > text.length) {
      throw new AgentIdError('internal', 'two edits overlap or lie outside the file', {
        where: `offset ${span.start}`,
      });
    }
    parts.push(text.slice(at, span.start), replacement);
    at = span.end;
  }
  parts.push(text.slice(at));
  return parts.join('');
}

/** Sorts edits by place; at one place, insertions first. Sorting is stable. */
export function sortEdits(edits: readonly Edit[]): readonly Edit[] {
  return edits.toSorted((a, b) => a.span.start - b.span.start || lengthOf(a.span) - lengthOf(b.span));
}

function lengthOf(span: Span): number {
  return span.end - span.start;
}
