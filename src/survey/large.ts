import type { Match } from '../detect/index.ts';
import { toLineStarts } from '../lib/text.ts';
import type { TextWindow } from '../lib/text-windows.ts';
import { Secret } from '../model/secret.ts';
import type { Likely, Sieve } from './sieve.ts';

/** What one window of a text gave. */
export interface LookedThrough {
  readonly matches: readonly Match[];
  readonly lineStarts: readonly number[];
  /** Where the window stands in its file. */
  readonly origin: { readonly line: number; readonly column: number };
  /** Bytes of its inner part. */
  readonly bytes: number;
}

/**
 * Looks through the windows of one text, of which none is decoded that holds nothing. What begins in a window's inner
 * part is its own: what two windows see is given once.
 *
 * @yields what each window gave
 */
export function* lookThrough(
  windows: Iterable<TextWindow>,
  path: string,
  sieve: Sieve,
  look: (text: string, likely: Likely) => readonly Match[],
): Generator<LookedThrough> {
  for (const { bytes, from, to, line, column } of windows) {
    const place = { origin: { line, column }, bytes: to - from };
    const likely = sieve(bytes, path, true);
    const text = likely === undefined ? '' : bytes.toString('utf8');
    const found = likely === undefined ? [] : look(text, likely);
    const [start, end] = found.length === 0 ? [0, 0] : [unitsOf(bytes, text, from), unitsOf(bytes, text, to)];
    const matches = found.filter(({ span }) => span.start >= start && span.start < end).map(detached);
    yield { ...place, matches, lineStarts: matches.length === 0 ? [] : toLineStarts(text) };
  }
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
    ...(match.ignored === undefined ? {} : { ignored: copied(match.ignored) }),
  };
}

function copied(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
