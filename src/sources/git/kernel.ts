import { inflateSync } from 'node:zlib';
import { createMemory, startWasm } from '../../lib/wasm.ts';
import { applyDelta, createWindows, type DeltaJob, type Windows } from './delta.ts';
import { createCompiledLines, createPlainLines, LINES_ROOM, type Lines } from './lines.ts';

/** Inflates and applies deltas within one stretch of bytes. */
export interface Kernel {
  readonly bytes: Buffer;
  /** What the last delta changed. */
  readonly windows: Windows;
  /** Inflates a zlib stream to exactly `length` bytes at `to`; false where it is broken or of another length. */
  readonly inflate: (from: number, end: number, to: number, length: number) => boolean;
  /** As `applyDelta` of `delta.ts`. */
  readonly applyDelta: (job: Omit<DeltaJob, 'bytes'>) => number;
  /** Tells which lines around a change are to be looked at. */
  readonly lines: Lines;
  /** Lists the entries of trees that count; none where only the compiled kernel does it. */
  readonly trees?: TreeKernel;
}

/** Compares a tree with its base. */
export interface TreeKernel {
  /** Bits of names of blobs that count, beside all trees, by the first 18 bits of a name. */
  readonly filter: Uint8Array;
  /** What was listed: the place of an entry among those of the base, or -1 minus its offset in the tree. */
  readonly edges: Int32Array;
  /** Gives how many there are; -1 for a tree that is too large. */
  readonly list: (tree: Stretch, base: Stretch | undefined, nameBytes: number) => number;
}

interface Stretch {
  readonly at: number;
  readonly length: number;
}

/** Bytes that whoever inflates may touch beyond an end. */
export const SLACK = 64;

/** Bytes at the start of a kernel that it keeps for itself. */
export const KERNEL_ROOM = (1 << 20) + LINES_ROOM;

/** Makes a kernel: the compiled one where it is there and this machine can run it, else that of Node's zlib. */
export function createKernel(size: number): Kernel {
  return createCompiledKernel(size) ?? createPlainKernel(size);
}

/** Makes a kernel of Node's zlib: the same bytes as the compiled one, in more time. */
export function createPlainKernel(size: number): Kernel {
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
    lines: createPlainLines(),
  };
}

const WORK_AT = 4096;
const WINDOWS_AT = 256 << 10;
const WINDOWS = 1 << 15;
const FILTER_AT = 512 << 10;
const FILTER = 32 << 10;
const EDGES_AT = 544 << 10;
const EDGES = 1 << 16;
const LINES_AT = 1 << 20;
const PAGE = 1 << 16;

/** What `pack.as.ts` exports. */
interface Compiled {
  readonly init: (work: number, windows: number, room: number) => void;
  readonly inflate: (from: number, end: number, to: number, length: number) => number;
  readonly applyDelta: (...numbers: readonly number[]) => number;
  readonly countWindows: () => number;
  readonly initTrees: (filter: number, edges: number, room: number) => void;
  readonly listEdges: (...numbers: readonly number[]) => number;
}

/** Makes the compiled kernel, of bytes beyond `KERNEL_ROOM`; undefined where it is not there or cannot be run. */
export function createCompiledKernel(size: number): Kernel | undefined {
  const memory = createMemory(Math.ceil(size / PAGE) + 1);
  const exports = memory && startWasm<Compiled>('pack', memory);
  const lines = memory && createCompiledLines(memory, LINES_AT);
  if (exports === undefined || lines === undefined || memory === undefined) return undefined;
  const windows = { bounds: new Uint32Array(memory.buffer, WINDOWS_AT, 2 * WINDOWS), count: 0 };
  exports.init(WORK_AT, WINDOWS_AT, WINDOWS);
  exports.initTrees(FILTER_AT, EDGES_AT, EDGES);
  return {
    bytes: Buffer.from(memory.buffer),
    windows,
    inflate: (from, end, to, length) => exports.inflate(from, end, to, length) !== 0,
    applyDelta: ({ base, baseLength, delta, deltaLength, target, room, context }) => {
      const length = exports.applyDelta(base, baseLength, delta, deltaLength, target, room, context);
      windows.count = exports.countWindows();
      return length;
    },
    lines,
    trees: {
      filter: new Uint8Array(memory.buffer, FILTER_AT, FILTER),
      edges: new Int32Array(memory.buffer, EDGES_AT, EDGES),
      list: (tree, base, nameBytes) =>
        exports.listEdges(tree.at, tree.length, base?.at ?? 0, base?.length ?? 0, nameBytes),
    },
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
