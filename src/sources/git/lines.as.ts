// Compiled to WebAssembly: lists the lines around a change that were not settled before, in linear memory that the
// caller lays out. A line is known by its neighbourhood: the lines to each side of it, and itself.

/** Lines to each side of a line that its judgement may depend on. */
const NEAR: i32 = 3;
/** Bytes before and after a change within which its neighbours stand. */
const REACH: i32 = 2000;
/** Length from which on a line is cut where a word ends, and where it is cut whatever stands there. */
const LONG: i32 = 1024;
const LONGEST: i32 = 4096;

const NEWLINE: u8 = 10;
const FACTOR: u64 = 0x9e3779b97f4a7c15;
const POWER: u64 = power(2 * NEAR + 1);

/** By line: where it begins, and the hashes of all lines up to its begin. */
let starts: usize = 0;
let sums: usize = 0;
let most: i32 = 0;
/** Stretches: from, to, first and one past the last line. */
let stretches: usize = 0;
/** Hashes of neighbourhoods in which nothing was found, two to a bucket. */
let table: usize = 0;
let mask: u32 = 0;
/** By byte: 0 ends a word, 1 is a letter, 2 a digit or a sign that words do not hold, 3 joins words. */
let kinds: usize = 0;

function power(exponent: i32): u64 {
  let result: u64 = 1;
  for (let n: i32 = 0; n < exponent; n++) result *= FACTOR;
  return result;
}

/** Lays out what is kept: kinds of bytes, room for so many lines, and a table of a power of two of hashes. */
export function initLines(
  kindsAt: usize,
  linesAt: usize,
  lineRoom: i32,
  tableAt: usize,
  tableSize: u32,
): void {
  kinds = kindsAt;
  most = lineRoom;
  starts = linesAt;
  sums = starts + (<usize>lineRoom + 1) * 4;
  sums = (sums + 7) & ~7;
  stretches = sums + (<usize>lineRoom + 1) * 8;
  table = tableAt;
  mask = tableSize - 2;
}

export function stretchesAt(): usize {
  return stretches;
}

/** Lists the stretches of lines that are to be looked at around bytes `from` to `to` of an object; gives how many. */
export function listStretches(at: usize, length: i32, from: i32, to: i32): i32 {
  const first = back(at, from, 2 * NEAR);
  const judgedFrom = back(at, from, NEAR);
  let judgedTo = to;
  let count: i32 = 0;
  let line = first;
  let sum: u64 = 0;
  let after: i32 = 0;
  store<i32>(starts, first);
  store<u64>(sums, 0);
  while (line < length && count < most && after <= 2 * NEAR && line - to < REACH) {
    const next = lineEnd(at, line, length);
    sum = sum * FACTOR + hash(at + line, next - line);
    count++;
    store<i32>(starts + ((<usize>count) << 2), next);
    store<u64>(sums + ((<usize>count) << 3), sum);
    if (next > to) {
      after++;
      if (after <= NEAR + 1) judgedTo = next;
    }
    line = next;
  }
  return gather(at, count, judgedFrom, judgedTo);
}

function gather(at: usize, count: i32, from: i32, to: i32): i32 {
  let found: i32 = 0;
  let last: i32 = -3 * NEAR;
  for (let n: i32 = 0; n < count; n++) {
    const start = load<i32>(starts + ((<usize>n) << 2));
    if (start < from) continue;
    if (start >= to) break;
    const key = neighbourhood(n, count);
    if (isSettled(key)) continue;
    const end = load<i32>(starts + ((<usize>(n + 1)) << 2));
    if (!mayHoldValue(at + start, at + end)) {
      settleKey(key);
      continue;
    }
    if (n - last > 2 * NEAR) {
      store<i32>(stretches + ((<usize>found) << 4), load<i32>(starts + ((<usize>max(0, n - NEAR)) << 2)));
      store<i32>(stretches + ((<usize>found) << 4) + 8, n);
      found++;
    }
    store<i32>(
      stretches + ((<usize>(found - 1)) << 4) + 4,
      load<i32>(starts + ((<usize>min(count, n + NEAR + 1)) << 2)),
    );
    store<i32>(stretches + ((<usize>(found - 1)) << 4) + 12, n + 1);
    last = n;
  }
  lines = count;
  return found;
}

let lines: i32 = 0;

/** Says that nothing was found in a stretch. */
export function settle(stretch: i32): void {
  const first = load<i32>(stretches + ((<usize>stretch) << 4) + 8);
  const end = load<i32>(stretches + ((<usize>stretch) << 4) + 12);
  for (let n = first; n < end; n++) settleKey(neighbourhood(n, lines));
}

function neighbourhood(n: i32, count: i32): u64 {
  const from = max(0, n - NEAR);
  const to = min(count, n + NEAR + 1);
  const sum = load<u64>(sums + ((<usize>to) << 3));
  if (to - from == 2 * NEAR + 1) return sum - load<u64>(sums + ((<usize>from) << 3)) * POWER;
  return sum - load<u64>(sums + ((<usize>from) << 3)) * power(to - from) + <u64>(n - from + 1) * POWER;
}

function bucketOf(key: u64): usize {
  return table + ((<usize>((<u32>(key >> 32)) & mask)) << 3);
}

function isSettled(key: u64): bool {
  const bucket = bucketOf(key);
  return load<u64>(bucket) == key || load<u64>(bucket + 8) == key;
}

/** The older of two makes room. */
function settleKey(key: u64): void {
  const bucket = bucketOf(key);
  store<u64>(bucket + 8, load<u64>(bucket));
  store<u64>(bucket, key);
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
  for (let n = limit; n < last; n++) if (load<u8>(kinds + load<u8>(at + n)) == 0) return n + 1;
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

/** Says whether a run of bytes may be a value: of eight with a digit or sign, or a word of 24. */
function mayHoldValue(from: usize, end: usize): bool {
  let marked = false;
  let run: usize = from;
  let word: usize = from;
  for (let at = from; at < end; at++) {
    const kind = load<u8>(kinds + load<u8>(at));
    if (kind == 0) {
      run = at + 1;
      word = run;
      marked = false;
      continue;
    }
    if (kind == 2) marked = true;
    if (kind == 3) word = at + 1;
    if ((marked && at - run >= 7) || at - word >= 23) return true;
  }
  return false;
}
