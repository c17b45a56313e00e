import { execFile } from 'node:child_process';

/** How a small command ended; null where it is not installed or cannot be run. */
export interface Captured {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 4_000_000;

/** Runs a command that answers at once and needs no input, never through a shell. */
export function captureCommand(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Captured | null> {
  return new Promise((resolve) => {
    const options = { env, timeout: TIMEOUT_MS, maxBuffer: MOST_BYTES };
    const child = execFile(command, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else resolve(null);
    });
    child.stdin?.end();
  });
}
