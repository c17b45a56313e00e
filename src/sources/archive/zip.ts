import { inflateRawSync } from 'node:zlib';

/** One file in a zip archive, as its directory lists it. */
export interface ZipEntry {
  readonly name: string;
  readonly isEncrypted: boolean;
  /** 0 is stored, 8 is deflated. */
  readonly method: number;
  readonly packedSize: number;
  readonly size: number;
  /** Of its local header. */
  readonly offset: number;
}

const END = 0x06054b50;
const DIRECTORY = 0x02014b50;
const LOCAL = 0x04034b50;
const LONGEST_COMMENT = 65_557;
/** Stands where the real number is in the extra field. */
const ELSEWHERE = 0xffffffff;

/** Lists the files of a zip archive, folders left out. Throws `RangeError` where it is broken. */
export function listZip(bytes: Buffer): readonly ZipEntry[] {
  const end = findEnd(bytes);
  const entries: ZipEntry[] = [];
  let at = bytes.readUInt32LE(end + 16);
  while (at + 46 <= end && bytes.readUInt32LE(at) === DIRECTORY) {
    const nameLength = bytes.readUInt16LE(at + 28);
    const extraLength = bytes.readUInt16LE(at + 30);
    const entry = readEntry(bytes, at, nameLength, extraLength);
    if (!entry.name.endsWith('/')) entries.push(entry);
    at += 46 + nameLength + extraLength + bytes.readUInt16LE(at + 32);
  }
  if (entries.length === 0 && bytes.readUInt16LE(end + 10) > 0) throw new RangeError('no directory');
  return entries;
}

function findEnd(bytes: Buffer): number {
  const first = Math.max(0, bytes.length - LONGEST_COMMENT);
  for (let at = bytes.length - 22; at >= first; at -= 1) if (bytes.readUInt32LE(at) === END) return at;
  throw new RangeError('no end of the directory');
}

function readEntry(bytes: Buffer, at: number, nameLength: number, extraLength: number): ZipEntry {
  const flags = bytes.readUInt16LE(at + 8);
  const nameEnd = at + 46 + nameLength;
  const name = bytes.subarray(at + 46, nameEnd).toString((flags & 0x800) === 0 ? 'latin1' : 'utf8');
  const sizes = [bytes.readUInt32LE(at + 24), bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 42)];
  const [size = 0, packedSize = 0, offset = 0] = longNumbers(
    bytes.subarray(nameEnd, nameEnd + extraLength),
    sizes,
  );
  return {
    name,
    isEncrypted: (flags & 1) !== 0,
    method: bytes.readUInt16LE(at + 10),
    packedSize,
    size,
    offset,
  };
}

/** Zip64: each number that does not fit stands in the extra field, in this order. */
function longNumbers(extra: Buffer, numbers: readonly number[]): readonly number[] {
  if (!numbers.includes(ELSEWHERE)) return numbers;
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let next = at + 4;
    return numbers.map((number) => {
      if (number !== ELSEWHERE) return number;
      next += 8;
      return Number(extra.readBigUInt64LE(next - 8));
    });
  }
  return numbers;
}

/** Unpacks one file, up to a number of bytes. Throws where it is broken or larger. */
export function readZipEntry(bytes: Buffer, entry: ZipEntry, mostBytes: number): Buffer {
  if (bytes.readUInt32LE(entry.offset) !== LOCAL) throw new RangeError('no local header');
  const start =
    entry.offset + 30 + bytes.readUInt16LE(entry.offset + 26) + bytes.readUInt16LE(entry.offset + 28);
  const packed = bytes.subarray(start, start + entry.packedSize);
  if (packed.length < entry.packedSize) throw new RangeError('cut off');
  return entry.method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: Math.max(1, mostBytes) });
}
