import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeEstate } from '../../src/demo/estate.ts';
import { startEmbedded, type Embedded } from '../../src/idp/embedded/index.ts';
import type { Secret } from '../../src/model/secret.ts';

const project = resolve(import.meta.dirname, '../..');

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The demo's estate in a folder of its own, a running sandbox, and the built program. */
export interface World {
  readonly folder: string;
  readonly root: string;
  readonly home: string;
  readonly embedded: Embedded;
  readonly token: Secret;
  readonly run: (args: readonly string[], input?: string, env?: NodeJS.ProcessEnv) => Promise<Ran>;
  readonly close: () => Promise<void>;
}

export async function openWorld(): Promise<World> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'agent-id-story-')));
  const home = join(folder, 'state');
  const root = join(folder, 'acme');
  mkdirSync(root);
  const embedded = await startEmbedded({ dataDir: join(home, 'embedded-idp') });
  const { token } = await embedded.createApiToken('legacy automation');
  const tools = { python: true, pythonRequests: false, go: true, curl: true, git: true };
  writeEstate(
    join(project, 'src/demo/estate'),
    root,
    { oktaUrl: embedded.oktaUrl, token: token.open() },
    tools,
  );
  return {
    folder,
    root,
    home,
    embedded,
    token,
    run: (args, input = '', env = {}) =>
      runCli(args, { cwd: root, input, env: { HOME: home, AGENT_ID_HOME: home, ...env } }),
    close: async () => {
      await embedded.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface How {
  readonly cwd: string;
  readonly input: string;
  readonly env: NodeJS.ProcessEnv;
}

const program = [process.execPath, join(project, 'bin/agent-id.cjs')];

/** Runs the built program, or what stands before its arguments instead. */
export function runCli(
  args: readonly string[],
  { cwd, input, env }: How,
  [first = '', ...before]: readonly string[] = program,
): Promise<Ran> {
  return new Promise((done) => {
    const { PATH = '' } = process.env;
    const child = spawn(first, [...before, ...args], {
      cwd,
      env: { PATH, ...env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.on('close', (code) => done({ code, stdout, stderr }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
