import { realpathSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { AgentIdError } from '../model/error.ts';
import { systemClock } from './clock.ts';
import type { Io } from './io.ts';

/** Makes the `Io` of this process. A reader that closes its end early (`| head`), or a terminal that is closed, ends the output, not the program. */
export function processIo(folder?: string): Io {
  const { env, stdin, stdout, stderr } = process;
  const from = resolve(env['AGENT_ID_CALLER_CWD'] ?? process.cwd());
  for (const stream of [stdout, stderr])
    if (!stream.listeners('error').includes(ignoreClosedPipe)) stream.on('error', ignoreClosedPipe);
  return {
    stdout: (data) => void stdout.write(data),
    stderr: (data) => void stderr.write(data),
    cwd: folder === undefined ? from : resolve(from, folder),
    env,
    interactive: stdin.isTTY && stderr.isTTY && env['CI'] === undefined,
    color: wantsColor(env, stdout.isTTY),
    clock: systemClock,
    stdin: () => text(stdin),
    stdinBytes: () => buffer(stdin),
    exitCode: 0,
  };
}

/**
 * Gives the arguments of this process where it was started as the module at `url`, which is called `name`; `undefined`
 * where that was imported, or bundled into something of another name.
 */
export function ownArguments(url: string, name: string): readonly string[] | undefined {
  const [, main, ...args] = process.argv;
  if (main === undefined || basename(main) !== name) return undefined;
  return realpathSync(main) === realpathSync(fileURLToPath(url)) ? args : undefined;
}

/** Sets the code that this process ends with. */
export function endWith(code: number): void {
  process.exitCode = code;
}

/** Throws `usage` where the folder that `-C` names is none. */
export function assertFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new AgentIdError('usage', 'the folder to work in does not exist', { where: path });
  }
}

function wantsColor(env: NodeJS.ProcessEnv, terminal: boolean): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false;
  if (env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0') return true;
  return terminal && env['CI'] === undefined;
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
}
