import { existsSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Names of what is in a folder, folders with a `/` at their end; nothing where it cannot be listed. */
export function listNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort();
  } catch {
    return [];
  }
}

/** Paths of all files below a folder, relative to it; nothing where it cannot be listed. Follows no link. */
export function listFilesBelow(folder: string): readonly string[] {
  return listNames(folder).flatMap((name) =>
    name.endsWith('/') ? listFilesBelow(join(folder, name)).map((below) => `${name}${below}`) : [name],
  );
}

/** Says whether a folder stands at a path, links followed. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/**
 * Makes a folder and those above it. Throws as `mkdir` does. Node's own `recursive` does not end where a folder that is
 * there says that it is not, as those of `/proc` do.
 */
export function makeFolders(path: string, mode = 0o777): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (isFolder(path)) return;
    const above = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || existsSync(above)) throw error;
    makeFolders(above, mode);
    makeFolders(path, mode);
  }
}

/** Resolves every link in a path; the path itself where that cannot be done. */
export function realPathNow(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
