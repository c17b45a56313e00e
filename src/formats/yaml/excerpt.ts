import type { Span } from '../../model/place.ts';

interface Line {
  readonly start: number;
  readonly end: number;
  /** Spaces before its first character; Infinity for what may stand anywhere: nothing, a comment, a template's statement. */
  readonly indent: number;
}

const SPACE = 0x20;
const COMMENT = 0x23;

/** What becomes of a line: nothing is left, what it is called, all. */
const left = { nothing: 0, key: 1, all: 2 } as const;

/**
 * Blanks the lines of a large file that have no say in what stands at some places. Left are the lines there, and the
 * keys that lead to them from above (with their equals, so that items keep their numbers) or are not indented.
 */
export function excerptYaml(text: string, places: readonly Span[]): string {
  const lines = linesOf(text);
  const leaves = Uint8Array.from(lines, ({ indent }) => (indent === 0 ? left.key : left.nothing));
  let next = 0;
  for (const { start, end } of places) {
    const first = lineUntil(lines, next, (line) => line.end >= start);
    const from = blockAround(text, lines, first)?.from ?? first;
    next = lineUntil(lines, first, (line) => line.start >= end);
    const last = blockAround(text, lines, next - 1);
    leaves.fill(left.all, from, last?.to ?? next);
    if (last === undefined && end < text.length)
      cutLast(text, lines, leaves, { last: next - 1, least: end - MOST_CUT });
    keepAbove(lines, leaves, from);
  }
  return lines.map((line, at) => write(text, line, leaves[at] ?? left.nothing)).join('\n');
}

function lineUntil(lines: readonly Line[], from: number, is: (line: Line) => boolean): number {
  let at = from;
  for (let line = lines[at]; line !== undefined && !is(line); line = lines[at]) at += 1;
  return at;
}

/** Gives the lines of a block of text around a line: part of a script is none. */
function blockAround(
  text: string,
  lines: readonly Line[],
  within: number,
): { readonly from: number; readonly to: number } | undefined {
  let least = lines[within]?.indent ?? 0;
  for (let from = within - 1; from >= 0 && least > 0; from -= 1) {
    const { start, end, indent } = lines[from] ?? { start: 0, end: 0, indent: 0 };
    if (indent >= least) continue;
    least = indent;
    if (block.test(text.slice(start, end)))
      return { from, to: lineUntil(lines, within + 1, (line) => line.indent <= indent) };
  }
  return undefined;
}

/** What begins in the last lines may go on below. */
function cutLast(
  text: string,
  lines: readonly Line[],
  leaves: Uint8Array,
  { last, least }: { readonly last: number; readonly least: number },
): void {
  for (let at = last; leaves[at] === left.all; at -= 1) {
    const { start, end } = lines[at] ?? { start: 0, end: 0 };
    if (start < least) return;
    const hasKey = keyed.test(text.slice(start, end));
    leaves[at] = hasKey ? left.key : left.nothing;
    if (hasKey) return;
  }
}

/** Goes up until nothing encloses any more: a map or a list, and so on. */
function keepAbove(lines: readonly Line[], leaves: Uint8Array, from: number): void {
  let least = lines[from]?.indent ?? 0;
  for (let at = from - 1; at >= 0 && least > 0; at -= 1) {
    const { indent } = lines[at] ?? { indent: Infinity };
    if (indent > least) continue;
    leaves[at] = Math.max(leaves[at] ?? 0, left.key);
    least = indent;
  }
}

/** What is gone becomes a comment; within a block of text, a part of that. */
function write(text: string, { start, end, indent }: Line, leave: number): string {
  const line = text.slice(start, end);
  if (leave === left.all || indent === Infinity) return line;
  return (leave === left.key ? withoutValue(line) : line.slice(0, indent)).padEnd(line.length, '#');
}

/** A key, and what says how its value is written. */
const keyed = /^(?:[^:]|:(?=\S))*:(?:$|\s+(?:[|>!&].*)?)/;

/** The head of a block of text. */
const block = /(?:^|\s)[|>][+\-0-9]{0,2}\s*(?:#.*)?$/;
/** Characters at the end of a place that may be left out. */
const MOST_CUT = 400;

/** A value would go on below: in quotes, or in brackets. What only says how it is written stays. */
function withoutValue(line: string): string {
  const [known] = keyed.exec(line) ?? [];
  return known === undefined ? line : `${known} `.slice(0, line.length);
}

function linesOf(text: string): readonly Line[] {
  const lines: Line[] = [];
  for (let start = 0; start <= text.length;) {
    const next = text.indexOf('\n', start);
    const end = next === -1 ? text.length : next;
    let first = start;
    while (first < end && text.charCodeAt(first) === SPACE) first += 1;
    lines.push({ start, end, indent: isAnywhere(text, first, end) ? Infinity : first - start });
    start = end + 1;
  }
  return lines;
}

function isAnywhere(text: string, first: number, end: number): boolean {
  if (first === end || text.charCodeAt(first) === COMMENT) return true;
  return text.startsWith('{{', first) && /\}\}\s*$/.test(text.slice(first, end));
}
