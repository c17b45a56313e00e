import { dirname, resolve } from 'node:path';
import { toForeignRules, type ForeignConfig, type ForeignRule } from '../../detect/index.ts';
import { readTextIfThere } from '../../lib/files.ts';
import { AgentIdError } from '../../model/error.ts';

/** A file may extend one that extends another; more is a circle. */
const DEEPEST = 3;

/**
 * Reads rules of gitleaks or betterleaks. `extend.useDefault` adds nothing: the built-in rules are there anyway.
 * Throws `unreadable` or `malformed` with the file and the rule.
 */
export async function readForeignRules(
  files: readonly string[],
  cwd: string,
): Promise<readonly ForeignRule[]> {
  const read = await Promise.all(files.map((file) => readOne(resolve(cwd, file), 0)));
  return read.flat();
}

async function readOne(path: string, depth: number): Promise<readonly ForeignRule[]> {
  if (depth > DEEPEST)
    throw new AgentIdError('malformed', 'rules extend one another in a circle', { where: path });
  const config = await readConfig(path);
  const { path: base, disabledRules = [] } = config.extend ?? {};
  const inherited = base === undefined ? [] : await readOne(resolve(dirname(path), base), depth + 1);
  const own = compile(config, path);
  const replaced = new Set([...disabledRules, ...own.map(({ id }) => id)]);
  return [...inherited.filter(({ id }) => !replaced.has(id)), ...own];
}

async function readConfig(path: string): Promise<ForeignConfig> {
  const text = await readTextIfThere(path);
  if (text === undefined)
    throw new AgentIdError('unreadable', 'there is no such file of rules', { where: path });
  const { parseTOML, getStaticTOMLValue } = await import('toml-eslint-parser');
  try {
    return getStaticTOMLValue(parseTOML(text));
  } catch (cause) {
    throw new AgentIdError('malformed', 'the file of rules is not TOML', { where: path, cause });
  }
}

function compile(config: ForeignConfig, path: string): readonly ForeignRule[] {
  try {
    return toForeignRules(config);
  } catch (cause) {
    const why = cause instanceof AgentIdError ? cause.message : 'it cannot be read';
    throw new AgentIdError('malformed', why, {
      cause,
      where: path,
      hint: 'Change that rule, or take it out.',
    });
  }
}
