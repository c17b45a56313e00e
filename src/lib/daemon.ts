import { spawn } from 'node:child_process';
import { AgentIdError } from '../model/error.ts';

const PATIENCE_MS = 30_000;

/**
 * Starts this program again in the background and gives the first line that it prints; the program goes on.
 * Throws `internal` where it ends without a line, or says none in 30 seconds.
 */
export async function startDetached(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const [, program = ''] = process.argv;
  const child = spawn(process.execPath, [program, ...args], {
    env,
    detached: true,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'ignore'],
    windowsHide: true,
  });
  const line = await new Promise<string | undefined>((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
    let text = '';
    child.once('error', reject);
    child.once('close', () => resolve(text === '' ? undefined : text));
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (!text.includes('\n')) return;
      clearTimeout(timer);
      resolve(text);
    });
  });
  child.stdout.destroy();
  child.unref();
  if (line !== undefined) return line.trim();
  if (child.exitCode === null) child.kill();
  throw new AgentIdError('internal', 'the background program did not start', {
    hint: 'Run it in the foreground to see why: --foreground',
  });
}

/** Waits until this process is told to end, by a signal or by the promise. */
export async function untilStopped(requested: Promise<void>): Promise<void> {
  let stop: () => void = () => undefined;
  const signalled = new Promise<void>((resolve) => {
    stop = resolve;
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    await Promise.race([requested, signalled]);
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
  }
}

/** The id of this process, for a file that says who runs. */
export function processId(): number {
  return process.pid;
}
