// A part of pack.as.ts: inflates zlib streams.

import { CODE_SIZE, COUNTS, LONGEST, ROOT_SIZE, SYMBOLS, build, initCodes } from './codes.as';
import { sumOf } from './sum.as';

let literals: usize = 0;
let distances: usize = 0;
let fixedLiterals: usize = 0;
let fixedDistances: usize = 0;
let lengths: usize = 0;
let bases: usize = 0;

/** Bits not yet used, how many there are, and where the next byte comes from. */
let bits: u64 = 0;
let held: u32 = 0;
let next: usize = 0;

/** Lays out 64 KiB of working space. */
export function initInflate(work: usize): void {
  literals = work;
  distances = literals + CODE_SIZE;
  fixedLiterals = distances + CODE_SIZE;
  fixedDistances = fixedLiterals + CODE_SIZE;
  lengths = fixedDistances + CODE_SIZE;
  bases = lengths + 512 + 64;
  initCodes(lengths + 512);
  makeBases();
  memory.fill(lengths, 8, 144);
  memory.fill(lengths + 144, 9, 112);
  memory.fill(lengths + 256, 7, 24);
  memory.fill(lengths + 280, 8, 8);
  build(fixedLiterals, lengths, 288, false);
  memory.fill(lengths, 5, 32);
  build(fixedDistances, lengths, 32, false);
}

/** For lengths and, 128 bytes on, for distances: the least value of a symbol, and its extra bits. */
function makeBases(): void {
  let base: u32 = 3;
  for (let n: u32 = 0; n < 28; n++) {
    const extra: u32 = n < 8 ? 0 : (n - 4) >> 2;
    store<u32>(bases + (n << 2), (base << 8) | extra);
    base += 1 << extra;
  }
  store<u32>(bases + (28 << 2), 258 << 8);
  base = 1;
  for (let n: u32 = 0; n < 30; n++) {
    const extra: u32 = n < 4 ? 0 : (n - 2) >> 1;
    store<u32>(bases + 128 + (n << 2), (base << 8) | extra);
    base += 1 << extra;
  }
}

function refill(): void {
  bits |= load<u64>(next) << held;
  next += (63 - held) >> 3;
  held |= 56;
}

function take(count: u32): u32 {
  const taken = (<u32>bits) & ((1 << count) - 1);
  bits >>= count;
  held -= count;
  return taken;
}

