import { readFile } from 'node:fs/promises';
import { shippedPath } from './shipped.ts';

/** Reads the wasm of a tree-sitter grammar that the build has unpacked. Throws `internal` where it is missing. */
export async function readGrammar(name: string): Promise<Uint8Array> {
  return readFile(shippedPath(`grammars/${name}.wasm`));
}
