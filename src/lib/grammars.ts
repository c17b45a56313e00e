import { readFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { shippedPath } from './shipped.ts';

/** Reads the wasm of a tree-sitter grammar that the build has unpacked. Throws `internal` where it is missing. */
export async function readGrammar(name: string): Promise<Uint8Array> {
  return readFile(shippedPath(`grammars/${name}.wasm`));
}

/**
 * Loads a parser's wasm with V8's quick compiler alone: the optimizing one takes half a second of waiting for a
 * grammar, more than parsing some dozens of files gains.
 */
export async function compileQuickly<T>(load: () => Promise<T>): Promise<T> {
  setFlagsFromString('--liftoff-only');
  try {
    return await load();
  } finally {
    setFlagsFromString('--no-liftoff-only');
  }
}
