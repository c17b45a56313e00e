import type { Io } from './io.ts';

/** Runs a task, with a spinner on stderr where a person watches; nothing is written elsewhere. The task may change its text. */
export async function withProgress<T>(
  io: Io,
  text: string,
  task: (say: (text: string) => void) => Promise<T>,
): Promise<T> {
  if (!io.interactive) return task(() => undefined);
  const { default: ora } = await import('ora');
  const spinner = ora({ text, stream: process.stderr }).start();
  try {
    return await task((now) => {
      spinner.text = now;
    });
  } finally {
    spinner.stop();
  }
}
