import { rename, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentIdError } from '../model/error.ts';
import { hasCode, readTextIfThere, writeSynced } from './files.ts';

const STALE_AFTER_MS = 30_000;

/**
 * Runs a task while holding a lock file; other processes wait up to `waitMs`. A lock whose process is gone, or
 * that is unreadable and old, is taken over. Throws `locked`.
 */
export async function withLock<T>(path: string, waitMs: number, task: () => Promise<T>): Promise<T> {
  await take(path, Date.now() + waitMs);
  try {
    return await task();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string, deadline: number): Promise<void> {
  for (;;) {
    try {
      await writeSynced(path, `${process.pid}\n`, 0o600);
      return;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      if (await isStale(path)) await breakLock(path);
      else if (Date.now() > deadline) {
        throw new AgentIdError('locked', 'another agent-id is at work here', {
          cause: error,
          where: path,
          hint: 'Wait until it ends. If none runs, delete the lock file.',
        });
      } else await sleep(15);
    }
  }
}

/** Moves a stale lock aside before it is deleted, so that a lock which another process took meanwhile is put back. */
async function breakLock(path: string): Promise<void> {
  const aside = `${path}.${process.pid}.stale`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if (await isStale(aside)) await rm(aside, { force: true });
  else await rename(aside, path);
}

async function isStale(path: string): Promise<boolean> {
  const holder = Number(await readTextIfThere(path));
  if (Number.isInteger(holder) && holder > 0) return !isRunning(holder);
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > STALE_AFTER_MS;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}
