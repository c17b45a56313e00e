import { basename, dirname, join, relative, sep } from 'node:path';
import { gitTop, runGit, splitNul } from '../lib/git.ts';
import { isListable, kindOf, readTreeFile, realPath } from '../lib/walk.ts';
import { TreeReader } from '../lib/tree-reader.ts';
import { AgentIdError } from '../model/error.ts';
import type { Skipped } from '../model/place.ts';
import { toPathFilter } from './glob.ts';
import type { TextSource } from './types.ts';

export interface TreeOptions {
  readonly maxBytes: number;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Also files that git ignores and that usually hold secrets: `.env` and its like. */
  readonly local?: boolean;
}

interface Listing {
  readonly paths: readonly string[];
  readonly unlisted: readonly Skipped[];
}

/** Names under which secrets lie on a machine without being committed. */
const localNames =
  /(^|\/)(\.env(\.[\w.-]+)?|\.envrc|[\w-]+\.env|\.mcp\.json|mcp\.json|\.npmrc|\.pypirc|\.netrc|okta\.ya?ml)$/;

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
  const { paths, unlisted } = await listFolder(real, options.local === true);
  const reader = new TreeReader();
  return {
    kind: 'tree',
    root: real,
    paths: paths.filter(toPathFilter(options.include, options.exclude)),
    unlisted,
    bytes: (name) => reader.read(`${real}${sep}${name}`, options.maxBytes),
    read: (name) => Promise.resolve(readTreeFile(join(real, name), options.maxBytes)),
  };
}

/** A file that a person named must be readable; globs do not leave it out. */
function openFile(real: string, path: string, { maxBytes }: TreeOptions): TextSource {
  const decoded = readTreeFile(real, maxBytes);
  if (
    'reason' in decoded &&
    ['permission denied', 'unreadable', 'gone while scanning'].includes(decoded.reason)
  ) {
    throw unreadable(path);
  }
  return {
    kind: 'tree',
    root: dirname(real),
    paths: [basename(real)],
    read: () => Promise.resolve(readTreeFile(real, maxBytes)),
  };
}

function unreadable(path: string): AgentIdError {
  return new AgentIdError('unreadable', 'the path to scan cannot be read', {
    where: path,
    hint: 'Check that it is there and that you may read it.',
  });
}

async function listFolder(root: string, local: boolean): Promise<Listing> {
  if ((await gitTop(root)) === undefined) return listPlain(root);
  const listed = await runGit(root, [
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
    '--',
    '.',
  ]);
  if (listed.code !== 0) return listPlain(root);
  const more = local ? await listIgnored(root) : [];
  return {
    paths: [...new Set([...splitNul(listed.stdout), ...more])].filter((name) => !name.endsWith('/')),
    unlisted: [...closedFolders(listed.stderr), ...nestedRepositories(splitNul(listed.stdout))],
  };
}

/** Folders that are ignored as a whole are not entered. */
async function listIgnored(root: string): Promise<readonly string[]> {
  const { code, stdout } = await runGit(root, [
    'ls-files',
    '-z',
    '--others',
    '--ignored',
    '--exclude-standard',
    '--directory',
    '--',
    '.',
  ]);
  return code === 0 ? splitNul(stdout).filter((name) => localNames.test(name)) : [];
}

function closedFolders(stderr: string): readonly Skipped[] {
  return [...stderr.matchAll(/could not open directory '(.+?)\/?':/g)].map(([, path = '']) => ({
    path,
    reason: 'permission denied',
  }));
}

/** An untracked repository inside is listed as a folder; what is in it is its own affair. */
function nestedRepositories(listed: readonly string[]): readonly Skipped[] {
  return listed
    .filter((name) => name.endsWith('/'))
    .map((name) => ({ path: name.slice(0, -1), reason: 'submodule or nested repository' }));
}

async function listPlain(root: string): Promise<Listing> {
  const { default: glob } = await import('fast-glob');
  const found = await glob('**/*', {
    cwd: root,
    dot: true,
    followSymbolicLinks: false,
    onlyFiles: false,
    suppressErrors: true,
    markDirectories: true,
    ignore: ['**/.git/**', '**/node_modules/**'],
  });
  const closed = found.filter((name) => name.endsWith('/') && !isListable(join(root, name)));
  return {
    paths: found.filter((name) => !name.endsWith('/')).sort(),
    unlisted: closed.map((name) => ({ path: name.slice(0, -1), reason: 'permission denied' })),
  };
}

/** Gives a path relative to a root with `/`, as records hold it. */
export function toRelative(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}
