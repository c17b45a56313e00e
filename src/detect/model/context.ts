import type { Candidate } from '../candidates/candidate.ts';

/** The text around a candidate, cut short. */
export interface Context {
  /** The line up to the value, without the name. */
  readonly before: string;
  /** The character after the value and its quote. */
  readonly after: string;
  readonly line: string;
  readonly previousLine: string;
}

const MOST_BEFORE = 160;
const MOST_AFTER = 120;

/** Cuts out what stands around a value. */
export function contextOf(text: string, { span }: Candidate): Context {
  const start = lineStart(text, span.start);
  const newline = text.slice(span.end, span.end + MOST_AFTER).indexOf('\n');
  const end = newline === -1 ? Math.min(text.length, span.end + MOST_AFTER) : span.end + newline;
  const above = start === 0 ? 0 : lineStart(text, start - 1);
  const rest = text.slice(span.end, end);
  return {
    before: text.slice(start, span.start),
    after: rest.replace(/^\\{0,3}["'`]/, '').charAt(0),
    line: `${text.slice(start, span.start)} ${rest}`,
    previousLine: text.slice(above, Math.max(above, start - 1)),
  };
}

/** Gives where the line of an offset begins, or as far before as is looked at: a line may be megabytes long. */
function lineStart(text: string, at: number): number {
  const from = Math.max(0, at - MOST_BEFORE);
  return from + text.slice(from, at).lastIndexOf('\n') + 1;
}
