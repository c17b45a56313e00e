import { relative, resolve, sep } from 'node:path';
import type { ForeignRule } from '../../detect/index.ts';
import type { Config } from '../../lib/config.ts';
import { readTextIfThere } from '../../lib/files.ts';
import { realPath } from '../../lib/walk.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Rule } from '../../model/rule.ts';

/** Rules that a person or a repository adds to the built-in ones. */
export interface OwnRules {
  readonly rules: readonly Rule[];
  /** Those in the TOML of other scanners. */
  readonly foreign: readonly ForeignRule[];
  /** What was read, by absolute path. */
  readonly texts: ReadonlyMap<string, string>;
}

/** A file of rules: its absolute path, and the folder that it must lie in. */
export interface RuleFile {
  readonly path: string;
  /** Null where a person named it. */
  readonly within: string | null;
}

/** Reads a file of rules; `undefined` where there is none. */
export type ReadRules = (file: RuleFile) => Promise<string | undefined>;

/** Where there are no own rules. */
export const noRules: OwnRules = { rules: [], foreign: [], texts: new Map() };

/** Lists the files of rules that the command line and the settings name. */
export function ruleFiles(
  named: readonly string[],
  { rules }: Config,
  cwd: string,
  top: string,
): readonly RuleFile[] {
  return [
    ...named.map((file) => ({ path: resolve(cwd, file), within: null })),
    ...rules.map((file) => ({ path: resolve(top, file), within: top })),
  ];
}

/** Reads files of rules: our own YAML, or TOML. Throws `outside-root`, `unreadable` or `malformed` with the file, line and rule. */
export async function readOwnRules(files: readonly RuleFile[], read: ReadRules): Promise<OwnRules> {
  const texts = new Map<string, string>();
  const noted = async (path: string, within: string | null): Promise<string> => {
    const text = await read({ path, within });
    if (text === undefined)
      throw new AgentIdError('unreadable', 'there is no such file of rules', { where: path });
    texts.set(path, text);
    return text;
  };
  const rules: Rule[] = [];
  const foreign: ForeignRule[] = [];
  for (const { path, within } of files) {
    if (texts.has(path)) continue;
    if (/\.ya?ml$/i.test(path)) {
      const { parseYamlRules } = await import('./yaml-rules.ts');
      rules.push(...parseYamlRules(await noted(path, within), path));
    } else {
      const { readForeignRules } = await import('./foreign-rules.ts');
      foreign.push(...(await readForeignRules(path, (one) => noted(one, within))));
    }
  }
  return { rules, foreign, texts };
}

/** Reads a file of rules from disk. What the settings of a repository name must lie in it, also behind links. */
export async function readRuleFile({ path, within }: RuleFile): Promise<string | undefined> {
  if (within !== null && !isBelow(within, await realPath(path))) throw outside(path);
  return readTextIfThere(path);
}

/** Refuses an id that another rule has. Throws `malformed`. */
export function assertOwnIds(builtIn: readonly Rule[], own: readonly Rule[]): void {
  const ids = new Set(builtIn.map(({ id }) => id));
  for (const { id } of own) {
    if (ids.has(id))
      throw new AgentIdError('malformed', `rule ${id}: there is one of that id already`, {
        where: id,
        hint: 'Give it an id of its own, and use --skip-rule to be without the other.',
      });
    ids.add(id);
  }
}

function isBelow(top: string, path: string): boolean {
  const below = relative(top, path);
  return below !== '..' && !below.startsWith(`..${sep}`) && resolve(top, below) === path;
}

function outside(file: string): AgentIdError {
  return new AgentIdError('outside-root', 'scan.rules names a file outside of the repository', {
    where: file,
    hint: 'Name it with --rules, or move it into the repository.',
  });
}
