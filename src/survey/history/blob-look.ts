import type { RuleSet } from '../../detect/index.ts';
import { decodeText, writingOf } from '../../lib/text.ts';
import { unpack } from '../../sources/archive/index.ts';
import { createPlainLines, MOST_LISTED, STRETCH, type Lines } from '../../sources/git/lines.ts';
import { createMatcher, lookAtStretch, type Held, type Matcher } from './matcher.ts';
import { createValues, type Values } from './values.ts';

/** What is carried from a blob to those that are made from it. */
export interface BlobState {
  /** Values that are in the blob, by their place in `values`. */
  readonly values: readonly number[];
}

export const nothing: BlobState = { values: [] };

/** Where a blob lies, and which parts of it are new. */
export interface BlobPlace extends Held {
  readonly number: number;
  readonly lines: Lines;
  /** Bounds of what is new, two by two; undefined where all of it is. */
  readonly windows?: { readonly bounds: Uint32Array; readonly count: number };
}

/** What one thread found in blobs. It holds no value. */
export interface BlobHits {
  /** Pairs: number of the blob, and the place of a value in `values`. */
  readonly pairs: Int32Array;
  /** A digest of each value, made for this run only. */
  readonly values: readonly string[];
  /** Blobs that were not looked at, by reason. */
  readonly skipped: readonly (readonly [number: number, reason: string])[];
  readonly blobs: number;
  /** Bytes of all blobs, and those of them that were looked at. */
  readonly bytes: number;
  readonly scanned: number;
}

export interface BlobLook {
  readonly look: (place: BlobPlace, before: BlobState) => BlobState;
  readonly skip: (number: number, reason: string) => void;
  readonly done: () => BlobHits;
}

/** Bytes in which values are sought again. */
const MOST_SOUGHT = 2 ** 38;

/**
 * Makes the look at blobs. Only what is new in a blob is matched; a value that its base had is sought in it byte by
 * byte.
 */
export function createBlobLook(rules: RuleSet, maxBytes: number, tooLarge: string): BlobLook {
  const values = createValues();
  const matcher = createMatcher(rules, values);
  const pairs: number[] = [];
  const skipped: (readonly [number, string])[] = [];
  const stats = { blobs: 0, bytes: 0, scanned: 0 };
  const stillThere = createRecall(values);
  return {
    look: (place, before) => {
      stats.blobs += 1;
      stats.bytes += place.length;
      if (place.length > maxBytes) {
        skipped.push([place.number, tooLarge]);
        return nothing;
      }
      const found = stillThere(place, before);
      const { scanned, reason } = lookAtNew(matcher, place, found);
      stats.scanned += scanned;
      if (reason !== undefined) skipped.push([place.number, reason]);
      if (found.size === 0) return nothing;
      for (const value of found) pairs.push(place.number, value);
      return { values: [...found] };
    },
    skip: (number, reason) => void skipped.push([number, reason]),
    done: () => ({ pairs: Int32Array.from(pairs), values: values.done(), skipped, ...stats }),
  };
}

/** Makes the check of which values a blob still has. Many values in many large blobs are taken on trust in the end. */
function createRecall(values: Values): (place: BlobPlace, before: BlobState) => Set<number> {
  let left = MOST_SOUGHT;
  return ({ bytes, at, length }, before) => {
    if (before.values.length === 0) return new Set();
    left -= before.values.length * length;
    if (left < 0) return new Set(before.values);
    const whole = bytes.subarray(at, at + length);
    return new Set(before.values.filter((value) => whole.includes(values.bytesOf(value))));
  };
}

/** How many bytes were looked at, and why not all that there is. */
interface LookedAt {
  readonly scanned: number;
  readonly reason?: string | undefined;
}

function lookAtNew(matcher: Matcher, place: BlobPlace, found: Set<number>): LookedAt {
  const { bytes, at, length, windows } = place;
  const whole = bytes.subarray(at, at + length);
  if (writingOf(whole).writing !== 'bytes') return lookAtDecoded(matcher, whole, place, found);
  if (windows === undefined) return { scanned: lookAtChange(matcher, place, found, [0, length]) };
  let scanned = 0;
  for (let n = 0; n < windows.count; n += 1)
    scanned += lookAtChange(matcher, place, found, [
      windows.bounds[2 * n] ?? 0,
      Math.min(length, windows.bounds[2 * n + 1] ?? 0),
    ]);
  return { scanned };
}

/** What is new in bytes that are not those of a text says nothing: all of it is looked at, archives by their files. */
function lookAtDecoded(matcher: Matcher, whole: Buffer, place: BlobPlace, found: Set<number>): LookedAt {
  const decoded = decodeText(whole);
  if ('text' in decoded) return { scanned: lookAtText(matcher, decoded.text, place, found) };
  if (decoded.packed === undefined) return { scanned: 0, reason: decoded.reason };
  let scanned = 0;
  let reason: string | undefined;
  for (const one of unpack('', Buffer.from(decoded.packed))) {
    if ('text' in one) scanned += lookAtText(matcher, one.text, place, found);
    else if (one.reason !== 'binary') reason ??= one.reason;
  }
  return { scanned, reason };
}

function lookAtText(matcher: Matcher, text: string, place: BlobPlace, found: Set<number>): number {
  const bytes = Buffer.from(text);
  const { length } = bytes;
  return lookAtChange(matcher, { ...place, bytes, at: 0, length, lines: plainLines }, found, [0, length]);
}

const plainLines = createPlainLines();

/** Looks at the lines around a change. */
function lookAtChange(
  matcher: Matcher,
  place: BlobPlace,
  found: Set<number>,
  [from, to]: readonly [number, number],
): number {
  const { lines } = place;
  let scanned = 0;
  for (let at = from; at < to || at === from; at += MOST_LISTED) {
    const count = lines.list(place, at, Math.min(to, at + MOST_LISTED));
    for (let n = 0; n < count; n += 1) {
      const start = place.at + (lines.stretches[n * STRETCH] ?? 0);
      const end = place.at + (lines.stretches[n * STRETCH + 1] ?? 0);
      scanned += end - start;
      if (!lookAtStretch(matcher, place, found, { start, end })) lines.settle(n);
    }
  }
  return scanned;
}
