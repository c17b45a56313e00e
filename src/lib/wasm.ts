import { readFileSync } from 'node:fs';
import { shippedPath } from './shipped.ts';

/** A compiled kernel with its memory, which does not grow. */
export interface Wasm<Exports> {
  readonly exports: Exports;
  readonly memory: WebAssembly.Memory;
}

/** Starts a kernel that the build compiled, over so many pages of 64 KiB; undefined where that cannot be done. */
export function startWasm<Exports>(name: string, pages: number): Wasm<Exports> | undefined {
  try {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const module = new WebAssembly.Module(readFileSync(shippedPath(`kernels/${name}.wasm`)));
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    return { exports: exports as Exports, memory };
  } catch {
    return undefined;
  }
}
