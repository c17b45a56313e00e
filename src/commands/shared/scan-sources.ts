import { dirname, resolve } from 'node:path';
import { changedSince, resolveCommit } from '../../lib/git-commit.ts';
import type { Io } from '../../lib/io.ts';
import { kindOf, LARGEST_BYTES, realPath } from '../../lib/walk.ts';
import { toPathFilter } from '../../sources/glob.ts';
import { joinSources } from '../../sources/joined.ts';
import { openPiped } from '../../sources/memory.ts';
import { keepPaths } from '../../sources/narrow.ts';
import { openStaged, stagedRoot } from '../../sources/staged.ts';
import { toRelative } from '../../sources/listing.ts';
import { openTree } from '../../sources/tree.ts';
import type { TextSource } from '../../sources/types.ts';
import { toMaxBytes, type ScanFlags } from './scan-flags.ts';
import { homeOf, openMachineSource } from './scan-machine.ts';
import { repositoryOf } from './scan-repository.ts';
import type { Eyes } from './survey.ts';

/** Gives the folder that paths are relative to: the one that was named, else the one that the command runs in. */
export async function rootOf(targets: readonly string[], flags: ScanFlags, io: Io): Promise<string> {
  if (flags.staged === true) return stagedRoot(io.cwd);
  if (flags.machine === true) return homeOf(io);
  if (flags.history === true) return repositoryOf(targets, io).top;
  const cwd = await realPath(io.cwd);
  const [only = '.', ...more] = targets;
  if (flags.github !== undefined) return cwd;
  if (flags.stdin === true || more.length > 0) return cwd;
  const path = await realPath(resolve(cwd, only));
  if ((await kindOf(path)) !== 'file') return path;
  return toRelative(cwd, path).startsWith('..') ? dirname(path) : cwd;
}

/** Opens all that the command line asks to look at, as one source. */
export async function openScanSource(
  targets: readonly string[],
  eyes: Eyes,
  flags: ScanFlags,
  io: Io,
): Promise<TextSource> {
  const maxBytes = toMaxBytes(flags);
  if (flags.machine === true) return openMachineSource(maxBytes, eyes, flags, io);
  const sources =
    flags.stdin === true
      ? [openPiped(flags.stdinName ?? 'stdin', await readPiped(io))]
      : flags.staged === true
        ? [narrowed(await openStaged(io.cwd, maxBytes), eyes, flags)]
        : await Promise.all(
            targets.map((path) =>
              openTarget(resolve(io.cwd, path), {
                maxBytes: toMaxBytes(flags, LARGEST_BYTES),
                eyes,
                flags,
                early: targets.length === 1,
              }),
            ),
          );
  const joined = joinSources(eyes.root, sources);
  return flags.since === undefined ? joined : onlyChanged(joined, eyes, flags.since);
}

/** Keeps the files that differ from the commit on which the work since REF began. */
async function onlyChanged(source: TextSource, { top, below }: Eyes, ref: string): Promise<TextSource> {
  const changed = await changedSince(top, await resolveCommit(top, ref));
  return keepPaths(source, (path) => changed.has(`${below}${path}`));
}

async function readPiped({ stdin, stdinBytes }: Io): Promise<Buffer> {
  return stdinBytes === undefined ? Buffer.from(await stdin()) : stdinBytes();
}

interface Look {
  readonly maxBytes: number;
  readonly eyes: Eyes;
  readonly flags: ScanFlags;
  readonly early: boolean;
}

async function openTarget(path: string, { maxBytes, eyes, flags, early }: Look): Promise<TextSource> {
  const source = await openTree(path, { maxBytes, include: [], exclude: [], early });
  // A file that a person named is looked at, whatever the globs say.
  return (await kindOf(path)) === 'file' ? source : narrowed(source, eyes, flags);
}

/** Globs of the settings are about paths from the top of the repository, those of the command line about what was named. */
function narrowed(source: TextSource, { top, config }: Eyes, flags: ScanFlags): TextSource {
  const below = source.root === null ? '' : toRelative(top, source.root);
  const prefix = below === '' ? '' : `${below}/`;
  const named = toPathFilter(flags.include ?? [], flags.exclude ?? []);
  const settled = toPathFilter(config.include, config.exclude);
  return keepPaths(source, (path) => named(path) && settled(`${prefix}${path}`));
}
