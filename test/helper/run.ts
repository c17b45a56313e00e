import { spawn } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

export interface Ran {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stdin?: string;
  /** Called once the child runs. */
  readonly started?: (child: ReturnType<typeof spawn>) => void;
}

/** Runs a program to its end. */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  const child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio: 'pipe' });
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  options.started?.(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...ended) => resolve(ended));
  });
  return { code, signal, stdout, stderr };
}

/** Builds the verbs into a folder, with an executable `agent-id` beside it; gives the executable. */
export async function buildVerbs(folder: string): Promise<string> {
  const bundle = await rolldown({
    input: join(import.meta.dirname, 'verbs.ts'),
    platform: 'node',
    external: [/^node:/, /^@napi-rs\//],
  });
  await bundle.write({
    dir: join(folder, 'verbs'),
    format: 'esm',
    entryFileNames: 'verbs.mjs',
    chunkFileNames: '[name]-[hash].mjs',
  });
  const command = join(folder, 'agent-id');
  const main = join(folder, 'verbs', 'verbs.mjs');
  await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  await chmod(command, 0o755);
  return command;
}
