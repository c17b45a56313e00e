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

/** Where a folder lies: the top of its work tree, or why git names none. */
export type WorkTree =
  | { readonly top: string }
  /** git is not on this machine, or refuses a repository that is there, or there is none. */
  | { readonly top: undefined; readonly refused: AgentIdError | undefined };

/** Asks git for the work tree that holds a folder. `refused` is `no-git` with what git said and what to do. */
export async function findWorkTree(folder: string): Promise<WorkTree> {
  try {
    const { code, stdout, stderr } = await runGit(folder, ['rev-parse', '--show-toplevel']);
    if (code === 0) return { top: stdout.toString().replace(/\r?\n$/, '') };
    const isNone = /not a git repository|must be run in a work tree/.test(stderr);
    return { top: undefined, refused: isNone ? undefined : toRefusal(folder, stderr) };
  } catch (error) {
    if (error instanceof AgentIdError && error.code === 'no-git') return { top: undefined, refused: error };
    throw error;
  }
}

/** Finds the top of the work tree that holds a folder; undefined without git or outside a repository. */
export async function gitTop(folder: string): Promise<string | undefined> {
  return (await findWorkTree(folder)).top;
}

function toRefusal(folder: string, stderr: string): AgentIdError {
  const owned = /dubious ownership in repository at '(.+)'/.exec(stderr)?.[1];
  return new AgentIdError('no-git', `git refuses this repository: ${saidByGit(stderr)}`, {
    where: folder,
    hint:
      owned === undefined
        ? 'Mend what git says, then try again.'
        : `It belongs to another user. If you trust it: git config --global --add safe.directory ${owned}`,
  });
}

/** Gives the first thing that git complained of, without its prefix. */
export function saidByGit(stderr: string): string {
  const line = stderr.split('\n').find((text) => text.trim() !== '') ?? 'nothing';
  return line.replace(/^(fatal|error): /, '').trim();
}

/** Reads `status --porcelain -z`: every path, of a renamed or copied file the old one too. */
export function changedPaths(output: Buffer): readonly string[] {
  const paths: string[] = [];
  let isOld = false;
  for (const part of splitNul(output)) {
    paths.push(isOld ? part : part.slice(3));
    isOld = !isOld && /^(.[RC]|[RC].)/.test(part);
  }
  return paths;
}

/** Splits NUL-separated output. */
export function splitNul(output: Buffer): readonly string[] {
  return output
    .toString()
    .split('\0')
    .filter((part) => part !== '');
}
