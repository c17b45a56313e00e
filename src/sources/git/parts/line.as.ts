// A part of lines.as.ts: what one line may hold, by its bytes and the texts in it.

/** A value, one of a token's length, encoded text, what words do not hold. */
export const VALUE: u32 = 1;
export const TOKEN: u32 = 2;
export const ENCODED: u32 = 4;
export const SIGN: u32 = 512;
/** The text of a name. */
export const NAME: u32 = 8;

/** By byte: 0 ends a word, 1 is a letter, 2 a digit or a sign that words do not hold, 3 joins words; 16 for tokens. */
let kinds: usize = 0;
/** By byte: its value in base64, 255 for none. */
let sextets: usize = 0;
/** Texts that count, as grams.ts tells: by hash the first link; links to the next, the text and its place; all letters. */
let grams: usize = 0;
/** A bit for each hash of three bytes: whether some gram ends with such. */
let tails: usize = 0;
let links: usize = 0;
let letters: usize = 0;
let textStarts: usize = 0;
let classes: usize = 0;

/** Says where the tables of bytes and texts lie. */
export function initTexts(
  kindsAt: usize,
  sextetsAt: usize,
  gramsAt: usize,
  linksAt: usize,
  lettersAt: usize,
  startsAt: usize,
  classesAt: usize,
  tailsAt: usize,
): void {
  kinds = kindsAt;
  sextets = sextetsAt;
  grams = gramsAt;
  links = linksAt;
  letters = lettersAt;
  textStarts = startsAt;
  classes = classesAt;
  tails = tailsAt;
}

export function isWordEnd(byte: u8): bool {
  return load<u8>(kinds + byte) == 0;
}

/** What its values, tokens and encoded parts are. */
export function valuesIn(from: usize, end: usize): u32 {
  let found = signsIn(from, end);
  // What tells anything is eight bytes long: of each eight one is looked at.
  for (let at = from + 7; at < end; at += 8) {
    if (load<u8>(kinds + load<u8>(at)) == 0) continue;
    let start = at;
    while (start > from && load<u8>(kinds + load<u8>(start - 1)) != 0) start--;
    while (at < end && load<u8>(kinds + load<u8>(at)) != 0) at++;
    if (at - start >= 8) found |= valuesOf(start, at);
  }
  return found;
}

/** A value is a run of eight with a digit or sign, or a word of 24; a token has a digit and 14, or 32. */
function valuesOf(from: usize, end: usize): u32 {
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
    if ((kind & 15) == 0) {
      run = at + 1;
      word = run;
      marked = false;
      continue;
    }
    if ((kind & 15) == 2) marked = true;
    if ((kind & 15) == 3) word = at + 1;
    if ((marked && at - run >= 7) || at + 1 - word >= 24) found |= VALUE;
  }
  return found;
}

/** Reads up to 15 bytes beyond the end. */
function signsIn(from: usize, end: usize): u32 {
  let found: u32 = 0;
  for (let at = from; at < end; at += 16) {
    const bytes = v128.load(at);
    const rest = <u32>min(end - at, 16);
    const here = ((<u32>1) << rest) - 1;
    if ((i8x16.bitmask(i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(33)), i8x16.splat(32))) & here) != 0)
      found |= SIGN;
    const signs = v128.or(i8x16.eq(bytes, i8x16.splat(37)), i8x16.eq(bytes, i8x16.splat(92)));
    for (let left = i8x16.bitmask(signs) & here; left != 0; left &= left - 1) {
      const sign = at + ctz(left);
      if (load<u8>(sign) == 37 ? isCode(sign + 1, end) : isEscape(sign + 1, end)) return found | ENCODED;
    }
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
export function textsIn(from: usize, end: usize): u32 {
  let found: u32 = 0;
  let gram: u32 = 0x20202020;
  for (let at = from; at < end; at++) {
    gram = (gram << 8) | load<u8>(at) | 0x20;
    const tail = ((gram & 0xffffff) * MULTIPLIER) >> 16;
    if (((load<u8>(tails + (tail >> 3)) >> (<u8>(tail & 7))) & 1) == 0) continue;
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
    if (n < length) continue;
    const own = <u32>load<u16>(classes + (text << 1));
    found |= length == 3 && start + 3 < end && goesOn(load<u8>(start + 3)) ? own & ~NAME : own;
  }
  return found;
}

/** `path` and `keyboard` hold short words, but do not end with them. */
function goesOn(byte: u8): bool {
  return byte >= 97 && byte <= 122 && byte != 115;
}

function lower(byte: u8): u8 {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}