/** Decodes one symbol bit by bit; there are at least 15 bits. Gives a number beyond all symbols for no code. */
function decodeLong(code: usize): u32 {
  let value: i32 = 0;
  let first: i32 = 0;
  let index: i32 = 0;
  for (let length: u32 = 1; length <= LONGEST; length++) {
    value |= <i32>take(1);
    const count = <i32>load<u16>(code + COUNTS + (length << 1));
    if (value - count < first) return load<u16>(code + SYMBOLS + ((<u32>(index + value - first)) << 1));
    index += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  return 0xffff;
}

function decode(code: usize): u32 {
  const entry = load<u32>(code + (((<u32>bits) & (ROOT_SIZE - 1)) << 2));
  if (entry == 0) return decodeLong(code);
  const length = entry & 0xff;
  bits >>= length;
  held -= length;
  return entry >> 8;
}

/** Position of the nth length of the code of lengths. */
function orderOf(n: u32): u32 {
  if (n < 3) return 16 + n;
  if (n == 3) return 0;
  return (n & 1) == 0 ? 8 + ((n - 4) >> 1) : 7 - ((n - 5) >> 1);
}

function readCodes(end: usize): bool {
  const literalCount = take(5) + 257;
  const distanceCount = take(5) + 1;
  const lengthCount = take(4) + 4;
  if (literalCount > 286 || distanceCount > 30) return false;
  memory.fill(lengths, 0, 19);
  for (let n: u32 = 0; n < lengthCount; n++) {
    if (held < 3) refill();
    store<u8>(lengths + orderOf(n), <u8>take(3));
  }
  if (!build(literals, lengths, 19, false)) return false;
  const total = literalCount + distanceCount;
  let n: u32 = 0;
  while (n < total) {
    if (held < 32) refill();
    if (next > end + 16) return false;
    const symbol = decode(literals);
    if (symbol < 16) {
      store<u8>(lengths + n, <u8>symbol);
      n++;
      continue;
    }
    if (symbol > 18 || (symbol == 16 && n == 0)) return false;
    const value: u8 = symbol == 16 ? load<u8>(lengths + n - 1) : 0;
    const repeat = symbol == 16 ? 3 + take(2) : symbol == 17 ? 3 + take(3) : 11 + take(7);
    if (n + repeat > total) return false;
    memory.fill(lengths + n, value, repeat);
    n += repeat;
  }
  if (load<u8>(lengths + 256) == 0) return false;
  return (
    build(distances, lengths + literalCount, distanceCount, true) &&
    build(literals, lengths, literalCount, true)
  );
}

/** Copies within the output, where source and target may overlap; may write 15 bytes beyond. */
function copyBack(to: usize, distance: u32, length: u32): void {
  const from = to - distance;
  if (distance >= 16) {
    for (let n: u32 = 0; n < length; n += 16) v128.store(to + n, v128.load(from + n));
  } else if (distance == 1) {
    memory.fill(to, load<u8>(from), length);
  } else {
    for (let n: u32 = 0; n < length; n++) store<u8>(to + n, load<u8>(from + n));
  }
}

/** Inflates one block of codes; gives where the output ends, or 0 for a broken one. */
function inflateBlock(
  literal: usize,
  distance: usize,
  start: usize,
  from: usize,
  limits: usize,
  end: usize,
): usize {
  let to = from;
  while (next <= end + 16) {
    refill();
    let symbol = decode(literal);
    if (symbol < 256) {
      if (to >= limits) return 0;
      store<u8>(to++, <u8>symbol);
      symbol = decode(literal);
      if (symbol < 256) {
        if (to >= limits) return 0;
        store<u8>(to++, <u8>symbol);
        continue;
      }
      refill();
    }
    if (symbol == 256) return to;
    if (symbol > 285) return 0;
    const lengthEntry = load<u32>(bases + ((symbol - 257) << 2));
    const length = (lengthEntry >> 8) + take(lengthEntry & 0xff);
    const code = decode(distance);
    if (code > 29) return 0;
    if (held < 16) refill();
    const distanceEntry = load<u32>(bases + 128 + (code << 2));
    const back = (distanceEntry >> 8) + take(distanceEntry & 0xff);
    if (<usize>back > to - start || to + length > limits) return 0;
    copyBack(to, back, length);
    to += length;
  }
  return 0;
}

/** Inflates a zlib stream of which all bytes are there to exactly so many bytes; false where it is broken or of another length. */
export function inflate(from: usize, end: usize, to: usize, length: u32): bool {
  if (end - from < 6) return false;
  const head = ((<u32>load<u8>(from)) << 8) | load<u8>(from + 1);
  if ((head & 0x0f00) != 0x0800 || head > 0x78ff || head % 31 != 0 || (head & 0x20) != 0) return false;
  bits = 0;
  held = 0;
  next = from + 2;
  const limits = to + length;
  let at = to;
  let last: u32 = 0;
  while (last == 0) {
    if (next > end + 16) return false;
    refill();
    last = take(1);
    const kind = take(2);
    if (kind == 0) {
      next -= held >> 3;
      const size = <u32>load<u16>(next);
      if ((size ^ (<u32>load<u16>(next, 2))) != 0xffff) return false;
      next += 4;
      bits = 0;
      held = 0;
      if (next + size > end || at + size > limits) return false;
      memory.copy(at, next, size);
      next += size;
      at += size;
    } else if (kind == 1) {
      at = inflateBlock(fixedLiterals, fixedDistances, to, at, limits, end);
    } else {
      if (kind == 3 || !readCodes(end)) return false;
      at = inflateBlock(literals, distances, to, at, limits, end);
    }
    if (at == 0) return false;
  }
  next -= held >> 3;
  return at == limits && next + 4 <= end && bswap<u32>(load<u32>(next)) == sumOf(to, length);
}
