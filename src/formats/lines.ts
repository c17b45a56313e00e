import type { Span } from '../model/place.ts';

/** Gives the line break that a file uses: that of its first line. */
export function lineBreakOf(text: string): '\n' | '\r\n' {
  const first = text.indexOf('\n');
  return first > 0 && text.charAt(first - 1) === '\r' ? '\r\n' : '\n';
}

/** Gives the offset of the start of the line that holds an offset, after a byte order mark. */
export function lineStartAt(text: string, offset: number): number {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return start === 0 && text.charCodeAt(0) === 0xfeff ? 1 : start;
}

/** Gives the offset of the end of the line that holds an offset, without its line break. */
export function lineEndAt(text: string, offset: number): number {
  const next = text.indexOf('\n', offset);
  if (next === -1) return text.length;
  return next > offset && text.charAt(next - 1) === '\r' ? next - 1 : next;
}

/** Gives the offset behind the line break of the line that holds an offset. */
export function nextLineAt(text: string, offset: number): number {
  const next = text.indexOf('\n', offset);
  return next === -1 ? text.length : next + 1;
}

/** Says whether nothing but blanks stands between two offsets. */
export function isBlank(text: string, start: number, end: number): boolean {
  return text.slice(start, end).trim() === '';
}

/** Widens a span to whole lines with their line breaks where nothing else stands on them. */
export function toWholeLines(text: string, span: Span): Span | undefined {
  const start = lineStartAt(text, span.start);
  const end = lineEndAt(text, span.end);
  if (!isBlank(text, start, span.start) || !isBlank(text, span.end, end)) return undefined;
  return { start, end: nextLineAt(text, end) };
}

/** Gives the 1-based line of an offset, for messages. */
export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

/** Gives the blanks at the start of the line that holds an offset. */
export function indentAt(text: string, offset: number): string {
  const start = lineStartAt(text, offset);
  return /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? '';
}
