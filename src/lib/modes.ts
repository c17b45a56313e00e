import { lstatSync } from 'node:fs';

/** Picks the paths that the group or others may read, write or enter; what is not there is left out. */
export function openModes(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    return stat !== undefined && !stat.isSymbolicLink() && (stat.mode & 0o077) !== 0;
  });
}
