import { basename, dirname, join, sep } from 'node:path';
import { openLargeText } from '../lib/large-text.ts';
import { isListable, kindOf, readTreeFile, realPath } from '../lib/walk.ts';
import { TreeReader } from '../lib/tree-reader.ts';
import { AgentIdError } from '../model/error.ts';
import { toPathFilter } from './glob.ts';
import { joinListings, listFolder } from './listing.ts';
import { keepPaths } from './narrow.ts';
import type { TextSource } from './types.ts';

export interface TreeOptions {
  readonly maxBytes: number;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Also files that git ignores and that usually hold secrets: `.env` and its like. */
  readonly local?: boolean;
  /** Gives what is known at once, and the rest as `later`. */
  readonly early?: boolean;
}

/**
 * Opens a folder or a file: in a git work tree the tracked and untracked files minus ignored ones, elsewhere all
 * files. Throws `unreadable` for a path that cannot be read.
 */
export async function openTree(path: string, options: TreeOptions): Promise<TextSource> {
  const real = await realPath(path);
  const kind = await kindOf(real);
  if (kind === undefined || kind === 'other' || (kind === 'folder' && !isListable(real)))
    throw unreadable(path);
  if (kind === 'file') return openFile(real, path, options);
  const { now, later } = await listFolder(real, options.local === true);
  const listed = options.early === true ? now : joinListings(now, await later);
  const source: TextSource = {
    kind: 'tree',
    root: real,
    ...listed,
    ...(options.early === true ? { later } : {}),
    ...openFiles({ root: real, maxBytes: options.maxBytes }),
  };
  return keepPaths(source, toPathFilter(options.include, options.exclude));
}

/** Reads the files below a folder, by the paths that a source has listed. Keeps a buffer: each thread needs its own. */
export function openFiles(
  files: NonNullable<TextSource['files']>,
): Required<Pick<TextSource, 'bytes' | 'files' | 'large' | 'read'>> {
  const { root, maxBytes } = files;
  const reader = new TreeReader();
  return {
    bytes: (name) => reader.read(`${root}${sep}${name}`, maxBytes),
    large: (name) => openLargeText(join(root, name)),
    files,
    read: (name) => Promise.resolve(readTreeFile(join(root, name), maxBytes)),
  };
}

/** A file that a person named must be readable; globs do not leave it out. */
function openFile(real: string, path: string, { maxBytes }: TreeOptions): TextSource {
  const decoded = readTreeFile(real, maxBytes);
  if (
    'reason' in decoded &&
    ['permission denied', 'unreadable', 'gone while scanning', 'its name is not UTF-8'].includes(
      decoded.reason,
    )
  ) {
    throw unreadable(path);
  }
  return {
    kind: 'tree',
    root: dirname(real),
    paths: [basename(real)],
    large: () => openLargeText(real),
    read: () => Promise.resolve(readTreeFile(real, maxBytes)),
  };
}

function unreadable(path: string): AgentIdError {
  return new AgentIdError('unreadable', 'the path to scan cannot be read', {
    where: path,
    hint: 'Check that it is there and that you may read it.',
  });
}
