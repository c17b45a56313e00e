import type { Match } from '../detect/index.ts';
import { toLineStarts } from '../lib/text.ts';
import type { TextWindow } from '../lib/text-windows.ts';
import type { Part } from '../model/finding.ts';
import { toLine } from '../model/place.ts';
import { Secret } from '../model/secret.ts';
import type { Likely, Sieve } from './sieve.ts';

/** A match in a part of a file. */
interface Placed {
  readonly matches: readonly [Match];
  /** Where the lines that it touches start in its window. */
  readonly lineStarts: readonly number[];
  /** Where the first of them stands in the file. */
  readonly origin: { readonly line: number; readonly column: number };
}

/** What one window of a text gave. */
export interface LookedThrough {
  readonly found: readonly Placed[];
  /** Bytes of its inner part. */
  readonly bytes: number;
}

/**
 * Looks through the windows of one text, of which none is decoded that holds nothing. What begins in a window's inner
 * part is its own: what two windows see is given once. What is given holds no more of a window than its values.
 *
 * @yields what each window gave
 */
export function* lookThrough(
  windows: Iterable<TextWindow>,
  path: string,
  sieve: Sieve,
  look: (text: string, likely: Likely) => readonly Match[],
): Generator<LookedThrough> {
  for (const window of windows) {
    const { bytes, from, to } = window;
    const likely = sieve(bytes, path, true);
    const text = likely === undefined ? '' : bytes.toString('utf8');
    const found = likely === undefined ? [] : look(text, likely);
    const [start, end] = found.length === 0 ? [0, 0] : [unitsOf(bytes, text, from), unitsOf(bytes, text, to)];
    const own = found.filter(({ span }) => span.start >= start && span.start < end);
    const lineStarts = own.length === 0 ? [] : toLineStarts(text);
    yield { found: own.map((match) => placed(match, lineStarts, window)), bytes: to - from };
  }
}

function placed(match: Match, lineStarts: readonly number[], { line, column }: TextWindow): Placed {
  const first = toLine(lineStarts, match.span.start) - 1;
  const last = toLine(lineStarts, match.span.end);
  return {
    matches: [detached(match)],
    lineStarts: lineStarts.slice(first, last),
    origin: { line: line + first, column: first === 0 ? column : 0 },
  };
}

/** Bytes and UTF-16 code units are the same in ASCII. */
function unitsOf(bytes: Buffer, text: string, at: number): number {
  return text.length === bytes.length ? at : bytes.toString('utf8', 0, at).length;
}

/** A part of a text keeps all of it in memory: what outlives the window is copied out of it. */
function detached(match: Match): Match {
  return {
    ...match,
    name: match.name === null ? null : copied(match.name),
    value: match.value === null ? null : new Secret(copied(match.value.open())),
    reasons: match.reasons.map(copied),
    ...(match.parts === undefined ? {} : { parts: match.parts.map(detachedPart) }),
    ...(match.ignored === undefined ? {} : { ignored: copied(match.ignored) }),
  };
}

function detachedPart({ part, value }: Part): Part {
  return { part, value: value === null ? null : copied(value) };
}

function copied(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
