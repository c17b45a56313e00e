import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCli } from '../../src/cli.ts';
import type { Io } from '../../src/lib/io.ts';
import type { Finding } from '../../src/model/finding.ts';
import { fillIn } from '../detect/samples.ts';

/** What a run printed and how it ended. */
export interface Ran {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

export interface ScanJson {
  readonly root: string;
  readonly findings: readonly Finding[];
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  readonly stats: Readonly<Record<string, number>>;
}

/** Draws a token that has the format of Okta's. */
export function oktaToken(): string {
  return fillIn('00{alnum:40}');
}

/** Makes a folder with these files. */
export function makeTree(files: Readonly<Record<string, string | Buffer>>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'agent-id-scan-')));
  for (const [path, content] of Object.entries(files)) put(root, path, content);
  return root;
}

export function put(root: string, path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

/** Runs git in a folder, apart from this machine's settings. */
export function git(root: string, ...args: readonly string[]): string {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@acme.example', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', ['-C', root, ...identity, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
  });
}

interface Options {
  readonly cwd: string;
  readonly stdin?: string | Buffer;
  readonly env?: NodeJS.ProcessEnv;
  readonly now?: number;
}

/** Runs one command line inside this process. */
export async function run(
  args: readonly string[],
  { cwd, stdin = '', env = {}, now }: Options,
): Promise<Ran> {
  const ran = { out: '', err: '' };
  const io: Io = {
    stdout: (text) => void (ran.out += text),
    stderr: (text) => void (ran.err += text),
    cwd,
    env,
    interactive: false,
    color: false,
    clock: () => now ?? Date.UTC(2026, 10, 25),
    stdin: () => Promise.resolve(stdin.toString()),
    stdinBytes: () => Promise.resolve(Buffer.from(stdin)),
    exitCode: 0,
  };
  await runCli(args, io);
  return { ...ran, code: io.exitCode };
}

/** Scans and gives the report as data. */
export async function scan(
  cwd: string,
  ...args: readonly string[]
): Promise<ScanJson & { readonly code: number }> {
  const ran = await run(['scan', '--format', 'json', ...args], { cwd });
  return { ...(JSON.parse(ran.out) as ScanJson), code: ran.code };
}
