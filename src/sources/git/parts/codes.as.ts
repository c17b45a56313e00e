// A part of pack.as.ts: the tables by which codes of deflate are decoded.

const ROOT_BITS: u32 = 10;
export const ROOT_SIZE: u32 = 1 << ROOT_BITS;
export const LONGEST: u32 = 15;
/** Layout of one code: root table, then counts by length, then symbols in the order of their codes. */
export const COUNTS: usize = ROOT_SIZE * 4;
export const SYMBOLS: usize = COUNTS + 64;
export const CODE_SIZE: usize = SYMBOLS + 640;

let offsets: usize = 0;

/** Says where 64 bytes lie to work in. */
export function initCodes(work: usize): void {
  offsets = work;
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
export function build(code: usize, from: usize, count: u32, mayBeOne: bool): bool {
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
