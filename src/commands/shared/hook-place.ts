import { join, relative, resolve, sep } from 'node:path';
import { readTextIfThere } from '../../lib/files.ts';
import { findWorkTree, runGit } from '../../lib/git.ts';
import { kindOf } from '../../lib/walk.ts';
import { AgentIdError } from '../../model/error.ts';

/** Where the hook of a repository belongs. */
export type HookPlace =
  /** A file of this clone alone. */
  | { readonly kind: 'own'; readonly path: string; readonly note?: string }
  /** A script that is committed with the repository. */
  | { readonly kind: 'shared'; readonly path: string; readonly note?: string }
  /** A list that people write, read by a program of its own. */
  | {
      readonly kind: 'manager';
      readonly manager: string;
      readonly file: string;
      readonly addition: string;
      readonly next: string;
      /** The list names agent-id already. */
      readonly named: boolean;
    };

const managers = [
  {
    manager: 'pre-commit',
    files: ['.pre-commit-config.yaml', '.pre-commit-config.yml'],
    addition: `repos:
  - repo: local
    hooks:
      - id: agent-id
        name: agent-id
        entry: agent-id scan
        language: system
        require_serial: true
`,
    next: 'pre-commit install. docs/ci.md shows how pre-commit installs agent-id itself, from a tag.',
  },
  {
    manager: 'lefthook',
    files: ['lefthook', '.lefthook', '.config/lefthook'].flatMap((name) =>
      ['yml', 'yaml', 'toml', 'json', 'jsonc'].map((ending) => `${name}.${ending}`),
    ),
    addition: `pre-commit:
  commands:
    agent-id:
      run: agent-id hook run
`,
    next: 'lefthook install',
  },
];

/** Finds where the hook of the repository that holds a folder belongs. Throws `no-git` outside a repository. */
export async function findHookPlace(folder: string): Promise<HookPlace> {
  const tree = await findWorkTree(folder);
  if (tree.top === undefined)
    throw (
      tree.refused ??
      new AgentIdError('no-git', 'there is no git repository here', {
        where: folder,
        hint: 'Run git init first.',
      })
    );
  const { top } = tree;
  const hooks = await hooksFolder(top);
  const husky = hooks === undefined ? undefined : /^(.*[/\\]\.husky)[/\\]_[/\\]?$/.exec(hooks)?.[1];
  if (husky !== undefined) return { kind: 'shared', path: join(husky, 'pre-commit') };
  return (await managerOf(top)) ?? (await scriptOf(top, hooks));
}

async function managerOf(top: string): Promise<HookPlace | undefined> {
  for (const { manager, files, addition, next } of managers) {
    for (const file of files) {
      const text = await readTextIfThere(join(top, file));
      if (text !== undefined)
        return { kind: 'manager', manager, file, addition, next, named: /\bagent-id\b/.test(text) };
    }
  }
  return undefined;
}

async function scriptOf(top: string, hooks: string | undefined): Promise<HookPlace> {
  if (hooks === undefined) {
    if ((await kindOf(join(top, '.husky'))) === 'folder') {
      const note =
        'husky is not active in this clone yet: run the prepare script of the project, or npx husky.';
      return { kind: 'shared', path: join(top, '.husky', 'pre-commit'), note };
    }
    const common = (await runGit(top, ['rev-parse', '--git-common-dir'])).stdout.toString().trim();
    return { kind: 'own', path: join(resolve(top, common), 'hooks', 'pre-commit') };
  }
  const path = join(hooks, 'pre-commit');
  const [first] = relative(top, hooks).split(sep);
  if (first === '..') {
    const note = 'core.hooksPath leads there: it is the hook of every repository with that setting.';
    return { kind: 'own', path, note };
  }
  return { kind: first === '.git' ? 'own' : 'shared', path };
}

/** Gives the folder of `core.hooksPath`; that setting is the user's, so it is asked without our own override. */
async function hooksFolder(top: string): Promise<string | undefined> {
  const configured = await runGit(top, ['config', '--path', '--get-all', 'core.hooksPath']);
  const chosen = configured.stdout
    .toString()
    .split('\n')
    .findLast((line) => line !== '' && line !== '/dev/null');
  return chosen === undefined ? undefined : resolve(top, chosen);
}
