import { inflateSync } from 'node:zlib';
import { applyDelta, createWindows, type DeltaJob, type Windows } from './delta.ts';

/** Inflates and applies deltas within one stretch of bytes. */
export interface Kernel {
  readonly bytes: Buffer;
  /** What the last delta changed. */
  readonly windows: Windows;
  /** Inflates a zlib stream to exactly `length` bytes at `to`; false where it is broken or of another length. */
  readonly inflate: (from: number, end: number, to: number, length: number) => boolean;
  /** As `applyDelta` of `delta.ts`. */
  readonly applyDelta: (job: Omit<DeltaJob, 'bytes'>) => number;
}

/** Bytes that whoever inflates may touch beyond an end. */
export const SLACK = 64;

/** Makes a kernel of Node's zlib: the same bytes as the compiled one, in more time. */
export function createKernel(size: number): Kernel {
  const bytes = Buffer.allocUnsafeSlow(size);
  const windows = createWindows();
  return {
    bytes,
    windows,
    inflate: (from, end, to, length) => {
      const inflated = tryInflate(bytes.subarray(from, end), length);
      if (inflated?.length !== length) return false;
      bytes.set(inflated, to);
      return true;
    },
    applyDelta: (job) => applyDelta({ bytes, ...job }, windows),
  };
}

/** Inflates to at most so many bytes; undefined where the stream is broken or holds more. */
export function tryInflate(bytes: Uint8Array, mostBytes: number): Buffer | undefined {
  try {
    return inflateSync(bytes, { maxOutputLength: Math.max(1, mostBytes) });
  } catch {
    return undefined;
  }
}
