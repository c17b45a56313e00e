import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { hasCode } from './files.ts';

/** A command to run in this process's place. */
export interface Child {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether a terminal sends its signals to the whole group by itself. */
  readonly interactive: boolean;
  /** Is told why the command could not be started. */
  readonly complain: (why: string) => void;
}

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Runs a command with our own standard streams and gives the code to exit with: its own, 128 + n on signal n,
 * 126 where it cannot be executed, 127 where it is not there. Signals are passed on.
 */
export async function runChild({ command, args, cwd, env, interactive, complain }: Child): Promise<number> {
  let child: ChildProcess | undefined;
  const forward = (signal: NodeJS.Signals): void => {
    const byTerminal = interactive && (signal === 'SIGINT' || signal === 'SIGQUIT');
    if (!byTerminal) child?.kill(signal);
  };
  // Before the child runs: a signal in between would end us and leave it alone.
  for (const signal of forwarded) process.on(signal, forward);
  try {
    const started = spawn(command, args, { cwd, env, stdio: 'inherit' });
    child = started;
    return await new Promise((resolve, reject) => {
      started.on('error', (error) => {
        const code = toCode(error);
        if (code === undefined) return reject(error);
        complain(code === 127 ? 'not found' : 'cannot be executed');
        resolve(code);
      });
      started.on('exit', (code, signal) =>
        resolve(signal === null ? (code ?? 0) : 128 + constants.signals[signal]),
      );
    });
  } finally {
    for (const signal of forwarded) process.off(signal, forward);
  }
}

function toCode(error: Error): number | undefined {
  if (hasCode(error, 'ENOENT')) return 127;
  return hasCode(error, 'EACCES') || hasCode(error, 'ENOEXEC') ? 126 : undefined;
}

/** Opens a page in the person's browser, where there is one. Never fails: the address has been shown as well. */
export function openBrowser(url: string): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', url]
        : ['xdg-open', url];
  if (command === undefined) return;
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
