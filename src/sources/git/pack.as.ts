// Compiled to WebAssembly: what kernel.ts does with zlib and delta.ts, in linear memory that the caller lays out.
// Reads and writes may go up to 64 bytes beyond an end; what lies there does not matter.

const ROOT_BITS: u32 = 10;
const ROOT_SIZE: u32 = 1 << ROOT_BITS;
const LONGEST: u32 = 15;
/** Layout of one code: root table, then counts by length, then symbols in the order of their codes. */
const COUNTS: usize = ROOT_SIZE * 4;
const SYMBOLS: usize = COUNTS + 64;
const CODE_SIZE: usize = SYMBOLS + 640;
/** Bytes between two checks of the sums, as few as keep them within 32 bits. */
const SUM_CHUNK: u32 = 5552;

let literals: usize = 0;
let distances: usize = 0;
let fixedLiterals: usize = 0;
let fixedDistances: usize = 0;
let lengths: usize = 0;
let offsets: usize = 0;
let bases: usize = 0;
let bounds: usize = 0;
let room: u32 = 0;

/** Bits not yet used, how many there are, and where the next byte comes from. */
let bits: u64 = 0;
let held: u32 = 0;
let next: usize = 0;

/** Lays out 64 KiB of working space, and where windows go: pairs of 32-bit bounds. */
export function init(work: usize, windows: usize, windowRoom: u32): void {
  literals = work;
  distances = literals + CODE_SIZE;
  fixedLiterals = distances + CODE_SIZE;
  fixedDistances = fixedLiterals + CODE_SIZE;
  lengths = fixedDistances + CODE_SIZE;
  offsets = lengths + 512;
  bases = offsets + 64;
  bounds = windows;
  room = windowRoom;
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

function reverse(code: u32, length: u32): u32 {
  let x = code;
  x = ((x & 0x5555) << 1) | ((x >> 1) & 0x5555);
  x = ((x & 0x3333) << 2) | ((x >> 2) & 0x3333);
  x = ((x & 0x0f0f) << 4) | ((x >> 4) & 0x0f0f);
  x = ((x & 0x00ff) << 8) | ((x >> 8) & 0x00ff);
  return x >> (16 - length);
}

/** Builds a canonical code; false for lengths that make none. A code of one symbol may be incomplete. */
function build(code: usize, from: usize, count: u32, mayBeOne: bool): bool {
  memory.fill(code, 0, SYMBOLS);
  const counts = code + COUNTS;
  for (let n: u32 = 0; n < count; n++) {
    const at = counts + ((<u32>load<u8>(from + n)) << 1);
    store<u16>(at, load<u16>(at) + 1);
  }
  const unused = load<u16>(counts);
  store<u16>(counts, 0);
  if (unused == count) return true;
  let left: i32 = 1;
  let sum: u32 = 0;
  for (let length: u32 = 1; length <= LONGEST; length++) {
    const these = load<u16>(counts + (length << 1));
    left = (left << 1) - <i32>these;
    if (left < 0) return false;
    store<u16>(offsets + (length << 1), <u16>sum);
    sum += these;
  }
  if (left > 0 && !(mayBeOne && count - unused == 1 && load<u16>(counts, 2) == 1)) return false;
  for (let n: u32 = 0; n < count; n++) {
    const length = <u32>load<u8>(from + n);
    if (length == 0) continue;
    const at = offsets + (length << 1);
    const place = load<u16>(at);
    store<u16>(code + SYMBOLS + ((<u32>place) << 1), <u16>n);
    store<u16>(at, place + 1);
  }
  fillRoot(code);
  return true;
}

/** Entries: symbol, then length of the code in the low byte; 0 where the code is longer than the table is wide. */
function fillRoot(code: usize): void {
  let value: u32 = 0;
  let place: u32 = 0;
  for (let length: u32 = 1; length <= ROOT_BITS; length++) {
    const count = <u32>load<u16>(code + COUNTS + (length << 1));
    for (let n: u32 = 0; n < count; n++) {
      const entry = ((<u32>load<u16>(code + SYMBOLS + (place << 1))) << 8) | length;
      const step: usize = 4 << length;
      const end = code + (ROOT_SIZE << 2);
      for (let at: usize = code + (reverse(value, length) << 2); at < end; at += step) store<u32>(at, entry);
      value++;
      place++;
    }
    value <<= 1;
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

/** The checksum at the end of a zlib stream. */
function sumOf(from: usize, length: u32): u32 {
  let a: u32 = 1;
  let b: u32 = 0;
  let at = from;
  let left = length;
  while (left > 0) {
    const count = left < SUM_CHUNK ? left : SUM_CHUNK;
    const end = at + count;
    for (; at + 8 <= end; at += 8) {
      const eight = load<u64>(at);
      a += (<u32>eight) & 0xff;
      b += a;
      a += (<u32>(eight >> 8)) & 0xff;
      b += a;
      a += (<u32>(eight >> 16)) & 0xff;
      b += a;
      a += (<u32>(eight >> 24)) & 0xff;
      b += a;
      a += (<u32>(eight >> 32)) & 0xff;
      b += a;
      a += (<u32>(eight >> 40)) & 0xff;
      b += a;
      a += (<u32>(eight >> 48)) & 0xff;
      b += a;
      a += <u32>(eight >> 56);
      b += a;
    }
    for (; at < end; at++) {
      a += load<u8>(at);
      b += a;
    }
    a %= 65521;
    b %= 65521;
    left -= count;
  }
  return (b << 16) | a;
}

let windowCount: u32 = 0;

/** How many windows the last delta left. */
export function countWindows(): u32 {
  return windowCount;
}

function note(from: u32, to: u32, context: u32): void {
  const start = from > context ? from - context : 0;
  const last = bounds + (windowCount << 3) - 4;
  if (windowCount > 0 && (start <= load<u32>(last) || windowCount == room)) {
    store<u32>(last, to + context);
  } else {
    store<u32>(last + 4, start);
    store<u32>(last + 8, to + context);
    windowCount++;
  }
}

/** May read and write 15 bytes beyond. */
function copyShort(to: usize, from: usize, size: u32): void {
  if (size > 512) memory.copy(to, from, size);
  else for (let n: u32 = 0; n < size; n += 16) v128.store(to + n, v128.load(from + n));
}

function readLength(end: usize): u64 {
  let length: u64 = 0;
  for (let shift: u64 = 0; next < end && shift < 50; shift += 7) {
    const byte = load<u8>(next++);
    length |= (<u64>(byte & 127)) << shift;
    if (byte < 128) break;
  }
  return length;
}

function readPart(code: u32, bit: u32, shift: u32): u32 {
  return (code & bit) == 0 ? 0 : (<u32>load<u8>(next++)) << shift;
}

/** As `applyDelta` of delta.ts. */
export function applyDelta(
  base: usize,
  baseLength: u32,
  delta: usize,
  deltaLength: u32,
  target: usize,
  most: u32,
  context: u32,
): i32 {
  const end = delta + deltaLength;
  next = delta;
  windowCount = 0;
  if (readLength(end) != baseLength) return -1;
  const declared = readLength(end);
  if (declared > most) return -2;
  const length = <u32>declared;
  let written: u32 = 0;
  let expected: u32 = 0;
  let continues = true;
  while (next < end) {
    const code = <u32>load<u8>(next++);
    if (code >= 128) {
      const from =
        readPart(code, 1, 0) | readPart(code, 2, 8) | readPart(code, 4, 16) | readPart(code, 8, 24);
      let size = readPart(code, 16, 0) | readPart(code, 32, 8) | readPart(code, 64, 16);
      if (size == 0) size = 0x10000;
      if (next > end || <u64>from + size > baseLength || <u64>written + size > length) return -1;
      copyShort(target + written, base + from, size);
      if (!continues || from != expected) note(written, written, context);
      written += size;
      expected = from + size;
      continues = true;
    } else {
      if (code == 0 || next + code > end || <u64>written + code > length) return -1;
      copyShort(target + written, next, code);
      note(written, written + code, context);
      next += code;
      written += code;
      continues = false;
    }
  }
  if (continues && expected != baseLength) note(written, written, context);
  if (windowCount > 0) {
    const last = bounds + (windowCount << 3) - 4;
    if (load<u32>(last) > length) store<u32>(last, length);
  }
  return written == length ? <i32>length : -1;
}

/** Bits of the names that are sought; position in the list of edges, its room. */
const FILTER_SHIFT: u32 = 6;

let filter: usize = 0;
let edges: usize = 0;
let edgeRoom: u32 = 0;

/** Says where the 32 KiB of the filter lie, and where edges go: 32-bit integers. */
export function initTrees(filterAt: usize, edgesAt: usize, most: u32): void {
  filter = filterAt;
  edges = edgesAt;
  edgeRoom = most;
}

/** Whether an entry counts: a tree, or a blob of which the name may be sought. */
function counts(mode: usize, name: usize): bool {
  const first = load<u8>(mode);
  if (first == 0x34) return true;
  if (first != 0x31 || load<u8>(mode, 1) == 0x36) return false;
  const bit = bswap<u32>(load<u32>(name)) >> (8 + FILTER_SHIFT);
  return (((<u32>load<u8>(filter + (bit >> 3))) >> (bit & 7)) & 1) != 0;
}

/** Where the NUL of an entry is; the end where there is none. */
function nulOf(from: usize, end: usize): usize {
  let at = from;
  while (at < end) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(0)));
    if (found != 0) {
      const nul = at + ctz(found);
      return nul < end ? nul : end;
    }
    at += 16;
  }
  return end;
}

