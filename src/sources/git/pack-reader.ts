import type { RandomFile } from '../../lib/random-file.ts';
import { SLACK, type Kernel } from './kernel.ts';
import type { PackTable } from './pack-table.ts';

/** Neighbours in a delta tree lie far apart: small chunks, and many of them, read the least. */
const CHUNK = 16 << 10;
const OVERLAP = 4 << 10;
const CHUNKS = 2560;
const CHUNK_ROOM = CHUNK + OVERLAP + SLACK;
/** Compressed bytes of the largest entry that is read. */
const LARGEST_ENTRY = 32 << 20;
/** Bytes of a kernel that a reader takes. */
export const READER_ROOM = CHUNKS * CHUNK_ROOM + LARGEST_ENTRY + SLACK;

/** Brings entries of one pack into the bytes of a kernel, by chunks that are kept while they may be needed again. */
export interface PackReader {
  /** Sets `from` and `end` to the compressed bytes of an entry; false where it is too large or not there. */
  readonly locate: (position: number) => boolean;
  from: number;
  end: number;
}

export function createPackReader(
  file: RandomFile,
  table: PackTable,
  { bytes }: Kernel,
  room: number,
): PackReader {
  const held = new Float64Array(CHUNKS).fill(-1);
  const filled = new Float64Array(CHUNKS);
  const large = room + CHUNKS * CHUNK_ROOM;
  const reader: PackReader = { locate, from: 0, end: 0 };
  return reader;

  function locate(position: number): boolean {
    const start = (table.offsets[position] ?? 0) + (table.headers[position] ?? 0);
    const length = (table.offsets[position + 1] ?? 0) - start;
    if (length <= 0 || length > LARGEST_ENTRY) return false;
    const chunk = Math.floor(start / CHUNK);
    return start + length <= (chunk + 1) * CHUNK + OVERLAP
      ? inChunk(chunk, start, length)
      : alone(start, length);
  }

  function inChunk(chunk: number, start: number, length: number): boolean {
    const slot = chunk % CHUNKS;
    const at = room + slot * CHUNK_ROOM;
    if (held[slot] !== chunk) {
      held[slot] = chunk;
      filled[slot] = file.read(bytes.subarray(at, at + CHUNK + OVERLAP), chunk * CHUNK);
    }
    reader.from = at + (start - chunk * CHUNK);
    reader.end = reader.from + length;
    return reader.end <= at + (filled[slot] ?? 0);
  }

  function alone(start: number, length: number): boolean {
    reader.from = large;
    reader.end = large + length;
    return file.read(bytes.subarray(large, large + length), start) === length;
  }
}
