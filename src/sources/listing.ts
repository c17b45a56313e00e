import { join, relative, sep } from 'node:path';
import { runGit, splitNul } from '../lib/git.ts';
import { trackedPaths } from '../lib/git-tracked.ts';
import { isListable } from '../lib/walk.ts';
import type { Skipped } from '../model/place.ts';
import type { Listing } from './types.ts';

/** Makes one listing of two. */
export function joinListings(a: Listing, b: Listing): Listing {
  return { paths: [...a.paths, ...b.paths], unlisted: [...a.unlisted, ...b.unlisted] };
}

/** What is known of a tree at once, and what comes when git has looked for files that it does not track. */
export interface TwoListings {
  readonly now: Listing;
  readonly later: Promise<Listing>;
}

const nothing: Listing = { paths: [], unlisted: [] };

/**
 * Lists a folder: in a git work tree the tracked and untracked files minus ignored ones, elsewhere all files. Tracked
 * ones are read from the index; git looks for the others meanwhile.
 */
export async function listFolder(root: string, local: boolean): Promise<TwoListings> {
  const tracked = trackedPaths(root);
  const others = listOthers(root, tracked === undefined);
  const ignored = local ? listIgnored(root) : Promise.resolve([]);
  if (tracked !== undefined) {
    const known = new Set(tracked);
    return {
      now: { paths: [...known], unlisted: [] },
      later: Promise.all([others, ignored]).then(([listed, more]) =>
        listed === undefined ? withoutKnown(listPlain(root), known) : joined(listed, more, known),
      ),
    };
  }
  const listed = await others;
  if (listed === undefined) return { now: await listPlain(root), later: Promise.resolve(nothing) };
  return { now: joined(listed, await ignored, new Set()), later: Promise.resolve(nothing) };
}

function joined(listed: Listing, more: readonly string[], known: ReadonlySet<string>): Listing {
  const paths = [...new Set([...listed.paths, ...more])].filter((path) => !known.has(path));
  return { ...listed, paths };
}

async function withoutKnown(listing: Promise<Listing>, known: ReadonlySet<string>): Promise<Listing> {
  return joined(await listing, [], known);
}

/** Asks git for what it does not track, or for all; undefined where there is no git or no repository. */
async function listOthers(root: string, all: boolean): Promise<Listing | undefined> {
  const cached = all ? ['--cached'] : [];
  const args = ['ls-files', '-z', ...cached, '--others', '--exclude-standard', '--', '.'];
  const listed = await runGit(root, args).catch(() => undefined);
  if (listed?.code !== 0) return undefined;
  const names = splitNul(listed.stdout);
  return {
    paths: names.filter((name) => !name.endsWith('/')),
    unlisted: [...closedFolders(listed.stderr), ...nestedRepositories(names)],
  };
}

/** Names under which secrets lie on a machine without being committed. */
const localNames =
  /(^|\/)(\.env(\.[\w.-]+)?|\.envrc|[\w-]+\.env|\.mcp\.json|mcp\.json|\.npmrc|\.pypirc|\.netrc|okta\.ya?ml)$/;

/** Folders that are ignored as a whole are not entered. */
async function listIgnored(root: string): Promise<readonly string[]> {
  const args = ['ls-files', '-z', '--others', '--ignored', '--exclude-standard', '--directory', '--', '.'];
  const listed = await runGit(root, args).catch(() => undefined);
  return listed?.code === 0 ? splitNul(listed.stdout).filter((name) => localNames.test(name)) : [];
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
