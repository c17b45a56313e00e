import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AgentIdError } from '../model/error.ts';
import { hasCode } from './files.ts';

/** Finds the nearest folder, from `from` upward, that holds a file of this name; `undefined` where none does. */
export async function findUp(from: string, name: string): Promise<string | undefined> {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.isFile() === true) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

/** Finds the top of the repository that a folder lies in, without asking git; the folder itself where there is none. */
export async function repositoryTop(from: string): Promise<string> {
  for (let folder = from; ; folder = dirname(folder)) {
    if ((await stat(join(folder, '.git')).catch(() => undefined)) !== undefined) return folder;
    if (dirname(folder) === folder) return from;
  }
}

/** Lists the names in a folder, sorted; none where there is no folder. Throws `unreadable`. */
export async function listNames(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw new AgentIdError('unreadable', 'cannot list a folder', { cause: error, where: folder });
  }
}
