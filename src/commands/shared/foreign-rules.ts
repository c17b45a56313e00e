import { dirname, resolve } from 'node:path';
import { toForeignRules, type ForeignConfig, type ForeignRule } from '../../detect/index.ts';
import { slowText } from '../../lib/match-time.ts';
import { AgentIdError } from '../../model/error.ts';

/** A file may extend one that extends another; more is a circle. */
const DEEPEST = 3;

/**
 * Reads rules of gitleaks or betterleaks. `extend.useDefault` adds nothing: the built-in rules are there anyway.
 * Throws `unreadable` or `malformed` with the file and the rule.
 */
export async function readForeignRules(
  path: string,
  read: (path: string) => Promise<string>,
  depth = 0,
): Promise<readonly ForeignRule[]> {
  if (depth > DEEPEST)
    throw new AgentIdError('malformed', 'rules extend one another in a circle', { where: path });
  const config = await parseConfig(await read(path), path);
  const { path: base, disabledRules = [] } = config.extend ?? {};
  const inherited =
    base === undefined ? [] : await readForeignRules(resolve(dirname(path), base), read, depth + 1);
  const own = compile(config, path);
  await assertBounded(own, path);
  const replaced = new Set([...disabledRules, ...own.map(({ id }) => id)]);
  return [...inherited.filter(({ id }) => !replaced.has(id)), ...own];
}

async function parseConfig(text: string, path: string): Promise<ForeignConfig> {
  const { parseTOML, getStaticTOMLValue } = await import('toml-eslint-parser');
  try {
    return getStaticTOMLValue(parseTOML(text));
  } catch (cause) {
    throw new AgentIdError('malformed', 'the file of rules is neither TOML nor, by its name, YAML', {
      where: path,
      cause,
    });
  }
}

/** The engine of other scanners takes any pattern in linear time, ours does not. */
async function assertBounded(rules: readonly ForeignRule[], path: string): Promise<void> {
  const { whyExplosive } = await import('../../detect/patterns/explosive.ts');
  for (const rule of rules) {
    const why = whyExplosive(rule, slowText);
    if (why !== undefined)
      throw new AgentIdError('malformed', `rule ${rule.id}: ${why}`, {
        where: path,
        hint: 'Write it so that each text can be cut in one way only, or take it out.',
      });
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
