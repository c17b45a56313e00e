import { createHash } from 'node:crypto';
import {
  createEngine,
  decodeLayers,
  matchFile,
  mayHoldLayers,
  toRuleSet,
  type ByteRange,
  type Engine,
  type RuleSet,
} from '../../detect/index.ts';
import { decodeText } from '../../lib/text.ts';
import { startWasm } from '../../lib/wasm.ts';
import type { Rule } from '../../model/rule.ts';
import { MOST_LISTED, STRETCH, type Lines } from '../../sources/git/lines.ts';

/** What is carried from a blob to those that are made from it. */
export interface BlobState {
  /** Values that are in the blob, by their place in `values`. */
  readonly values: readonly number[];
}

export const nothing: BlobState = { values: [] };

/** Where a blob lies, and which parts of it are new. */
export interface BlobPlace {
  readonly number: number;
  readonly bytes: Buffer;
  readonly at: number;
  readonly length: number;
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

const BINARY_HEAD = 8192;
/** Bytes before and after an anchor that a match may take, second parts near by included. */
const BEFORE = 600;
const AFTER = 2000;
/** Bytes beside a stretch that count for what is in it. */
const BESIDE = 160;
/** Bytes from an anchor to the end of a private key. */
const LONGEST = 17_000;
const keyHead = /private.?key|PuTTY-User-Key/i;
/** Bytes before and after a name that it and its value may take. */
const NAME_BEFORE = 120;
const NAME_AFTER = 400;
/** Characters of the stretches of text that are remembered: versions of a file repeat each other. */
const MOST_KNOWN = 4_000_000;
/** Bytes in which values are sought again. */
const MOST_SOUGHT = 2 ** 38;
/** Bytes after a name within which a value of its own key stands. */
const PAIR = 160;

/** `"name": "X_TOKEN", "value": "…"` and the like: only the structure of the file joins them. */
const pair = /["'>\s,](?:value|default|content|text|string|data)["']?\s{0,3}[:=>]/i;

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
      const reason = whyNot(place, maxBytes, tooLarge);
      if (reason !== undefined) {
        skipped.push([place.number, reason]);
        return nothing;
      }
      const found = stillThere(place, before);
      stats.scanned += lookAtNew(matcher, place, found);
      if (found.size === 0) return nothing;
      for (const value of found) pairs.push(place.number, value);
      return { values: [...found] };
    },
    skip: (number, reason) => void skipped.push([number, reason]),
    done: () => ({ pairs: Int32Array.from(pairs), values: values.done(), skipped, ...stats }),
  };
}

/** Finds values in a stretch of text, by their numbers. */
interface Matcher {
  readonly engine: Engine;
  /** All of them. */
  readonly formatted: (text: string) => readonly number[];
  /** Those under names; where the name's own line has none, a pair of name and value counts as one. */
  readonly named: (text: string, at: number) => readonly number[];
}

function createMatcher(rules: RuleSet, values: Values): Matcher {
  const names = toRuleSet(rules.compiled.map(({ rule }) => withoutPattern(rule)));
  const withAll = remember((text) => literalsIn(text, rules, values));
  const withNames = remember((text) => literalsIn(text, names, values));
  return {
    engine: createEngine(rules, startWasm),
    formatted: withAll,
    named: (text, at) => {
      const found = withNames(text);
      const near = text.slice(at, at + PAIR);
      return found.length > 0 || !pair.test(near) ? found : [values.number(near)];
    },
  };
}

function withoutPattern(rule: Rule): Rule {
  const { pattern, ...rest } = rule;
  return pattern === undefined ? rule : rest;
}

/** As they are written: an encoded value is not in the bytes. */
function literalsIn(text: string, rules: RuleSet, values: Values): readonly number[] {
  return matchFile(text, null, rules)
    .filter(({ kind }) => kind === 'literal')
    .map(({ span }) => values.number(text.slice(span.start, span.end)));
}

function remember(find: (text: string) => readonly number[]): (text: string) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  let held = 0;
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const found = find(text);
    if (held > MOST_KNOWN) {
      known.clear();
      held = 0;
    }
    known.set(text, found);
    held += text.length;
    return found;
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

