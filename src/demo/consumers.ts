import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type * as Compiler from 'typescript';
import { parse } from 'yaml';
import type { Tools } from './estate.ts';
import { run, startService, type Ran, type Service } from './processes.ts';

/** What the estate's programs run in: the state of this demo only, nothing of the person's own. */
export interface World {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  /** A PATH on which neither Node nor `agent-id` is; undefined where a helper needs one of them. */
  readonly barePath: string | undefined;
  readonly tools: Tools;
  /** Values that the CI system would hold for the workflow. */
  readonly ciSecrets: Readonly<Record<string, string>>;
}

export interface ServiceKind {
  readonly name: string;
  readonly agent: string;
  readonly language: string;
  /** Whether its helper needs no other program of ours. */
  readonly native: boolean;
  readonly start: (world: World) => Promise<Service>;
}

/** Turns the TypeScript service into what runs, as its build would. Gives why not where it cannot. */
export async function buildTypeScript(root: string): Promise<string | undefined> {
  const source = join(root, 'services/password-reset/src/main.ts');
  const target = join(root, 'services/password-reset/dist/main.js');
  const output = await transpile(readFileSync(source, 'utf8'));
  if (output === undefined) return 'no TypeScript compiler is installed';
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, output);
  return undefined;
}

async function transpile(text: string): Promise<string | undefined> {
  // A development dependency: there in a clone, not in an installed package.
  const name = 'typescript';
  const loaded = (await import(name).catch(() => undefined)) as
    { readonly default: typeof Compiler } | undefined;
  if (loaded === undefined) return undefined;
  const { ModuleKind, ScriptTarget, transpileModule } = loaded.default;
  return transpileModule(text, {
    compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ES2022, esModuleInterop: true },
  }).outputText;
}

/** Builds the Go service; gives why not where it fails. */
export async function buildGo(world: World): Promise<string | undefined> {
  const built = await run('go', ['build', '-o', 'dist/onboarding', '.'], {
    cwd: join(world.root, 'services/onboarding'),
    env: world.env,
  });
  return built.code === 0 ? undefined : built.stderr.trim().slice(-400);
}

export const services: readonly ServiceKind[] = [
  {
    name: 'password-reset',
    agent: 'password-reset',
    language: 'TypeScript, Okta SDK',
    native: false,
    start: (world) => start(world, 'password-reset', [process.execPath, 'dist/main.js'], world.env),
  },
  {
    name: 'helpdesk',
    agent: 'helpdesk',
    language: 'Python',
    native: true,
    start: (world) => start(world, 'helpdesk', [world.tools.python ?? 'python3', 'app.py'], bareEnv(world)),
  },
  {
    name: 'onboarding',
    agent: 'onboarding',
    language: 'Go',
    native: true,
    start: (world) => start(world, 'onboarding', ['./dist/onboarding'], bareEnv(world)),
  },
];

function start(
  { root }: World,
  name: string,
  [command, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
): Promise<Service> {
  return startService(command, args, {
    cwd: join(root, 'services', name),
    env: { ...env, ...readDotEnv(root) },
  });
}

function bareEnv({ env, barePath }: World): NodeJS.ProcessEnv {
  return barePath === undefined ? env : { ...env, PATH: barePath };
}

/** Makes a PATH with OpenSSL alone, which Python may have to sign with. On Windows the helpers ask `agent-id`. */
export function makeBarePath(folder: string, { openssl }: Tools): string | undefined {
  if (openssl === undefined || process.platform === 'win32') return undefined;
  const bare = join(folder, 'bare');
  mkdirSync(bare);
  symlinkSync(openssl, join(bare, 'openssl'));
  return bare;
}

/** Asks a service to reset a user's password, with the user's own token where one is given. */
export async function askReset(
  service: Service,
  user: string,
  bearer?: string,
): Promise<{ readonly status: number; readonly body: string }> {
  const response = await fetch(`${service.url}/reset?user=${encodeURIComponent(user)}`, {
    method: 'POST',
    headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
  });
  return { status: response.status, body: await response.text() };
}

/** Runs the one line of the crontab as cron does: by sh, with an almost empty environment. */
export async function runCron(world: World): Promise<Ran> {
  const lines = readFileSync(join(world.root, 'ops/crontab'), 'utf8').split('\n');
  const line = lines.find((one) => /^[*\d]/.test(one)) ?? '';
  const command = line.split(/\s+/).slice(5).join(' ');
  return run('/bin/sh', ['-c', command], { cwd: '/', env: world.env });
}

interface Workflow {
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly steps: readonly { readonly run?: string; readonly env?: Readonly<Record<string, string>> }[];
      }
    >
  >;
}

/** Runs the scripts of the workflow's job as a runner on this machine would. */
export async function runWorkflow(world: World): Promise<Ran> {
  const workflow = parse(
    readFileSync(join(world.root, '.github/workflows/sync-groups.yml'), 'utf8'),
  ) as Workflow;
  let last: Ran = { code: 0, stdout: '', stderr: '' };
  for (const step of workflow.jobs['sync-groups']?.steps ?? []) {
    if (step.run === undefined) continue;
    const env = Object.fromEntries(
      Object.entries(step.env ?? {}).map(([name, value]) => [name, fromCi(value, world)]),
    );
    last = await run('/bin/sh', ['-e', '-c', step.run], { cwd: world.root, env: { ...world.env, ...env } });
    if (last.code !== 0) return last;
  }
  return last;
}

function fromCi(value: string, world: World): string {
  return value.replace(/\$\{\{\s*secrets\.(\w+)\s*\}\}/g, (_, name: string) => world.ciSecrets[name] ?? '');
}

interface McpConfig {
  readonly mcpServers: Readonly<
    Record<
      string,
      {
        readonly command: string;
        readonly args: readonly string[];
        readonly env?: Readonly<Record<string, string>>;
      }
    >
  >;
}

/** Starts the MCP server as a client would and calls its tool once. Gives the tool's answer. */
export async function callMcp(world: World, user: string): Promise<string> {
  const config = JSON.parse(readFileSync(join(world.root, '.mcp.json'), 'utf8')) as McpConfig;
  const server = config.mcpServers['directory'];
  if (server === undefined) return 'no server';
  const input = [
    { jsonrpc: '2.0', id: 1, method: 'initialize' },
    { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'find_user', arguments: { user } } },
  ];
  const ran = await run(server.command, server.args, {
    cwd: world.root,
    env: { ...world.env, ...server.env },
    input: `${input.map((message) => JSON.stringify(message)).join('\n')}\n`,
  });
  const answer = ran.stdout.split('\n').find((line) => line.includes('"id":2'));
  return answer ?? ran.stderr.trim().slice(-300);
}

export function readDotEnv(root: string): Record<string, string> {
  const path = join(root, '.env');
  if (!existsSync(path)) return {};
  const pairs = readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const match = /^(\w+)=(.*)$/.exec(line);
      return match === null ? [] : [[match[1] ?? '', match[2] ?? ''] as const];
    });
  return Object.fromEntries(pairs);
}
