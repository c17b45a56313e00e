import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** A file of which any part can be read. Blocking: with promises the same work takes ten times as long. */
export interface RandomFile {
  readonly bytes: number;
  /** Fills a buffer from an offset of the file; gives how many bytes there were. */
  readonly read: (into: Uint8Array, offset: number) => number;
  readonly close: () => void;
}

/** Opens a regular file, a link at the end of its path followed or not; undefined where there is none that can be read. */
export function openRandomFile(path: string, follow = true): RandomFile | undefined {
  let descriptor: number | undefined;
  try {
    const noFollow = follow ? 0 : (constants.O_NOFOLLOW ?? 0);
    const opened = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | noFollow);
    descriptor = opened;
    const stat = fstatSync(opened);
    if (!stat.isFile()) throw new TypeError('not a regular file');
    return {
      bytes: stat.size,
      read: (into, offset) => readAt(opened, into, offset),
      close: () => closeSync(opened),
    };
  } catch {
    if (descriptor !== undefined) closeSync(descriptor);
    return undefined;
  }
}

function readAt(descriptor: number, into: Uint8Array, offset: number): number {
  let filled = 0;
  while (filled < into.length) {
    let count = 0;
    try {
      count = readSync(descriptor, into, filled, into.length - filled, offset + filled);
    } catch {
      return filled;
    }
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

/** Reads a whole file of at most so many bytes; undefined where it is not there, larger, or cannot be read. */
export function readBounded(path: string, maxBytes: number): Buffer | undefined {
  const file = openRandomFile(path);
  if (file === undefined) return undefined;
  try {
    if (file.bytes > maxBytes) return undefined;
    const bytes = Buffer.allocUnsafe(file.bytes);
    return bytes.subarray(0, file.read(bytes, 0));
  } finally {
    file.close();
  }
}
