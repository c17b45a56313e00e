import { createHash } from 'node:crypto';
import { lstat, readFile, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { hasCode, makeFolder, syncFolder, writeSynced } from '../lib/files.ts';
import { AgentIdError } from '../model/error.ts';
import type { PlannedFile } from '../model/plan.ts';

export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/**
 * Gives the real place of a file to write. Throws `outside-root` where a link leads out of the tree, so that a
 * hostile repository cannot make us write elsewhere.
 */
export async function targetOf(root: string, path: string): Promise<string> {
  const realRoot = await realpath(root);
  let folder = join(realRoot, dirname(path));
  while (!(await exists(folder))) folder = dirname(folder);
  const real = await realpath(folder);
  const target = join(realRoot, path);
  const link = await lstat(target).catch(() => undefined);
  if ((real !== realRoot && !real.startsWith(realRoot + sep)) || link?.isSymbolicLink() === true) {
    throw new AgentIdError('outside-root', 'a file to change is a link, or lies behind one', { where: path });
  }
  return target;
}

/** Reads a file's bytes, or null where there is none. */
export async function bytesOf(target: string): Promise<Buffer | null> {
  try {
    return await readFile(target);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw new AgentIdError('unreadable', 'cannot read a file of the migration', {
      cause: error,
      where: target,
    });
  }
}

/** Throws `changed-since` unless the file still is the one that the plan saw. */
export async function assertUnchanged(root: string, file: PlannedFile): Promise<void> {
  const bytes = await bytesOf(await targetOf(root, file.path));
  if ((bytes === null ? null : sha256(bytes)) !== file.preSha256) {
    throw new AgentIdError('changed-since', 'a file changed since the plan was made', {
      where: file.path,
      hint: 'Run it again: the plan is made anew from the files as they are.',
    });
  }
}

/** Names the staged copy beside its target, so that a rename swaps it in. */
export function stagedName(target: string, transaction: string, n: number): string {
  return join(dirname(target), `.agent-id-${transaction}-${n}.tmp`);
}

/** Writes the new content beside its target, with the target's mode, on disk. */
export async function stage(target: string, staged: string, after: string | Uint8Array): Promise<void> {
  const mode = await modeOf(target);
  makeFolder(dirname(target));
  await rm(staged, { force: true });
  try {
    await writeSynced(staged, after, mode);
  } catch (error) {
    await rm(staged, { force: true });
    throw new AgentIdError('unwritable', 'cannot write beside a file of the migration', {
      cause: error,
      where: target,
      hint: 'Nothing was changed. Check free space and permissions.',
    });
  }
}

/** Swaps a staged copy in. Safe to repeat: a copy that is gone was swapped already. */
export async function swapIn(target: string, staged: string): Promise<void> {
  try {
    await rename(staged, target);
    await syncFolder(dirname(target));
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

async function modeOf(target: string): Promise<number> {
  const stat = await lstat(target).catch(() => undefined);
  return stat === undefined ? 0o644 : stat.mode & 0o7777;
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
