import { readFileSync } from 'node:fs';
import { shippedPath } from './shipped.ts';

/** Makes a memory of so many pages of 64 KiB; undefined where there is none. */
export function createMemory(pages: number): WebAssembly.Memory | undefined {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch {
    return undefined;
  }
}

/** Starts a kernel that the build compiled, in a memory that others may share; undefined where that cannot be done. */
export function startWasm<Exports>(name: string, memory: WebAssembly.Memory): Exports | undefined {
  try {
    const module = new WebAssembly.Module(readFileSync(shippedPath(`kernels/${name}.wasm`)));
    return new WebAssembly.Instance(module, { env: { memory } }).exports as Exports;
  } catch {
    return undefined;
  }
}
