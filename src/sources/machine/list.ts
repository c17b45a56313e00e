import { realPathNow } from '../../lib/folder.ts';
import { findFiles, writtenAt } from '../../lib/find-files.ts';
import type { Skipped } from '../../model/place.ts';
import { agents } from './agents.ts';
import { clients } from './clients.ts';
import { schedules, tools } from './tools.ts';
import type { Machine, Place } from './types.ts';

/** A file that a scan of this machine reads. */
export interface Listed {
  /** As it is shown: `~/.aws/credentials`, `/etc/crontab`. */
  readonly path: string;
  /** Where it is, links resolved. */
  readonly real: string;
  readonly what: string;
}

/** All there is to read, and what could not be listed. */
export interface Listing {
  readonly files: readonly Listed[];
  readonly skipped: readonly Skipped[];
}

/** Public halves, and who may log in: no secret. */
const isPublic = /^~\/\.ssh\/(.+\.pub|known_hosts.*|authorized_keys.*|.+\.sock)$/;

/** Lists what the tables name and is there, each file once. Nothing is read. */
export function listMachine(machine: Machine): Listing {
  const files = new Map<string, Listed>();
  const skipped = new Map<string, Skipped>();
  for (const place of [...clients, ...agents, ...tools, ...schedules]) {
    if (place.on !== undefined && !place.on.includes(machine.platform)) continue;
    const found = place.paths.flatMap((pattern) => listPattern(pattern, place, machine, skipped));
    for (const file of newest(found, place, skipped))
      if (!files.has(file.real) && !isPublic.test(file.path)) files.set(file.real, file);
  }
  return { files: [...files.values()], skipped: [...skipped.values()] };
}

function listPattern(
  pattern: string,
  { what }: Place,
  machine: Machine,
  skipped: Map<string, Skipped>,
): readonly Listed[] {
  const base = baseOf(pattern, machine);
  if (base === undefined) return [];
  const { folder, shown, rest } = base;
  const { paths, closed, hasMore } = findFiles(folder, rest);
  for (const path of closed) add(skipped, `${shown}${path}`, 'permission denied');
  if (hasMore) add(skipped, pattern, 'more files than are listed');
  return paths.map((path) => ({ path: `${shown}${path}`, real: realPathNow(`${folder}/${path}`), what }));
}

/** Splits a pattern into the folder that it begins with and the rest; undefined where there is no such folder here. */
function baseOf(
  pattern: string,
  { home, env, system }: Machine,
): { readonly folder: string; readonly shown: string; readonly rest: string } | undefined {
  if (pattern.startsWith('~/')) return { folder: home, shown: '~/', rest: pattern.slice(2) };
  const [, variable, below = ''] = /^%(\w+)%\/(.*)$/.exec(pattern) ?? [];
  if (variable === undefined) {
    const drive = /^[A-Z]:\//.exec(pattern)?.[0];
    if (drive !== undefined) return { folder: drive, shown: drive, rest: pattern.slice(drive.length) };
    return { folder: system, shown: '/', rest: pattern.slice(1) };
  }
  const folder = env[variable];
  return folder === undefined ? undefined : { folder, shown: `%${variable}%/`, rest: below };
}

function newest(
  found: readonly Listed[],
  { most = found.length, what }: Place,
  skipped: Map<string, Skipped>,
): readonly Listed[] {
  if (found.length <= most) return found;
  add(skipped, what, `${found.length - most} older files are not read, only the newest ${most}`);
  return found
    .map((file) => ({ file, at: writtenAt(file.real) }))
    .sort((a, b) => b.at - a.at)
    .slice(0, most)
    .map(({ file }) => file);
}

function add(skipped: Map<string, Skipped>, path: string, reason: string): void {
  skipped.set(path, { path, reason });
}
