import { readFile } from 'node:fs/promises';
import type { Rule } from '../model/rule.ts';
import { AgentIdError } from '../model/error.ts';
import { hasCode } from './files.ts';

/** Built code lies in `dist/` or `dist/chunks/`; sources read what was built last. */
const places = ['./', '../', '../../dist/'];

/** Reads the built-in rules as the build has compiled them. Throws `unreadable` where they are missing. */
export async function readRules(): Promise<readonly Rule[]> {
  const text = await readBuilt('rules.json');
  if (text !== undefined) return JSON.parse(text) as Rule[];
  throw new AgentIdError('unreadable', 'the built-in rules are missing', { hint: 'run npm run build' });
}

/** Gives the digest of rules and program as they were built; undefined where nothing tells. */
export async function readStamp(): Promise<string | undefined> {
  return readBuilt('stamp');
}

async function readBuilt(name: string): Promise<string | undefined> {
  for (const place of places) {
    try {
      return await readFile(new URL(`${place}${name}`, import.meta.url), 'utf8');
    } catch (error) {
      if (!hasCode(error, 'ENOENT'))
        throw new AgentIdError('unreadable', `cannot read what was built: ${name}`, { cause: error });
    }
  }
  return undefined;
}