function isSame(one: usize, other: usize, length: usize): bool {
  let at: usize = 0;
  for (; at + 8 <= length; at += 8) if (load<u64>(one + at) != load<u64>(other + at)) return false;
  for (; at < length; at++) if (load<u8>(one + at) != load<u8>(other + at)) return false;
  return true;
}

/** Orders entries as git does: a folder's name counts as if it ended in a slash. */
function compareNames(one: usize, oneEnd: usize, other: usize, otherEnd: usize): i32 {
  let a = one + (load<u8>(one) == 0x34 ? 6 : 7);
  let b = other + (load<u8>(other) == 0x34 ? 6 : 7);
  while (a < oneEnd && b < otherEnd) {
    const difference = <i32>load<u8>(a++) - <i32>load<u8>(b++);
    if (difference != 0) return difference;
  }
  const restA: i32 = a < oneEnd ? load<u8>(a) : load<u8>(one) == 0x34 ? 0x2f : 0;
  const restB: i32 = b < otherEnd ? load<u8>(b) : load<u8>(other) == 0x34 ? 0x2f : 0;
  return restA - restB;
}

/**
 * Lists the entries of a tree that count: one that its base has too by its place among those of the base, another as
 * -1 minus its offset. Gives how many there are; -1 where there is not enough room.
 */
export function listEdges(tree: usize, length: u32, base: usize, baseLength: u32, nameBytes: u32): i32 {
  const end = tree + length;
  const baseEnd = base + baseLength;
  let other = base;
  let place: i32 = 0;
  let count: u32 = 0;
  let at = tree;
  while (at < end) {
    const nul = nulOf(at, end);
    const next = nul + 1 + nameBytes;
    if (next > end) break;
    let kept: i32 = -1;
    while (other < baseEnd) {
      const otherNul = nulOf(other, baseEnd);
      const otherNext = otherNul + 1 + nameBytes;
      if (otherNext > baseEnd) {
        other = baseEnd;
        break;
      }
      const same = otherNext - other == next - at && isSame(at, other, next - at);
      const order = same ? 0 : compareNames(at, nul, other, otherNul);
      if (order < 0) break;
      const mine = place;
      if (counts(other, otherNul + 1)) place++;
      other = otherNext;
      if (same) kept = mine;
      if (order == 0) break;
    }
    if (counts(at, nul + 1)) {
      if (count == edgeRoom) return -1;
      store<i32>(edges + (count << 2), kept >= 0 ? kept : -1 - <i32>(at - tree));
      count++;
    }
    at = next;
  }
  return <i32>count;
}
