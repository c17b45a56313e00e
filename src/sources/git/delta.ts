/** Half-open ranges of bytes of a new object that its base does not have side by side, with some bytes around them. */
export interface Windows {
  readonly bounds: Uint32Array;
  count: number;
}

export function createWindows(room = 1 << 16): Windows {
  return { bounds: new Uint32Array(2 * room), count: 0 };
}

/** What a delta is applied to, where its result goes, and how much of it counts as changed. */
export interface DeltaJob {
  /** Everything lies in this one stretch of bytes. */
  readonly bytes: Uint8Array;
  readonly base: number;
  readonly baseLength: number;
  readonly delta: number;
  readonly deltaLength: number;
  readonly target: number;
  /** Bytes that the target may take. */
  readonly room: number;
  /** Bytes around a change that belong to its window. */
  readonly context: number;
}

export const deltaErrors = { broken: -1, noRoom: -2 } as const;

/**
 * Applies a delta of git's pack format and notes the windows that changed. Gives the length of the result, or a
 * negative number: -1 for a delta that contradicts itself or its base, -2 where there is not enough room.
 */
export function applyDelta(job: DeltaJob, windows: Windows): number {
  const reader = {
    bytes: job.bytes,
    at: job.delta,
    end: job.delta + job.deltaLength,
    copies: false,
    from: 0,
    size: 0,
  };
  windows.count = 0;
  if (readLength(reader) !== job.baseLength) return deltaErrors.broken;
  const length = readLength(reader);
  if (length > job.room) return deltaErrors.noRoom;
  let written = 0;
  // Where the base would go on, as it does from its start.
  let expected = job.base;
  while (reader.at < reader.end) {
    if (!readInstruction(reader, job) || written + reader.size > length) return deltaErrors.broken;
    copyBytes(job.bytes, reader.from, job.target + written, reader.size);
    if (!reader.copies) note(windows, written, written + reader.size, job.context);
    else if (reader.from !== expected) note(windows, written, written, job.context);
    expected = reader.copies ? reader.from + reader.size : -1;
    written += reader.size;
  }
  // Text that the base goes on with is missing here: what stood before it now ends the object.
  if (expected !== -1 && expected !== job.base + job.baseLength) note(windows, written, written, job.context);
  clip(windows, length);
  return written === length ? length : deltaErrors.broken;
}

interface Reader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  /** Whether the instruction takes bytes of the base; otherwise they are its own. */
  copies: boolean;
  from: number;
  size: number;
}

/** Reads the next instruction and steps behind it; false for one that asks for what is not there. */
function readInstruction(reader: Reader, { base, baseLength }: DeltaJob): boolean {
  const code = reader.bytes[reader.at++] ?? 0;
  reader.copies = code >= 128;
  if (reader.copies) {
    const offset = readOffset(reader, code);
    reader.size = readSize(reader, code);
    reader.from = base + offset;
    return reader.at <= reader.end && offset + reader.size <= baseLength;
  }
  reader.from = reader.at;
  reader.size = code;
  reader.at += code;
  return code > 0 && reader.at <= reader.end;
}

function readLength(reader: Reader): number {
  let length = 0;
  for (let scale = 1; reader.at < reader.end && scale < 2 ** 50; scale *= 128) {
    const byte = reader.bytes[reader.at++] ?? 0;
    length += (byte & 127) * scale;
    if (byte < 128) break;
  }
  return length;
}

function readOffset(reader: Reader, code: number): number {
  let offset = 0;
  if ((code & 1) !== 0) offset = reader.bytes[reader.at++] ?? 0;
  if ((code & 2) !== 0) offset += (reader.bytes[reader.at++] ?? 0) * 0x100;
  if ((code & 4) !== 0) offset += (reader.bytes[reader.at++] ?? 0) * 0x10000;
  if ((code & 8) !== 0) offset += (reader.bytes[reader.at++] ?? 0) * 0x1000000;
  return offset;
}

function readSize(reader: Reader, code: number): number {
  let size = 0;
  if ((code & 16) !== 0) size = reader.bytes[reader.at++] ?? 0;
  if ((code & 32) !== 0) size += (reader.bytes[reader.at++] ?? 0) * 0x100;
  if ((code & 64) !== 0) size += (reader.bytes[reader.at++] ?? 0) * 0x10000;
  return size === 0 ? 0x10000 : size;
}

/** A call costs more than a short loop. */
function copyBytes(bytes: Uint8Array, from: number, to: number, size: number): void {
  if (size > 64) bytes.copyWithin(to, from, from + size);
  else for (let n = 0; n < size; n += 1) bytes[to + n] = bytes[from + n] ?? 0;
}

function note(windows: Windows, from: number, to: number, context: number): void {
  const { bounds, count } = windows;
  const start = Math.max(0, from - context);
  const last = 2 * count - 1;
  if (count > 0 && start <= (bounds[last] ?? 0)) bounds[last] = to + context;
  else if (2 * count < bounds.length) {
    bounds[2 * count] = start;
    bounds[2 * count + 1] = to + context;
    windows.count = count + 1;
  } else bounds[last] = to + context;
}

function clip({ bounds, count }: Windows, length: number): void {
  if (count > 0) bounds[2 * count - 1] = Math.min(bounds[2 * count - 1] ?? 0, length);
}
