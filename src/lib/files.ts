import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, lstat, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AgentIdError } from '../model/error.ts';
import { makeFolders } from './folder.ts';

/** Says whether an error of `node:fs` has this code. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}

/** Reads a text file; `undefined` where there is none. Throws `unreadable` for anything else that goes wrong. */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw new AgentIdError('unreadable', `cannot read ${basename(path)}`, { cause: error, where: path });
  }
}

/** Reads and parses a JSON file of ours; `undefined` where there is none. Throws `malformed` when it is not JSON. */
export async function readJsonIfThere(path: string): Promise<unknown> {
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new AgentIdError('malformed', `${basename(path)} is not JSON`, {
      cause: error,
      where: path,
      hint: 'Restore the file, or move it away.',
    });
  }
}

/** Makes a folder that only this user may enter; tightens one that is more open. */
export async function makePrivateFolder(path: string): Promise<void> {
  try {
    makeFolders(path, 0o700);
    const stat = await lstat(path);
    if ((stat.mode & 0o077) !== 0) await chmod(path, 0o700);
  } catch (error) {
    throw new AgentIdError('unwritable', `cannot make the folder ${path}`, { cause: error, where: path });
  }
}

/**
 * Writes a file whole or not at all: temporary file beside it, fsync, rename, fsync of the folder.
 * Throws `unwritable`; the old content then stands. Safe to repeat.
 */
export async function writeWhole(path: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await writeSynced(temporary, data, mode);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    if (error instanceof AgentIdError) throw error;
    throw new AgentIdError('unwritable', `cannot write ${basename(path)}`, { cause: error, where: path });
  }
}

/**
 * Creates a file with its mode and content on disk before it returns. Refuses to follow or replace anything:
 * then it throws EEXIST as it is, since callers decide. Else throws `unwritable`; what was written until then is gone.
 */
export async function writeSynced(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  await createSynced(path, data, mode).catch((cause: unknown) => {
    if (hasCode(cause, 'EEXIST')) throw cause;
    const full = hasCode(cause, 'ENOSPC') || hasCode(cause, 'EDQUOT');
    throw new AgentIdError('unwritable', `cannot write ${basename(path)}`, {
      cause,
      where: path,
      ...(full && { hint: 'The disk is full: make room and try again.' }),
    });
  });
}

async function createSynced(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  const handle = await open(path, flags, mode);
  try {
    await handle.writeFile(data);
    await handle.chmod(mode);
    await handle.sync();
  } catch (error) {
    // An empty lock file, where the disk is full, would keep others out.
    await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/** Makes renames in a folder durable. A no-op where the platform cannot open folders. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Deletes a file. A missing one is no error. Throws `unwritable`. */
export async function deleteFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw new AgentIdError('unwritable', `cannot delete ${basename(path)}`, { cause: error, where: path });
  }
}

/** Makes a folder and those above it. Safe to repeat. Throws `unwritable`. */
export function makeFolder(path: string): void {
  try {
    makeFolders(path);
  } catch (cause) {
    throw new AgentIdError('unwritable', 'cannot make a folder', { cause, where: path });
  }
}

/** Renames a file. Throws `unwritable`. */
export async function moveFile(from: string, to: string): Promise<void> {
  await rename(from, to).catch((cause: unknown) => {
    throw new AgentIdError('unwritable', 'cannot rename a file', { cause, where: from });
  });
}
