import type { Io } from './io.ts';

/** Runs a task, with a spinner on stderr where a person watches; nothing is written elsewhere. */
export async function withProgress<T>(io: Io, text: string, task: () => Promise<T>): Promise<T> {
  if (!io.interactive) return task();
  const { default: ora } = await import('ora');
  const spinner = ora({ text, stream: process.stderr }).start();
  try {
    return await task();
  } finally {
    spinner.stop();
  }
}
