import { basename, join } from 'node:path';
import { listFilesBelow, listNames } from '../../lib/folder.ts';
import { runGit } from '../../lib/git.ts';
import { readBounded } from '../../lib/random-file.ts';
import type { Repository } from './repository.ts';

const MOST_BYTES = 128_000_000;

/** Names, in hex, of all objects that a ref, a reflog (the stash is one) or a pseudo-ref such as `ORIG_HEAD` names. */
export async function readTips(repository: Repository): Promise<ReadonlySet<string>> {
  const tips = new Set<string>();
  const names = new RegExp(`(?<![0-9a-f])[0-9a-f]{${2 * repository.nameBytes}}(?![0-9a-f])`, 'g');
  for (const file of tipFiles(repository)) {
    const text = readBounded(file, MOST_BYTES)?.toString('latin1') ?? '';
    const told = isLog(file) ? text.replaceAll(/\t.*$/gm, '') : text;
    for (const [name] of told.matchAll(names)) tips.add(name);
  }
  if (repository.hasReftable) for (const name of await askGit(repository)) tips.add(name);
  tips.delete('0'.repeat(2 * repository.nameBytes));
  return tips;
}

function isLog(file: string): boolean {
  return /[\\/]logs[\\/]/.test(file);
}

/** Each work tree has refs and logs of its own. */
function tipFiles({ commonFolder, gitFolder }: Repository): readonly string[] {
  const trees = listNames(join(commonFolder, 'worktrees')).filter((name) => name.endsWith('/'));
  const folders = new Set([
    commonFolder,
    gitFolder,
    ...trees.map((name) => join(commonFolder, 'worktrees', basename(name))),
  ]);
  return [...folders].flatMap((folder) => [
    join(folder, 'packed-refs'),
    ...listNames(folder)
      .filter((name) => name.endsWith('HEAD'))
      .map((name) => join(folder, name)),
    ...['refs', 'logs'].flatMap((name) =>
      listFilesBelow(join(folder, name)).map((below) => join(folder, name, below)),
    ),
  ]);
}

async function askGit({ gitFolder }: Repository): Promise<readonly string[]> {
  const args = [`--git-dir=${gitFolder}`, 'log', '--no-walk', '--all', '--reflog', '--format=%H'];
  const { code, stdout } = await runGit(gitFolder, args);
  return code === 0
    ? stdout
        .toString()
        .split('\n')
        .filter((line) => line !== '')
    : [];
}

/** Name, in hex, of the commit that `HEAD` stands at; undefined before the first one. */
export function readHead({ gitFolder, commonFolder }: Repository): string | undefined {
  let target = textOf(join(gitFolder, 'HEAD'));
  for (let hops = 0; hops < 5; hops += 1) {
    const ref = /^ref: (refs\/[^\0]+)$/.exec(target)?.[1];
    if (ref === undefined) return /^[0-9a-f]{40,64}$/.exec(target)?.[0];
    if (ref.split('/').includes('..')) return undefined;
    target =
      textOf(join(gitFolder, ref)) ||
      textOf(join(commonFolder, ref)) ||
      packedRef(join(commonFolder, 'packed-refs'), ref);
  }
  return undefined;
}

function packedRef(file: string, ref: string): string {
  const line = textOf(file)
    .split('\n')
    .find((one) => one.endsWith(` ${ref}`));
  return line?.split(' ')[0] ?? '';
}

function textOf(path: string): string {
  return readBounded(path, MOST_BYTES)?.toString('latin1').trim() ?? '';
}
