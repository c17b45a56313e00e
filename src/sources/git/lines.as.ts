// Compiled to WebAssembly: lists the lines around a change that were not settled before, in linear memory that the
// caller lays out. A line is known by its neighbourhood: the lines to each side of it, and itself.

/** Lines to each side of a line that its judgement may depend on, and those within which a second part stands. */
const NEAR: i32 = 2;
const FAR: i32 = 10;
/** Bytes before and after a change within which its neighbours stand. */
const REACH: i32 = 2000;
/** Length from which on a line is cut where a word ends, and where it is cut whatever stands there. */
const LONG: i32 = 1024;
const LONGEST: i32 = 4096;

/** What a line may hold: a value, one of a token's length, encoded text; and, as lines.ts says, texts that count. */
const VALUE: u32 = 1;
const TOKEN: u32 = 2;
const ENCODED: u32 = 4;
const NAME: u32 = 8;
const BEGIN: u32 = 16;
const SECOND: u32 = 32;
const ALONE: u32 = 64;
const KNOWN: u32 = 128;

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
/** By byte: 0 ends a word, 1 is a letter, 2 a digit or a sign that words do not hold, 3 joins words; 16 for tokens. */
let kinds: usize = 0;
/** By byte: its value in base64, 255 for none. */
let sextets: usize = 0;
/** Texts that count, as grams.ts tells: by hash the first link; links to the next, the text and its place; all letters. */
let grams: usize = 0;
let links: usize = 0;
let letters: usize = 0;
let textStarts: usize = 0;
let classes: usize = 0;

function power(exponent: i32): u64 {
  let result: u64 = 1;
  for (let n: i32 = 0; n < exponent; n++) result *= FACTOR;
  return result;
}

/** Says where the tables of bytes and texts lie. */
export function initTexts(
  kindsAt: usize,
  sextetsAt: usize,
  gramsAt: usize,
  linksAt: usize,
  lettersAt: usize,
  startsAt: usize,
  classesAt: usize,
): void {
  kinds = kindsAt;
  sextets = sextetsAt;
  grams = gramsAt;
  links = linksAt;
  letters = lettersAt;
  textStarts = startsAt;
  classes = classesAt;
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
    store<u8>(facts + count, <u8>factsOf(key, at + line, at + next));
    sum = sum * FACTOR + key;
    count++;
    store<i32>(starts + ((<usize>count) << 2), next);
    store<u64>(sums + ((<usize>count) << 3), sum);
    if (next > to) after++;
    line = next;
  }
  lines = count;
  return count;
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
  for (let n = max(0, from); n < min(lines, to); n++) all |= load<u8>(facts + n);
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

/** A value counts beside a name, a token beside what such a token begins with or not far from its second part. */
function isWorth(n: i32): bool {
  const own = <u32>load<u8>(facts + n);
  if ((own & (ENCODED | ALONE)) != 0) return true;
  if ((own & (VALUE | TOKEN)) == 0) return false;
  const near = holdsAny(n - NEAR, n + NEAR + 1);
  if ((own & VALUE) != 0 && (near & NAME) != 0) return true;
  return (own & TOKEN) != 0 && ((near & BEGIN) != 0 || hasSecond(n));
}

function hasSecond(n: i32): bool {
  return (holdsAny(n - FAR, n + FAR + 1) & SECOND) != 0;
}

