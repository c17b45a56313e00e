import { dirname, resolve, sep } from 'node:path';
import { gitTop } from '../../lib/git.ts';
import type { Io } from '../../lib/io.ts';
import { kindOf, realPath } from '../../lib/walk.ts';
import type { Consumer } from '../../model/consumer.ts';
import { AgentIdError } from '../../model/error.ts';
import { toRelative } from '../../sources/listing.ts';

/** What a person named of one repository. */
export interface Named {
  /** Top of the repository; outside of one the folder that holds all that was named. */
  readonly root: string;
  /** Paths below the root that are meant, with `/`; none means the whole. */
  readonly parts: readonly string[];
}

/**
 * Finds the repository that all PATHs lie in, and what of it they name; without any it is the whole one that the
 * command stands in. Throws `unreadable` for a path that is not there, `usage` where they are of several repositories.
 */
export async function namedParts(paths: readonly string[], io: Io): Promise<Named> {
  if (paths.length === 0) return { root: (await gitTop(io.cwd)) ?? io.cwd, parts: [] };
  const places: string[] = [];
  const tops = new Set<string | undefined>();
  const folders: string[] = [];
  for (const path of paths) {
    const { place, folder } = await namedPlace(resolve(io.cwd, path), path);
    places.push(place);
    folders.push(folder);
    tops.add(await gitTop(folder));
  }
  if (tops.size > 1)
    throw new AgentIdError('usage', 'the paths are of several repositories', {
      where: paths.join(' '),
      hint: 'Each is migrated by itself: run it once for each.',
    });
  const [top] = tops;
  const root = top ?? commonFolder(folders);
  const parts = places.map((place) => toRelative(root, place));
  return { root, parts: parts.includes('') ? [] : parts };
}

/** Says whether a consumer has a place in what was named. */
export function isNamed({ path, places }: Consumer, parts: readonly string[]): boolean {
  const all = [path, ...places.map((place) => place.path)];
  return parts.length === 0 || all.some((one) => parts.some((part) => isBelow(one, part)));
}

/** Gives the deepest folder that holds all of these. */
export function commonFolder(folders: readonly string[]): string {
  const [first = sep, ...rest] = folders;
  let common = first;
  while (rest.some((folder) => folder !== common && !folder.startsWith(withSeparator(common))))
    common = dirname(common);
  return common;
}

/** Resolves a path that a person named; the folder is the path itself, or that of a file. Throws `unreadable`. */
export async function namedPlace(
  path: string,
  written: string,
): Promise<{ readonly place: string; readonly folder: string }> {
  const place = await realPath(path);
  const kind = await kindOf(place);
  if (kind === 'folder') return { place, folder: place };
  if (kind === 'file') return { place, folder: dirname(place) };
  throw new AgentIdError('unreadable', 'the path cannot be read', {
    where: written,
    hint: 'Check that it is there and that you may read it.',
  });
}

function isBelow(path: string, part: string): boolean {
  return path === part || path.startsWith(`${part}/`);
}

function withSeparator(folder: string): string {
  return folder.endsWith(sep) ? folder : `${folder}${sep}`;
}
