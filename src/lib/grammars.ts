import { readFile } from 'node:fs/promises';
import { AgentIdError } from '../model/error.ts';
import { hasCode } from './files.ts';

/** Built code lies in `dist/` or `dist/chunks/`, sources in `src/lib/`. */
const places = ['./grammars/', '../grammars/', '../../dist/grammars/'];

/** Reads the wasm of a tree-sitter grammar that the build has unpacked. Throws `unreadable` where it is missing. */
export async function readGrammar(name: string): Promise<Uint8Array> {
  for (const place of places) {
    try {
      return await readFile(new URL(`${place}${name}.wasm`, import.meta.url));
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) {
        throw new AgentIdError('unreadable', `cannot read the grammar ${name}`, { cause: error });
      }
    }
  }
  throw new AgentIdError('unreadable', `the grammar ${name} is missing`, {
    hint: 'Run node scripts/grammars.mjs, or npm run build.',
  });
}
