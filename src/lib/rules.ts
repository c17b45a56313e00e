import { readFile, readdir } from 'node:fs/promises';
import type { Rule } from '../model/rule.ts';
import { AgentIdError } from '../model/error.ts';
import { hasCode } from './files.ts';

/** Built code lies in `dist/` or `dist/chunks/`. */
const built = ['./rules.json', '../rules.json'];
const sources = new URL('../../rules/secrets/', import.meta.url);

/** Reads the built-in rules: as the build has compiled them, else (in a test) from their sources. */
export async function readRules(): Promise<readonly Rule[]> {
  for (const place of built) {
    try {
      return JSON.parse(await readFile(new URL(place, import.meta.url), 'utf8')) as Rule[];
    } catch (error) {
      if (!hasCode(error, 'ENOENT'))
        throw new AgentIdError('unreadable', 'cannot read the built-in rules', { cause: error });
    }
  }
  const { parse } = await import('yaml');
  const rules: Rule[] = [];
  for (const name of (await readdir(sources)).sort()) {
    const file = parse(await readFile(new URL(name, sources), 'utf8')) as {
      provider: string;
      rules: Omit<Rule, 'provider'>[];
    };
    rules.push(...file.rules.map((rule) => ({ ...rule, provider: file.provider })));
  }
  return rules;
}
