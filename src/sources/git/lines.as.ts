// Compiled to WebAssembly: lists the lines around a change that were not settled before, in linear memory that the
// caller lays out. A line is known by its neighbourhood: itself, and what the lines to each side of it may hold.

import { ENCODED, NAME, SIGN, TOKEN, VALUE, isWordEnd, textsIn, valuesIn } from './parts/line.as';

export { initTexts } from './parts/line.as';

/** Lines to each side of a line that its judgement may depend on, and those within which a second part stands. */
const NEAR: i32 = 2;
const FAR: i32 = 10;
/** Bytes before and after a change within which its neighbours stand. */
const REACH: i32 = 2000;
/** Length from which on a line is cut where a word ends, and where it is cut whatever stands there. */
const LONG: i32 = 1024;
const LONGEST: i32 = 4096;

/** What a line may hold beside what line.as.ts finds by its bytes: texts that count, as lines.ts says. */
const BEGIN: u32 = 16;
const SECOND: u32 = 32;
const ALONE: u32 = 64;
const NEARBY: u32 = 128;
const PAIRED: u32 = 256;
const KNOWN: u32 = 1 << 15;
const FACTS: u64 = (1 << 16) - 1;

const NEWLINE: u8 = 10;
const FACTOR: u64 = 0x9e3779b97f4a7c15;
const POWER: u64 = power(2 * NEAR + 1);

/** By line: where it begins, the hashes of all lines up to its begin, and what it may hold. */
let starts: usize = 0;
let sums: usize = 0;
let facts: usize = 0;
let most: i32 = 0;
/** Stretches: from, to, first and one past the last line. */
let stretches: usize = 0;
/** Hashes of neighbourhoods in which nothing was found, and of lines with what they may hold; two to a bucket. */
let settled: usize = 0;
let known: usize = 0;
let mask: u32 = 0;

function power(exponent: i32): u64 {
  let result: u64 = 1;
  for (let n: i32 = 0; n < exponent; n++) result *= FACTOR;
  return result;
}

/** Lays out room for so many lines, and two tables of a power of two of hashes. */
export function initLines(linesAt: usize, lineRoom: i32, tablesAt: usize, tableSize: u32): void {
  most = lineRoom - 1;
  sums = linesAt;
  stretches = sums + <usize>lineRoom * 8;
  starts = stretches + <usize>lineRoom * 16;
  facts = starts + <usize>lineRoom * 4;
  settled = tablesAt;
  known = tablesAt + <usize>tableSize * 8;
  mask = tableSize - 2;
}

export function stretchesAt(): usize {
  return stretches;
}

/** Lists the stretches of lines that are to be looked at around bytes `from` to `to` of an object; gives how many. */
export function listStretches(at: usize, length: i32, from: i32, to: i32): i32 {
  const count = readLines(at, length, from, to, 2 * NEAR);
  const first = lineOf(from, count);
  const last = lineOf(to, count) + 1;
  const changed = holdsAny(first, last);
  if (((holdsAny(first - NEAR, last + NEAR) & TOKEN) | (changed & SECOND)) == 0)
    return gather(count, back(at, from, NEAR), NEAR, to);
  const wide = readLines(at, length, from, to, 2 * FAR);
  const near = (changed & SECOND) == 0 ? NEAR : FAR;
  return gather(wide, back(at, from, near), near, to);
}

/** Splits what lies around a change into lines; gives how many. */
function readLines(at: usize, length: i32, from: i32, to: i32, around: i32): i32 {
  let line = back(at, from, around);
  let count: i32 = 0;
  let sum: u64 = 0;
  let after: i32 = 0;
  store<i32>(starts, line);
  store<u64>(sums, 0);
  while (line < length && count < most && after <= around && line - to < REACH) {
    const next = lineEnd(at, line, length);
    const key = hash(at + line, next - line);
    const found = factsOf(key, at + line, at + next);
    store<u16>(facts + ((<usize>count) << 1), <u16>found);
    // A line that says nothing is like any other.
    sum = sum * FACTOR + ((found & ~SIGN) == 0 ? <u64>(found + 1) : key);
    count++;
    store<i32>(starts + ((<usize>count) << 2), next);
    store<u64>(sums + ((<usize>count) << 3), sum);
    if (next > to) after++;
    line = next;
  }
  lines = count;
  return count;
}

function factsAt(n: i32): u32 {
  return load<u16>(facts + ((<usize>n) << 1));
}

function startOf(n: i32): i32 {
  return load<i32>(starts + ((<usize>n) << 2));
}

/** The line in which an offset lies. */
function lineOf(offset: i32, count: i32): i32 {
  let n: i32 = 0;
  while (n + 1 < count && startOf(n + 1) <= offset) n++;
  return n;
}

function holdsAny(from: i32, to: i32): u32 {
  let all: u32 = 0;
  for (let n = max(0, from); n < min(lines, to); n++) all |= factsAt(n);
  return all;
}

function gather(count: i32, from: i32, near: i32, to: i32): i32 {
  const last = lineOf(to, count) + near;
  let found: i32 = 0;
  let end: i32 = -1;
  for (let n: i32 = 0; n < count && n <= last; n++) {
    if (startOf(n) < from || !isWorth(n)) continue;
    if (isSettled(neighbourhood(n))) continue;
    const far = reachOf(n);
    const first = max(0, n - far);
    const next = min(count, n + far + 1);
    if (first > end) {
      store<i32>(stretches + ((<usize>found) << 4), startOf(first));
      store<i32>(stretches + ((<usize>found) << 4) + 8, n);
      found++;
    }
    end = max(end, next);
    store<i32>(stretches + ((<usize>(found - 1)) << 4) + 4, startOf(end));
    store<i32>(stretches + ((<usize>(found - 1)) << 4) + 12, n + 1);
  }
  return found;
}

