import { readFile } from 'node:fs/promises';
import type { Rule } from '../model/rule.ts';
import { AgentIdError } from '../model/error.ts';
import { hasCode } from './files.ts';

/** Built code lies in `dist/` or `dist/chunks/`; sources read what was built last. */
const built = ['./rules.json', '../rules.json', '../../dist/rules.json'];

/** Reads the built-in rules as the build has compiled them. Throws `unreadable` where they are missing. */
export async function readRules(): Promise<readonly Rule[]> {
  for (const place of built) {
    try {
      return JSON.parse(await readFile(new URL(place, import.meta.url), 'utf8')) as Rule[];
    } catch (error) {
      if (!hasCode(error, 'ENOENT'))
        throw new AgentIdError('unreadable', 'cannot read the built-in rules', { cause: error });
    }
  }
  throw new AgentIdError('unreadable', 'the built-in rules are missing', { hint: 'run npm run build' });
}
