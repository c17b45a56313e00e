import { lstat } from 'node:fs/promises';
import { basename } from 'node:path';
import { readJsonIfThere, writeWhole } from '../../lib/files.ts';
import { AgentIdError } from '../../model/error.ts';

/** One JSON file that is held in memory. `save` returns when everything that was there when it was called is on disk. */
export interface Store<T> {
  readonly data: T;
  save(): Promise<void>;
}

/** How a store's content is made, read and written. `parse` gives `undefined` for what it cannot read. */
export interface StoreShape<T> {
  readonly create: () => T;
  readonly parse: (json: unknown) => T | undefined;
  readonly dump: (data: T) => unknown;
}

/**
 * Opens a store; a missing file is made. Concurrent saves share one write.
 * Throws `malformed` or `unreadable` for a file that is damaged or open to others, and overwrites nothing then.
 */
export async function openStore<T>(path: string, shape: StoreShape<T>): Promise<Store<T>> {
  await assertPrivate(path);
  const json = await readJsonIfThere(path);
  const data = json === undefined ? shape.create() : shape.parse(json);
  if (data === undefined) throw malformed(path);
  const store = { data, save: coalesce(() => writeWhole(path, `${JSON.stringify(shape.dump(data))}\n`)) };
  if (json === undefined) await store.save();
  return store;
}

/** Throws `unreadable` for a file or folder that other users of the machine may read. A missing one is fine. */
export async function assertPrivate(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || process.platform === 'win32') return;
  if (found.isSymbolicLink() || (found.mode & 0o077) !== 0) {
    throw new AgentIdError('unreadable', `${basename(path)} is open to other users of this machine`, {
      where: path,
      hint: 'Treat its keys as leaked and start with another --data. If nobody else could reach it: chmod -R go= it.',
    });
  }
}

function coalesce(write: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | undefined;
  return () => {
    waiting ??= running
      .catch(() => undefined)
      .then(() => {
        waiting = undefined;
        running = write();
        return running;
      });
    return waiting;
  };
}

function malformed(path: string): AgentIdError {
  return new AgentIdError('malformed', `the identity provider's file ${basename(path)} is damaged`, {
    where: path,
    hint: 'Restore it, or start with another --data. Nothing was overwritten.',
  });
}