/**
 * A value counts after a name, a token after what such a token begins with or not far from its second part, and some
 * texts count beside almost anything.
 */
function isWorth(n: i32): bool {
  const own = factsAt(n);
  if ((own & (ENCODED | ALONE)) != 0) return true;
  if ((own & (VALUE | TOKEN | NEARBY)) == 0 && (own & (NAME | SIGN)) != (NAME | SIGN)) return false;
  const before = holdsAny(n - NEAR, n + 1);
  if ((own & VALUE) != 0 && (before & NAME) != 0) return true;
  if ((own & NAME) != 0 && (before & PAIRED) != 0) return true;
  if ((own & NEARBY) != 0 && ((before | holdsAny(n + 1, n + NEAR + 1)) & SIGN) != 0) return true;
  return (own & TOKEN) != 0 && ((before & BEGIN) != 0 || hasSecond(n));
}

function hasSecond(n: i32): bool {
  return (holdsAny(n - FAR, n + FAR + 1) & SECOND) != 0;
}

function reachOf(n: i32): i32 {
  return (factsAt(n) & TOKEN) != 0 && hasSecond(n) ? FAR : NEAR;
}

let lines: i32 = 0;

/** Says that nothing was found in a stretch. */
export function settle(stretch: i32): void {
  const first = load<i32>(stretches + ((<usize>stretch) << 4) + 8);
  const end = load<i32>(stretches + ((<usize>stretch) << 4) + 12);
  for (let n = first; n < end; n++) if (isWorth(n)) settleKey(neighbourhood(n));
}

/** Knows a line by itself, those beside it, and those not far that may hold a second part. */
function neighbourhood(n: i32): u64 {
  const from = max(0, n - NEAR);
  const to = min(lines, n + NEAR + 1);
  const whole = to - from == 2 * NEAR + 1;
  let key =
    load<u64>(sums + ((<usize>to) << 3)) -
    load<u64>(sums + ((<usize>from) << 3)) * (whole ? POWER : power(to - from));
  if (!whole) key += <u64>(n - from + 1) * POWER;
  if (reachOf(n) == NEAR) return key;
  for (let line = max(0, n - FAR); line < min(lines, n + FAR + 1); line++)
    if ((factsAt(line) & SECOND) != 0) key = rotl<u64>(key, 7) ^ hashOfLine(line);
  return key;
}

function hashOfLine(n: i32): u64 {
  return load<u64>(sums + ((<usize>(n + 1)) << 3)) - load<u64>(sums + ((<usize>n) << 3)) * FACTOR;
}

function isSettled(key: u64): bool {
  const bucket = settled + ((<usize>((<u32>(key >> 32)) & mask)) << 3);
  return load<u64>(bucket) == key || load<u64>(bucket + 8) == key;
}

/** The older of two makes room. */
function settleKey(key: u64): void {
  const bucket = settled + ((<usize>((<u32>(key >> 32)) & mask)) << 3);
  store<u64>(bucket + 8, load<u64>(bucket));
  store<u64>(bucket, key);
}

/** What a line may hold; found out once while it is remembered. */
function factsOf(key: u64, from: usize, end: usize): u32 {
  const bucket = known + ((<usize>((<u32>(key >> 32)) & mask)) << 3);
  const name = key & ~FACTS;
  const first = load<u64>(bucket);
  if ((first & ~FACTS) == name && (first & (<u64>KNOWN)) != 0) return (<u32>first) & 0x7fff;
  const second = load<u64>(bucket + 8);
  if ((second & ~FACTS) == name && (second & (<u64>KNOWN)) != 0) return (<u32>second) & 0x7fff;
  const found = valuesIn(from, end) | textsIn(from, end);
  store<u64>(bucket + 8, first);
  store<u64>(bucket, name | (<u64>(found | KNOWN)));
  return found;
}

/** Where the line begins that is so many before that of an offset, within reach. */
function back(at: usize, from: i32, count: i32): i32 {
  const least = max(0, from - REACH);
  let line = from;
  for (let left = count; left >= 0; left--) {
    if (line <= least) return least;
    if (left < count) line--;
    while (line > least && load<u8>(at + line - 1) != NEWLINE) line--;
  }
  return line;
}

/** Where the next line begins. */
function lineEnd(at: usize, from: i32, length: i32): i32 {
  const limit = min(length, from + LONG);
  for (let n = from; n < limit; n += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at + n), i8x16.splat(NEWLINE)));
    if (found == 0) continue;
    const end = n + ctz(found) + 1;
    if (end <= limit) return end;
    break;
  }
  if (limit == length) return length;
  const last = min(length, from + LONGEST);
  for (let n = limit; n < last; n++) if (isWordEnd(load<u8>(at + n))) return n + 1;
  return last;
}

/** Reads up to 8 bytes beyond the end. */
function hash(at: usize, length: i32): u64 {
  let sum: u64 = <u64>length;
  let n: i32 = 0;
  for (; n + 8 <= length; n += 8) sum = rotl<u64>((sum ^ load<u64>(at + n)) * FACTOR, 29);
  const left = length - n;
  if (left > 0)
    sum = rotl<u64>((sum ^ (load<u64>(at + n) & (~(<u64>0) >> ((<u64>(8 - left)) << 3)))) * FACTOR, 29);
  sum ^= sum >> 32;
  return sum * FACTOR;
}
