import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { parseIndex } from './git-index.ts';

/** Settings by which a person points git elsewhere: then only git knows. */
const pointers = ['GIT_DIR', 'GIT_INDEX_FILE', 'GIT_WORK_TREE', 'GIT_COMMON_DIR', 'GIT_CEILING_DIRECTORIES'];

/**
 * Lists the files below a folder that git tracks, relative to it, from the index alone: a child process costs more
 * than reading it. Gives undefined outside a repository, and where only git understands the index.
 */
export function trackedPaths(folder: string): readonly string[] | undefined {
  if (pointers.some((name) => process.env[name] !== undefined)) return undefined;
  try {
    const top = topOf(folder);
    const git = top === undefined ? undefined : gitFolder(top);
    if (top === undefined || git === undefined || needsGit(git)) return undefined;
    const entries = parseIndex(readFileSync(join(git, 'index')));
    return entries === undefined
      ? undefined
      : below(
          entries.map(({ path }) => path),
          relative(top, folder),
        );
  } catch {
    return undefined;
  }
}

function below(paths: readonly string[], folder: string): readonly string[] {
  if (folder === '') return paths;
  const prefix = `${folder.split(sep).join('/')}/`;
  return paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
}

function topOf(from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

/** A linked work tree and a submodule have a file that names the folder. */
function gitFolder(top: string): string | undefined {
  const place = join(top, '.git');
  if (existsSync(join(place, 'HEAD'))) return place;
  const named = /^gitdir: (.+?)\r?\n?$/.exec(readFileSync(place, 'utf8'))?.[1];
  return named === undefined ? undefined : resolve(top, named);
}

/** Names of objects are longer in a repository of SHA-256, and a work tree may lie elsewhere. */
function needsGit(git: string): boolean {
  const common = join(git, 'commondir');
  const shared = existsSync(common) ? resolve(git, readFileSync(common, 'utf8').trim()) : git;
  return /objectformat|worktree\s*=/i.test(readFileSync(join(shared, 'config'), 'utf8'));
}
