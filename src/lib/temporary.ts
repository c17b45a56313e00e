import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ends = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Gives a task a folder of its own that only this user may enter, and removes it: also when a signal ends this process. */
export async function withTemporaryFolder<T>(task: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-id-'));
  const end = (signal: NodeJS.Signals): void => {
    rmSync(folder, { recursive: true, force: true });
    for (const one of ends) process.off(one, end);
    process.kill(process.pid, signal);
  };
  for (const signal of ends) process.on(signal, end);
  try {
    return await task(folder);
  } finally {
    for (const signal of ends) process.off(signal, end);
    await rm(folder, { recursive: true, force: true });
  }
}
