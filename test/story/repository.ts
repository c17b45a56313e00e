import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { World } from './world.ts';

const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');

/** Writes a repository of its own beside the estate. */
export function writeRepository(world: World, name: string, files: Readonly<Record<string, string>>): string {
  const root = join(world.folder, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const git = (...args: string[]): void => {
    execFileSync('git', ['-C', root, '-c', 'user.name=x', '-c', 'user.email=x@x.example', ...args]);
  };
  git('init', '-q');
  git('add', '-A');
  git('commit', '-qm', 'all');
  return root;
}

/** The `.env` of a repository that still has the old token. */
export function oldEnv(world: World): string {
  return `OKTA_ORG_URL=${world.embedded.oktaUrl}\nOKTA_API_TOKEN=${world.token.open()}\n`;
}

/** Runs a program of a repository as its machine would, with what its `.env` has by now; gives all that it says. */
export async function runMigrated(world: World, root: string, command: readonly string[]): Promise<string> {
  const { PATH = '', GOCACHE, GOFLAGS } = process.env;
  const env = {
    PATH,
    HOME: world.home,
    ...(GOCACHE === undefined ? {} : { GOCACHE }),
    ...(GOFLAGS === undefined ? {} : { GOFLAGS }),
    NODE_NO_WARNINGS: '1',
    AGENT_ID_HOME: world.home,
    AGENT_ID_COMMAND: `${process.execPath} ${program}`,
    ...envOf(root),
  };
  const [file = '', ...args] = command;
  // Not the blocking kind: the provider runs in this process.
  const { stdout, stderr } = await promisify(execFile)(file, args, { cwd: root, env }).catch(
    (error: unknown) => error as { stdout: string; stderr: string },
  );
  return stdout + stderr;
}

function envOf(root: string): Record<string, string> {
  const lines = readFileSync(join(root, '.env'), 'utf8').split('\n');
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value]];
    }),
  );
}