function reachOf(n: i32): i32 {
  return (load<u8>(facts + n) & TOKEN) != 0 && hasSecond(n) ? FAR : NEAR;
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
    if ((load<u8>(facts + line) & SECOND) != 0) key = rotl<u64>(key, 7) ^ hashOfLine(line);
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
  const name = key & ~(<u64>255);
  const first = load<u64>(bucket);
  if ((first & ~(<u64>255)) == name && (first & KNOWN) != 0) return (<u32>first) & 127;
  const second = load<u64>(bucket + 8);
  if ((second & ~(<u64>255)) == name && (second & KNOWN) != 0) return (<u32>second) & 127;
  const found = valuesIn(from, end) | textsIn(from, end);
  store<u64>(bucket + 8, first);
  store<u64>(bucket, name | found | KNOWN);
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

/** A value is a run of eight with a digit or sign, or a word of 24; a token has a digit and 14, or 32. */
function valuesIn(from: usize, end: usize): u32 {
  let found: u32 = 0;
  let marked = false;
  let digit = false;
  let run: usize = from;
  let word: usize = from;
  let token: usize = from;
  let packed: usize = from;
  for (let at = from; at < end; at++) {
    const byte = load<u8>(at);
    const kind = load<u8>(kinds + byte);
    if (kind >> 4 == 0) {
      token = at + 1;
      digit = false;
    } else {
      if (byte >= 48 && byte <= 57) digit = true;
      if ((digit && at - token >= 13) || at - token >= 31) found |= TOKEN;
    }
    if (load<u8>(sextets + byte) == 255) packed = at + 1;
    else if (at - packed == 23 && mayBeText(packed)) found |= ENCODED;
    if ((byte == 37 && isCode(at + 1, end)) || (byte == 92 && isEscape(at + 1, end))) found |= ENCODED;
    if ((kind & 15) == 0) {
      run = at + 1;
      word = run;
      marked = false;
      continue;
    }
    if ((kind & 15) == 2) marked = true;
    if ((kind & 15) == 3) word = at + 1;
    if ((marked && at - run >= 7) || at - word >= 23) found |= VALUE;
  }
  return found;
}

function isPrintable(byte: u32): bool {
  return (byte >= 0x20 && byte < 0x7f) || byte == 9 || byte == 10 || byte == 13;
}

function sextet(at: usize): u32 {
  return load<u8>(sextets + load<u8>(at));
}

/** Says whether base64 or hexadecimal begins as text does. */
function mayBeText(at: usize): bool {
  let printable = 0;
  let wide = 0;
  for (let n = 0; n < 6; n++) {
    const place = at + (n / 3) * 4 + (n % 3);
    const byte = (((sextet(place) << 6) | sextet(place + 1)) >> (4 - (n % 3) * 2)) & 255;
    if (isPrintable(byte)) printable++;
    if (n % 2 == 0 ? isPrintable(byte) : byte == 0) wide++;
  }
  if (printable == 6 || wide == 6) return true;
  return isCode(at, at + 8) && isCode(at + 2, at + 8) && isCode(at + 4, at + 8) && isCode(at + 6, at + 8);
}

function digitOf(byte: u32): u32 {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 0x20;
  return letter >= 97 && letter <= 102 ? letter - 87 : 255;
}

function isCode(at: usize, end: usize): bool {
  if (at + 2 > end) return false;
  const high = digitOf(load<u8>(at));
  const low = digitOf(load<u8>(at + 1));
  return high < 16 && low < 16 && isPrintable(high * 16 + low);
}

function isEscape(at: usize, end: usize): bool {
  if (load<u8>(at) == 120) return isCode(at + 1, end);
  return load<u8>(at) == 117 && load<u8>(at + 1) == 48 && load<u8>(at + 2) == 48 && isCode(at + 3, end);
}

const GRAM_SHIFT: u32 = 17;
/** Where the chains of texts of three bytes begin, behind those of four. */
const SHORT: usize = 1 << 16;
const MULTIPLIER: u32 = 0x9e3779b1;

/** Classes of the texts in a line. */
function textsIn(from: usize, end: usize): u32 {
  let found: u32 = 0;
  let gram: u32 = 0x20202020;
  for (let at = from; at < end; at++) {
    gram = (gram << 8) | load<u8>(at) | 0x20;
    const link = load<u16>(grams + ((<usize>((gram * MULTIPLIER) >> GRAM_SHIFT)) << 1));
    if (link != 0) found |= verify(link, at, from, end);
    const short = load<u16>(grams + SHORT + ((<usize>(((gram & 0xffffff) * MULTIPLIER) >> GRAM_SHIFT)) << 1));
    if (short != 0) found |= verify(short, at, from, end);
  }
  return found;
}

function verify(first: u32, at: usize, from: usize, end: usize): u32 {
  let found: u32 = 0;
  for (let link: usize = first; link != 0; link = load<u32>(links + link * 12)) {
    const text = <usize>load<u32>(links + link * 12 + 4);
    const start = at - load<u32>(links + link * 12 + 8);
    const letter = load<u32>(textStarts + (text << 2));
    const length = load<u32>(textStarts + (text << 2) + 4) - letter;
    if (start < from || start + length > end) continue;
    let n: u32 = 0;
    while (n < length && lower(load<u8>(start + n)) == load<u8>(letters + letter + n)) n++;
    if (n == length) found |= load<u8>(classes + text);
  }
  return found;
}

function lower(byte: u8): u8 {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}
