import type { RandomFile } from '../../lib/random-file.ts';
import { findName, type PackIndex } from './pack-index.ts';

/** Kinds of objects, as packs number them; 0 for one whose kind cannot be told. */
export const kinds = { unknown: 0, commit: 1, tree: 2, blob: 3, tag: 4 } as const;

/**
 * What is known of every object in a pack before one is inflated, by position in the order of offsets. All arrays lie
 * in memory that threads share.
 */
export interface PackTable {
  readonly path: string;
  readonly count: number;
  readonly nameBytes: number;
  readonly names: Uint8Array;
  /** Position in `names`. */
  readonly nameAt: Uint32Array;
  /** Position in the order of offsets, by position in `names`. */
  readonly positionOf: Uint32Array;
  /** Offset of the entry, and at the end that of the trailer. */
  readonly offsets: Float64Array;
  /** Bytes of the entry's header, base included. */
  readonly headers: Uint8Array;
  /** Bytes when inflated: of the object itself or of its delta. */
  readonly lengths: Float64Array;
  readonly kinds: Uint8Array;
  /** Position of the delta's base; -1 for a whole object, -2 where the base is not in this pack. */
  readonly bases: Int32Array;
}

const CHUNK = 4 << 20;
/** Bytes of the longest header: type and size, then the name or the distance of a base. */
const LONGEST_HEADER = 64;

const whole = -1;
const foreign = -2;
const byDistance = 6;
const byName = 7;

/**
 * Reads the headers of all entries of a pack, in one go through the file. Entries that make no sense get kind 0.
 * Undefined where it is no pack, or not that of its index.
 */
export function readPackTable(
  path: string,
  file: RandomFile,
  index: PackIndex,
  nameBytes: number,
): PackTable | undefined {
  const head = Buffer.alloc(12);
  if (file.read(head, 0) < 12 || head.toString('latin1', 0, 4) !== 'PACK') return undefined;
  if (![2, 3].includes(head.readUInt32BE(4)) || head.readUInt32BE(8) !== index.count) return undefined;
  const table = emptyTable(path, index, nameBytes, Math.max(12, file.bytes - nameBytes));
  const chunk = Buffer.allocUnsafe(CHUNK + LONGEST_HEADER);
  let start = -Infinity;
  let filled = 0;
  for (let n = 0; n < table.count; n += 1) {
    const offset = table.offsets[n] ?? 0;
    if (offset < start || offset + LONGEST_HEADER > start + filled) {
      start = offset;
      filled = file.read(chunk, offset);
    }
    readHeader(table, n, chunk.subarray(offset - start, Math.min(filled, offset - start + LONGEST_HEADER)));
  }
  settleKinds(table);
  return table;
}

function emptyTable(path: string, index: PackIndex, nameBytes: number, end: number): PackTable {
  const { count, names } = index;
  const nameAt = new Uint32Array(new SharedArrayBuffer(count * 4));
  const positionOf = new Uint32Array(new SharedArrayBuffer(count * 4));
  const offsets = new Float64Array(new SharedArrayBuffer((count + 1) * 8));
  sortByOffset(index.offsets, nameAt);
  for (let n = 0; n < count; n += 1) {
    const at = nameAt[n] ?? 0;
    positionOf[at] = n;
    offsets[n] = Math.min(index.offsets[at] ?? 0, end);
  }
  offsets[count] = end;
  return {
    path,
    count,
    nameBytes,
    names,
    nameAt,
    positionOf,
    offsets,
    headers: new Uint8Array(new SharedArrayBuffer(count)),
    lengths: new Float64Array(new SharedArrayBuffer(count * 8)),
    kinds: new Uint8Array(new SharedArrayBuffer(count)),
    bases: new Int32Array(new SharedArrayBuffer(count * 4)).fill(whole),
  };
}

/** Sorting numbers alone is many times faster than sorting with a comparison; positions ride along as fractions. */
function sortByOffset(offsets: Float64Array, into: Uint32Array): void {
  const scale = 2 ** Math.ceil(Math.log2(Math.max(2, offsets.length)));
  const most = offsets.reduce((a, b) => Math.max(a, b), 0);
  if (most * scale < Number.MAX_SAFE_INTEGER) {
    const keys = offsets.map((offset, n) => offset * scale + n).sort();
    for (let n = 0; n < keys.length; n += 1) into[n] = (keys[n] ?? 0) % scale;
    return;
  }
  for (let n = 0; n < into.length; n += 1) into[n] = n;
  into.sort((a, b) => (offsets[a] ?? 0) - (offsets[b] ?? 0));
}

/** Gives kind 0 to an entry that makes no sense; a delta keeps its type until its base is known. */
function readHeader(table: PackTable, n: number, bytes: Buffer): void {
  let at = 0;
  let byte = bytes[at++] ?? 0;
  const type = (byte >> 4) & 7;
  let length = byte & 15;
  for (let scale = 16; byte >= 128 && at < 10; scale *= 128) {
    byte = bytes[at++] ?? 0;
    length += (byte & 127) * scale;
  }
  table.lengths[n] = length;
  table.kinds[n] = type === 5 ? kinds.unknown : type;
  if (type === byDistance) at = readDistance(table, n, bytes, at);
  else if (type === byName) at = readBaseName(table, n, bytes, at);
  const room = (table.offsets[n + 1] ?? 0) - (table.offsets[n] ?? 0);
  if (at >= room || at > bytes.length) table.kinds[n] = kinds.unknown;
  table.headers[n] = at;
}

function readDistance(table: PackTable, n: number, bytes: Buffer, from: number): number {
  let at = from;
  let byte = bytes[at++] ?? 0;
  let distance = byte & 127;
  while (byte >= 128 && at < from + 9) {
    byte = bytes[at++] ?? 0;
    distance = (distance + 1) * 128 + (byte & 127);
  }
  table.bases[n] = positionBefore(table.offsets, n, (table.offsets[n] ?? 0) - distance);
  return at;
}

/** Bases lie near by: the stretch to search in grows backwards. */
function positionBefore(offsets: Float64Array, n: number, offset: number): number {
  let high = n - 1;
  let step = 1;
  while (high - step >= 0 && (offsets[high - step] ?? 0) > offset) {
    high -= step;
    step *= 2;
  }
  let low = Math.max(0, high - step);
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = offsets[middle] ?? 0;
    if (found === offset) return middle;
    if (found < offset) low = middle + 1;
    else high = middle - 1;
  }
  return foreign;
}

function readBaseName(table: PackTable, n: number, bytes: Buffer, at: number): number {
  const name = bytes.subarray(at, at + table.nameBytes);
  const row = name.length < table.nameBytes ? -1 : findName(table.names, table.nameBytes, name);
  table.bases[n] = row === -1 ? foreign : (table.positionOf[row] ?? 0);
  return at + table.nameBytes;
}

/** A delta is of its base's kind. Bases by name may lie anywhere, also in a loop: that leads to kind 0. */
function settleKinds(table: PackTable): void {
  for (let n = 0; n < table.count; n += 1) {
    const chain: number[] = [];
    let at = n;
    while (at >= 0 && (table.kinds[at] ?? 0) >= byDistance) {
      chain.push(at);
      table.kinds[at] = kinds.unknown;
      at = table.bases[at] ?? foreign;
    }
    const kind = at < 0 ? kinds.unknown : (table.kinds[at] ?? kinds.unknown);
    for (const one of chain) table.kinds[one] = kind;
  }
}
