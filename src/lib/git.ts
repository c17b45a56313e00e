import { spawn } from 'node:child_process';
import { AgentIdError } from '../model/error.ts';

/**
 * What a scanned repository may not make git do through its own `.git/config`: run a monitor, a hook, a pager or a
 * converter, or fetch what a partial clone lacks.
 */
const hardened = [
  '-c',
  'core.fsmonitor=false',
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'core.pager=cat',
  '-c',
  'core.quotePath=false',
  '-c',
  'protocol.allow=never',
  '-c',
  'diff.external=',
  '-c',
  'log.showSignature=false',
  '--no-pager',
  '--no-optional-locks',
  '--literal-pathspecs',
];

const quiet = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_LAZY_FETCH: '1',
  GIT_PAGER: 'cat',
  LC_ALL: 'C',
} as const;

export interface GitResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Runs git in a folder with an argument list, never through a shell. Throws `no-git` where there is no git on this
 * machine; a refusal of git itself is in `code`. `more` is set in its environment.
 */
export function runGit(
  cwd: string,
  args: readonly string[],
  input = '',
  more: NodeJS.ProcessEnv = {},
): Promise<GitResult> {
  return spawnGit(cwd, [...hardened, ...args], input, more);
}

/**
 * Runs git as the person would: with the repository's hooks, filters and signing. Only for what the person asked for
 * (`--commit`), never while looking at a repository. Throws `no-git`.
 */
export function runOwnGit(cwd: string, args: readonly string[], input = ''): Promise<GitResult> {
  return spawnGit(cwd, ['--no-pager', '--literal-pathspecs', ...args], input, {});
}

function spawnGit(
  cwd: string,
  args: readonly string[],
  input: string,
  more: NodeJS.ProcessEnv,
): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...quiet, ...more };
    delete (env as NodeJS.ProcessEnv)['GIT_EXTERNAL_DIFF'];
    const child = spawn('git', args, { cwd, env, stdio: [input === '' ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    let stderr = '';
    child.stdout?.on('data', (data: Buffer) => out.push(data));
    child.stderr?.on('data', (data: Buffer) => {
      if (stderr.length < 100_000) stderr += data.toString();
    });
    child.on('error', (cause) =>
      reject(
        new AgentIdError('no-git', 'git cannot be run on this machine', {
          cause,
          hint: 'Install git, or scan a folder outside a repository.',
        }),
      ),
    );
    child.on('close', (code) => resolve({ code: code ?? 128, stdout: Buffer.concat(out), stderr }));
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

/** Finds the top of the work tree that holds a folder; undefined without git or outside a repository. */
export async function gitTop(folder: string): Promise<string | undefined> {
  try {
    const { code, stdout } = await runGit(folder, ['rev-parse', '--show-toplevel']);
    return code === 0 ? stdout.toString().replace(/\r?\n$/, '') : undefined;
  } catch (error) {
    if (error instanceof AgentIdError && error.code === 'no-git') return undefined;
    throw error;
  }
}

/** Splits NUL-separated output. */
export function splitNul(output: Buffer): readonly string[] {
  return output
    .toString()
    .split('\0')
    .filter((part) => part !== '');
}
