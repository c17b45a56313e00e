import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AgentIdError } from '../model/error.ts';

/** Built code lies in `dist/` or `dist/chunks/`, sources in `src/lib/`. */
const bases = ['./', '../', '../../', '../../dist/'];

/** Finds a file that ships with the program: `helpers/helper.mjs`, `estate`, `bin/agent-id.cjs`. Throws `internal`. */
export function shippedPath(name: string): string {
  const found = bases
    .map((base) => fileURLToPath(new URL(`${base}${name}`, import.meta.url)))
    .find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new AgentIdError('internal', `${name} is missing from this installation`, {
    hint: 'Run npm run build.',
  });
}

/** The interpreter and program that run now, for a script that must find the same installation again. */
export function programCommand(): readonly [string, string] {
  return [process.execPath, shippedPath('bin/agent-id.cjs')];
}
