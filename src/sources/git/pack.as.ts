// Compiled to WebAssembly: what kernel.ts does with zlib and delta.ts, in linear memory that the caller lays out.
// Reads and writes may go up to 64 bytes beyond an end; what lies there does not matter.

import { initWindows } from './parts/delta.as';
import { initInflate } from './parts/inflate.as';

export { applyDelta, countWindows } from './parts/delta.as';
export { inflate } from './parts/inflate.as';
export { initTrees, listEdges } from './parts/trees.as';

/** Lays out 64 KiB of working space, and where windows go: pairs of 32-bit bounds. */
export function init(work: usize, windows: usize, windowRoom: u32): void {
  initInflate(work);
  initWindows(windows, windowRoom);
}
