import { spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbedded, type Embedded } from '../../src/idp/embedded/index.ts';
import { readEmbeddedTrust } from '../../src/idp/embedded-trust.ts';
import { adapterFor } from '../../src/idp/index.ts';
import type { TrustedIdp } from '../../src/idp/types.ts';
import { createHttp } from '../../src/lib/http.ts';
import { sha256 } from '../../src/migrate/swap.ts';
import type { Plan, PlannedAgent } from '../../src/model/plan.ts';

let folder: string;
let child: string;
let embedded: Embedded;
let trust: TrustedIdp;
let round = 0;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'agent-id-crash-')));
  embedded = await startEmbedded({ dataDir: join(folder, 'idp') });
  const http = createHttp({ clock: Date.now });
  const candidate = { name: 'sandbox', issuer: embedded.issuer, keyFile: embedded.adminKeyFile };
  trust = await readEmbeddedTrust(candidate, {
    http,
    clock: Date.now,
    paths: { keys: join(folder, 'keys') },
  });
  const bundle = await rolldown({
    input: join(import.meta.dirname, 'crash-child.ts'),
    platform: 'node',
    external: [/^(?!\.|\/)/],
  });
  child = join(folder, 'child.mjs');
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
  writeFileSync(child, output[0].code);
  cpSync(join(import.meta.dirname, '../../package.json'), join(folder, 'package.json'));
});

afterAll(async () => {
  await embedded.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a migration that is killed', () => {
  it('at every point, once, also with a torn journal line, ends whole or undone', async () => {
    const points = await countPoints('apply');
    expect(points).toBeGreaterThan(15);
    const violations: string[] = [];
    for (let at = 0; at < points; at += 1) {
      for (const torn of [false, true]) violations.push(...(await scenario({ at, torn, again: -1 })));
    }
    expect(violations).toEqual([]);
  }, 300_000);

  it('at points of the recovery too', async () => {
    const points = await countPoints('apply');
    const violations: string[] = [];
    for (let at = 1; at < points; at += 3) {
      for (const again of [0, 2, 4, 6])
        violations.push(...(await scenario({ at, torn: again === 2, again })));
    }
    expect(violations).toEqual([]);
  }, 300_000);

  it('at every point of a rollback, ends undone', async () => {
    const points = await countPoints('rollback');
    expect(points).toBeGreaterThan(8);
    const violations: string[] = [];
    for (let at = 0; at < points; at += 1) {
      const world = makeWorld();
      await runChild(world, 'apply', -1);
      await runChild(world, 'rollback', at);
      await runChild(world, 'rollback', -1);
      violations.push(...(await judge(world, `rollback ${at}`, ['old'])));
    }
    expect(violations).toEqual([]);
  }, 300_000);
});

interface World {
  readonly root: string;
  readonly home: string;
  readonly plan: Plan;
  readonly contents: readonly string[];
}

const before: Readonly<Record<string, string>> = {
  '.env': 'A=1\r\nB=2\r\n',
  'src/main.ts': 'old code\n',
  'run.sh': '#!/bin/sh\nold\n',
};
const after: Readonly<Record<string, string>> = {
  '.env': 'A=1\r\n',
  'src/main.ts': 'new code\n',
  'run.sh': '#!/bin/sh\nnew\n',
  'agent-id/helper.mjs': 'export {};\n',
};

