import { lstatSync, readdirSync, statSync } from 'node:fs';
import { hasCode } from './files.ts';

/** What stands where a pattern leads to. */
export interface FoundFiles {
  /** Relative to the folder, with `/`. A link counts as what it leads to. */
  readonly paths: readonly string[];
  /** Folders on the way that cannot be listed. */
  readonly closed: readonly string[];
  /** There are more than were collected. */
  readonly hasMore: boolean;
}

interface Search {
  readonly root: string;
  readonly most: number;
  readonly paths: Set<string>;
  readonly closed: Set<string>;
}

const MOST_FOLDERS_DEEP = 8;

/**
 * Finds files by a pattern of names with `*` and `**`, within a folder. Enters only what the pattern names: a
 * part without a wildcard is never listed. Follows no link to a folder behind `**`.
 */
export function findFiles(root: string, pattern: string, most = 20_000): FoundFiles {
  const search: Search = { root, most, paths: new Set(), closed: new Set() };
  enter(
    search,
    '',
    pattern.split('/').filter((part) => part !== ''),
    0,
  );
  return { paths: [...search.paths], closed: [...search.closed], hasMore: search.paths.size >= most };
}

/** Gives when a file was last written, in milliseconds since 1970; 0 where that cannot be told. */
export function writtenAt(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function enter(search: Search, folder: string, parts: readonly string[], deep: number): void {
  const [part, ...rest] = parts;
  if (part === undefined || search.paths.size >= search.most) return;
  if (part === '**') {
    enter(search, folder, rest, deep);
    if (deep >= MOST_FOLDERS_DEEP) return;
    for (const name of list(search, folder)) {
      const below = under(folder, name);
      if (kindAt(search, below, false) === 'folder') enter(search, below, parts, deep + 1);
    }
    return;
  }
  const names = part.includes('*') ? list(search, folder).filter(toTest(part)) : [part];
  for (const name of names) take(search, under(folder, name), rest, deep);
}

function take(search: Search, path: string, rest: readonly string[], deep: number): void {
  const kind = kindAt(search, path, true);
  if (rest.length > 0) {
    if (kind === 'folder') enter(search, path, rest, deep);
  } else if (kind === 'file' && search.paths.size < search.most) search.paths.add(path);
}

function list({ root, closed }: Search, folder: string): readonly string[] {
  try {
    return readdirSync(`${root}/${folder}`).sort();
  } catch (error) {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'ENOTDIR')) closed.add(folder);
    return [];
  }
}

/** A broken link and a device count as files: reading them says what they are. */
function kindAt({ root, closed }: Search, path: string, follow: boolean): 'folder' | 'file' | undefined {
  const whole = `${root}/${path}`;
  try {
    return (follow ? statSync(whole) : lstatSync(whole)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (hasCode(error, 'EACCES') || hasCode(error, 'EPERM')) closed.add(path.slice(0, path.lastIndexOf('/')));
    return undefined;
  }
}

function under(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

function toTest(part: string): (name: string) => boolean {
  const source = part
    .split('*')
    .map((text) => text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  const test = new RegExp(`^${source}$`, 's');
  return (name) => test.test(name);
}
