// A part of pack.as.ts: applies deltas, and notes what they change.

let bounds: usize = 0;
let room: u32 = 0;
let next: usize = 0;

/** Says where windows go: pairs of 32-bit bounds. */
export function initWindows(windows: usize, windowRoom: u32): void {
  bounds = windows;
  room = windowRoom;
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
