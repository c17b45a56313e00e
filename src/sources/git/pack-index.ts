import type { RandomFile } from '../../lib/random-file.ts';

/** What an index says of a pack: which objects are in it and where. */
export interface PackIndex {
  readonly count: number;
  /** Names one after the other, in ascending order; shared between threads. */
  readonly names: Uint8Array;
  /** Offset in the pack, in the order of names. */
  readonly offsets: Float64Array;
}

const FANOUT = 256 * 4;
const HEAD = 8;

/**
 * Reads an index of version 1 or 2 of at most so many objects; undefined where it is cut off, lists more or contradicts
 * itself.
 */
export function readPackIndex(file: RandomFile, nameBytes: number, most: number): PackIndex | undefined {
  const head = part(file, 0, HEAD);
  if (head === undefined) return undefined;
  const isFirst = head.readUInt32BE(0) !== 0xff744f63;
  if (!isFirst && head.readUInt32BE(4) !== 2) return undefined;
  const fanout = readFanout(file, isFirst ? 0 : HEAD);
  const count = fanout?.[255] ?? 0;
  if (fanout === undefined || count > most) return undefined;
  const index = isFirst ? readVersion1(file, nameBytes, count) : readVersion2(file, nameBytes, count);
  return index !== undefined && isInOrder(index.names, nameBytes, fanout) ? index : undefined;
}

function readVersion2(file: RandomFile, nameBytes: number, count: number): PackIndex | undefined {
  if (file.bytes < HEAD + FANOUT + count * (nameBytes + 8) + 2 * nameBytes) return undefined;
  const names = sharedBytes(count * nameBytes);
  const at = HEAD + FANOUT;
  if (file.read(names, at) !== names.length) return undefined;
  const small = part(file, at + count * (nameBytes + 4), count * 4);
  const largeAt = at + count * (nameBytes + 8);
  const large = part(file, largeAt, Math.min(count * 8, file.bytes - 2 * nameBytes - largeAt));
  if (small === undefined || large === undefined) return undefined;
  const offsets = new Float64Array(count);
  for (let n = 0; n < count; n += 1) {
    const offset = small.readUInt32BE(n * 4);
    const row = (offset & 0x7fffffff) * 8;
    if (offset < 0x80000000) offsets[n] = offset;
    else if (row + 8 <= large.length)
      offsets[n] = large.readUInt32BE(row) * 2 ** 32 + large.readUInt32BE(row + 4);
    else return undefined;
  }
  return { count, names, offsets };
}

function readVersion1(file: RandomFile, nameBytes: number, count: number): PackIndex | undefined {
  const row = 4 + nameBytes;
  if (file.bytes < FANOUT + count * row + 2 * nameBytes) return undefined;
  const rows = part(file, FANOUT, count * row);
  if (rows === undefined) return undefined;
  const names = sharedBytes(count * nameBytes);
  const offsets = new Float64Array(count);
  for (let n = 0; n < count; n += 1) {
    offsets[n] = rows.readUInt32BE(n * row);
    names.set(rows.subarray(n * row + 4, (n + 1) * row), n * nameBytes);
  }
  return { count, names, offsets };
}

/** By the first byte of a name: how many names begin with it or a lesser one. None where that does not ascend. */
function readFanout(file: RandomFile, at: number): readonly number[] | undefined {
  const bytes = part(file, at, FANOUT);
  if (bytes === undefined) return undefined;
  const fanout = Array.from({ length: 256 }, (_, n) => bytes.readUInt32BE(n * 4));
  return fanout.every((count, n) => count >= (fanout[n - 1] ?? 0)) ? fanout : undefined;
}

/** Names are sought by halves: what stands in another order would not be found. */
function isInOrder(names: Uint8Array, nameBytes: number, fanout: readonly number[]): boolean {
  for (let at = nameBytes; at < names.length; at += nameBytes) {
    let n = 0;
    while (n < nameBytes && names[at + n] === names[at - nameBytes + n]) n += 1;
    if (n < nameBytes && (names[at + n] ?? 0) < (names[at - nameBytes + n] ?? 0)) return false;
  }
  return fanout.every((count, first) => {
    const [last, next] = [names[(count - 1) * nameBytes] ?? 0, names[count * nameBytes] ?? 256];
    return last <= first && next > first;
  });
}

function part(file: RandomFile, at: number, length: number): Buffer | undefined {
  if (at + length > file.bytes) return undefined;
  const bytes = Buffer.allocUnsafe(length);
  return file.read(bytes, at) === length ? bytes : undefined;
}

function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}

/** Position of a name among names in ascending order; -1 where it is not there. */
export function findName(names: Uint8Array, nameBytes: number, name: Uint8Array): number {
  let low = 0;
  let high = names.length / nameBytes - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const order = compareAt(names, middle * nameBytes, name, nameBytes);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

function compareAt(names: Uint8Array, at: number, name: Uint8Array, nameBytes: number): number {
  for (let n = 0; n < nameBytes; n += 1) {
    const difference = (names[at + n] ?? 0) - (name[n] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