function makeWorld(): World {
  round += 1;
  const root = join(folder, `world-${round}`, 'repo');
  for (const [path, text] of Object.entries(before)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  chmodSync(join(root, '.env'), 0o600);
  chmodSync(join(root, 'run.sh'), 0o755);
  const files = Object.entries(after).map(([path, text]) => {
    const old = before[path];
    return {
      path,
      preSha256: old === undefined ? null : sha256(old),
      postSha256: sha256(text),
      tier: null,
      agents: [],
      edits: [],
      why: '',
    };
  });
  const id = `tx-crash${round}`;
  const agents = ['alpha', 'beta'].map((name) => plannedAgent(`${name}-${round}`, id));
  const idp = { name: trust.name, type: trust.type, issuer: trust.issuer };
  const plan: Plan = { id, idp, gaps: [], secrets: [], agents, files, manual: [] };
  return { root, home: join(folder, `world-${round}`, 'state'), plan, contents: Object.values(after) };
}

function plannedAgent(id: string, marker: string): PlannedAgent {
  const uri = trust.resources[0]?.uri ?? '';
  return {
    spec: {
      id,
      displayName: `${id} Agent`,
      owner: null,
      actsFor: 'itself',
      clientId: `agent-id.${id}`,
      keys: [],
      grants: [{ uri, scopes: ['okta.users.read'], maxTtlSeconds: 300 }],
      marker,
    },
    consumer: `code:${id}`,
    kind: 'code',
    secret: '0'.repeat(32),
    actsFor: 'itself',
    actsForReason: 'a test',
    resource: { key: 'password-api', uri, displayName: 'Password API' },
    scopes: [],
    change: 'create',
    changeLines: [],
    key: { place: 'here', where: 'this machine', enroll: '' },
  };
}

async function countPoints(verb: 'apply' | 'rollback'): Promise<number> {
  const world = makeWorld();
  const applied = await runChild(world, 'apply', -1);
  if (verb === 'apply') return Number(applied.stdout);
  return Number((await runChild(world, 'rollback', -1)).stdout);
}

async function scenario({
  at,
  torn,
  again,
}: {
  readonly at: number;
  readonly torn: boolean;
  readonly again: number;
}): Promise<string[]> {
  const world = makeWorld();
  const died = await runChild(world, 'apply', at);
  const name = `apply ${at}${torn ? ' torn' : ''}${again < 0 ? '' : ` again ${again}`}`;
  if (died.signal !== 'SIGKILL') return [`${name}: did not die`];
  if (torn) tearJournal(world);
  if (again >= 0) await runChild(world, 'resume', again);
  const resumed = await runChild(world, 'resume', -1);
  if (resumed.code !== 0) return [`${name}: resume failed: ${resumed.stderr.slice(0, 300)}`];
  return judge(world, name, ['old', 'new']);
}

/** Appends half a record, as a crash in the middle of a write leaves it. */
function tearJournal(world: World): void {
  const parent = join(world.home, 'tx');
  for (const repo of existsSync(parent) ? readdirSync(parent) : []) {
    const journal = join(parent, repo, world.plan.id, 'journal.ndjson');
    if (existsSync(journal)) appendFileSync(journal, '1234abcd {"step":"comm');
  }
}

async function judge(world: World, name: string, allowed: readonly string[]): Promise<string[]> {
  const violations: string[] = [];
  const state = treeState(world);
  if (!allowed.includes(state)) violations.push(`${name}: tree is ${state}`);
  const leftovers = readdirSync(world.root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.includes('.tmp'),
  );
  if (leftovers.length > 0) violations.push(`${name}: left ${leftovers.join(', ')}`);
  if ((statSync(join(world.root, '.env')).mode & 0o777) !== 0o600)
    violations.push(`${name}: .env lost its mode`);
  if ((statSync(join(world.root, 'run.sh')).mode & 0o777) !== 0o755)
    violations.push(`${name}: run.sh lost its mode`);
  const adapter = await adapterFor(trust, { paths: { keys: join(world.home, 'keys') } });
  for (const { spec } of world.plan.agents) {
    const exists = (await adapter.inspect(spec.clientId)) !== undefined;
    const key = existsSync(join(world.home, 'keys', `${spec.id}.json`));
    if (exists !== (state === 'new'))
      violations.push(`${name}: tree ${state}, application ${spec.id} ${exists ? 'exists' : 'is missing'}`);
    if (key !== (state === 'new'))
      violations.push(`${name}: tree ${state}, key ${spec.id} ${key ? 'exists' : 'is missing'}`);
  }
  return violations;
}

function treeState({ root }: World): string {
  const read = (path: string): string | undefined =>
    existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined;
  const isOld =
    Object.keys(after).every((path) => read(path) === before[path]) && !existsSync(join(root, 'agent-id'));
  const isNew = Object.entries(after).every(([path, text]) => read(path) === text);
  return isOld ? 'old' : isNew ? 'new' : 'half';
}

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runChild(world: World, verb: 'apply' | 'resume' | 'rollback', dieAt: number): Promise<Ended> {
  return new Promise((resolve) => {
    const { PATH = '' } = process.env;
    const running = spawn(process.execPath, [child], { env: { PATH, AGENT_ID_HOME: world.home } });
    let stdout = '';
    let stderr = '';
    running.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    running.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    running.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    running.stdin.on('error', () => undefined);
    running.stdin.end(
      JSON.stringify({ verb, root: world.root, trust, plan: world.plan, contents: world.contents, dieAt }),
    );
  });
}
