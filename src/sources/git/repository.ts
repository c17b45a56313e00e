import { dirname, isAbsolute, join, resolve } from 'node:path';
import { isFolder, realPathNow } from '../../lib/folder.ts';
import { readBounded } from '../../lib/random-file.ts';

/** Where the parts of a repository lie. Found without running git, so that nothing of its settings is obeyed. */
export interface Repository {
  /** Folder of this work tree's own state: `.git`, or one below `.git/worktrees`. */
  readonly gitFolder: string;
  /** Folder that all work trees share. */
  readonly commonFolder: string;
  /** Folders of objects, alternates last. */
  readonly objectFolders: readonly string[];
  /** Bytes of an object's name: 20 for SHA-1, 32 for SHA-256. */
  readonly nameBytes: 20 | 32;
  /** Refs are kept in tables that only git reads. */
  readonly hasReftable: boolean;
  /** Objects may be missing that a server promised. */
  readonly isPartial: boolean;
  readonly isShallow: boolean;
  /** The top of the work tree; the repository itself where there is none. */
  readonly top: string;
}

const MOST_TEXT = 1_000_000;
const MOST_ALTERNATES = 64;

/** Finds the repository that holds a folder; undefined where none does. */
export function findRepository(folder: string): Repository | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const gitFolder = gitFolderOf(at);
    if (gitFolder !== undefined) return openAt(gitFolder, gitFolder === at ? at : at);
    if (dirname(at) === at) return undefined;
  }
}

/** Opens a repository of which the folder is known, such as a submodule's; undefined where it is none. */
export function openGitFolder(gitFolder: string, top: string): Repository | undefined {
  return isGitFolder(gitFolder) ? openAt(gitFolder, top) : undefined;
}

function gitFolderOf(folder: string): string | undefined {
  const below = join(folder, '.git');
  if (isGitFolder(below)) return below;
  const pointer = /^gitdir: (.+?)\r?\n?$/.exec(readText(below))?.[1];
  if (pointer !== undefined) {
    const target = isAbsolute(pointer) ? pointer : join(folder, pointer);
    return isGitFolder(target) ? target : undefined;
  }
  return isGitFolder(folder) ? folder : undefined;
}

function isGitFolder(folder: string): boolean {
  if (readBounded(join(folder, 'HEAD'), MOST_TEXT) === undefined) return false;
  return isFolder(join(commonFolderOf(folder), 'objects'));
}

function commonFolderOf(gitFolder: string): string {
  const named = readText(join(gitFolder, 'commondir')).trim();
  return named === '' ? gitFolder : resolve(gitFolder, named);
}

function openAt(gitFolder: string, top: string): Repository {
  const commonFolder = commonFolderOf(gitFolder);
  const settings = readText(join(commonFolder, 'config')).toLowerCase();
  return {
    gitFolder,
    commonFolder,
    objectFolders: withAlternates(join(commonFolder, 'objects')),
    nameBytes: /^\s*objectformat\s*=\s*sha256\s*$/m.test(settings) ? 32 : 20,
    hasReftable: /^\s*refstorage\s*=\s*reftable\b/m.test(settings),
    isPartial: /^\s*(?:partialclone\s*=|promisor\s*=\s*true)/m.test(settings),
    isShallow: readText(join(commonFolder, 'shallow')).trim() !== '',
    top,
  };
}

/** Alternates may name further ones, and each other by many paths. */
function withAlternates(objects: string): readonly string[] {
  const folders = [realPathNow(objects)];
  for (let at = 0; at < folders.length && folders.length < MOST_ALTERNATES; at += 1) {
    const folder = folders[at] ?? objects;
    for (const line of readText(join(folder, 'info', 'alternates')).split('\n')) {
      const named = line.trim();
      if (named === '' || named.startsWith('#')) continue;
      const path = realPathNow(resolve(folder, named));
      if (!folders.includes(path) && isFolder(path)) folders.push(path);
    }
  }
  return folders;
}

function readText(path: string): string {
  return readBounded(path, MOST_TEXT)?.toString('utf8') ?? '';
}