/** Gives how many bytes were looked at. */
function lookAtNew(matcher: Matcher, place: BlobPlace, found: Set<number>): number {
  const { bytes, at, length, windows } = place;
  if (isMarkedUtf16(bytes, at, length)) {
    const decoded = decodeText(bytes.subarray(at, at + length));
    if ('text' in decoded) for (const value of matcher.formatted(decoded.text)) found.add(value);
    return length;
  }
  if (windows === undefined) return lookAtChange(matcher, place, found, [0, length]);
  let scanned = 0;
  for (let n = 0; n < windows.count; n += 1)
    scanned += lookAtChange(matcher, place, found, [
      windows.bounds[2 * n] ?? 0,
      Math.min(length, windows.bounds[2 * n + 1] ?? 0),
    ]);
  return scanned;
}

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

/**
 * Says whether there was anything to be looked at closely. One byte is one character here, whatever the encoding: what
 * rules look for is ASCII.
 */
function lookAtStretch(
  matcher: Matcher,
  { bytes, at, length }: BlobPlace,
  found: Set<number>,
  stretch: ByteRange,
): boolean {
  const fresh = bytes.subarray(stretch.start, stretch.end);
  const text = fresh.toString('latin1');
  let any = mayHoldLayers(fresh, 0, fresh.length) && lookAtLayers(matcher, text, found);
  const bounds = {
    start: Math.max(at, stretch.start - BESIDE),
    end: Math.min(at + length, stretch.end + (keyHead.test(text) ? LONGEST : BESIDE)),
  };
  for (const candidate of matcher.engine.scanStretch(bytes, stretch, bounds)) {
    if (candidate.kind === 'use') continue;
    any = true;
    const named = candidate.kind === 'value';
    const from = Math.max(at, candidate.at - (named ? NAME_BEFORE : BEFORE));
    const to = Math.min(at + length, candidate.at + (named ? NAME_AFTER : AFTER));
    const around = bytes.toString('latin1', from, to);
    const values = named ? matcher.named(around, candidate.at - from) : matcher.formatted(around);
    for (const value of values) found.add(value);
  }
  return any;
}

/** Encoded text is common, such as that of certificates; what it says is looked at before it is matched. */
function lookAtLayers({ engine, formatted }: Matcher, text: string, found: Set<number>): boolean {
  const holds = decodeLayers(text).some((layer) => {
    const bytes = Buffer.from(layer.text);
    return engine.scan(bytes, 0, bytes.length).some(({ kind }) => kind !== 'use');
  });
  if (holds) for (const value of formatted(text)) found.add(value);
  return holds;
}

function whyNot({ bytes, at, length }: BlobPlace, maxBytes: number, tooLarge: string): string | undefined {
  if (length > maxBytes) return tooLarge;
  if (isMarkedUtf16(bytes, at, length)) return undefined;
  return bytes.subarray(at, at + Math.min(length, BINARY_HEAD)).includes(0) ? 'binary' : undefined;
}

function isMarkedUtf16(bytes: Buffer, at: number, length: number): boolean {
  if (length < 2) return false;
  const mark = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  return mark === 0xfffe || mark === 0xfeff;
}

interface Values {
  readonly number: (value: string) => number;
  readonly bytesOf: (number: number) => Buffer;
  readonly done: () => readonly string[];
}

/** Numbers values; they stay in this thread. */
function createValues(): Values {
  const numbers = new Map<string, number>();
  const bytes: Buffer[] = [];
  return {
    number: (value) => {
      const known = numbers.get(value);
      if (known !== undefined) return known;
      const own = Buffer.from(value, 'latin1');
      // The text that a value was cut from would stay with it.
      numbers.set(own.toString('latin1'), bytes.length);
      return bytes.push(own) - 1;
    },
    bytesOf: (number) => bytes[number] ?? Buffer.alloc(0),
    done: () => [...numbers.keys()].map((value) => createHash('sha256').update(value).digest('base64')),
  };
}
