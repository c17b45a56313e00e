import { join } from 'node:path';
import { isFolder, listNames } from '../../lib/folder.ts';
import { readBounded } from '../../lib/random-file.ts';
import { openGitFolder, type Repository } from './repository.ts';

export interface Submodule {
  /** Path in the repository that has it. */
  readonly path: string;
  readonly repository: Repository;
}

/** Lists the submodules of which the objects are here: those below `modules`, and theirs. */
export function listSubmodules({ commonFolder, top }: Repository): readonly Submodule[] {
  const paths = pathsByName(readBounded(join(top, '.gitmodules'), 1_000_000)?.toString('utf8') ?? '');
  return namesBelow(join(commonFolder, 'modules')).flatMap((name) => {
    const path = paths.get(name) ?? name;
    const repository = openGitFolder(join(commonFolder, 'modules', name), join(top, path));
    return repository === undefined ? [] : [{ path, repository }];
  });
}

/** Names may have slashes: a folder that is no repository holds further ones. */
function namesBelow(folder: string): readonly string[] {
  return listNames(folder)
    .filter((name) => name.endsWith('/'))
    .flatMap((name) => {
      const below = join(folder, name);
      if (isFolder(join(below, 'objects'))) return [name.slice(0, -1)];
      return namesBelow(below).map((rest) => `${name}${rest}`);
    });
}

function pathsByName(text: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  let name = '';
  for (const line of text.split('\n')) {
    name = /^\s*\[submodule "(.+)"\]/.exec(line)?.[1] ?? name;
    const path = /^\s*path\s*=\s*(\S.*?)\s*$/.exec(line)?.[1];
    if (name !== '' && path !== undefined && !path.split('/').includes('..')) paths.set(name, path);
  }
  return paths;
}
