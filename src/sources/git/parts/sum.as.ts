// A part of pack.as.ts: the checksum of zlib.

/** Bytes between two checks of the sums, as few as keep them within 32 bits. */
const SUM_CHUNK: u32 = 5552;

/** The checksum at the end of a zlib stream. */
export function sumOf(from: usize, length: u32): u32 {
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
