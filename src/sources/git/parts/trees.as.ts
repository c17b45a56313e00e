// A part of pack.as.ts: compares trees with what they are made from.

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
