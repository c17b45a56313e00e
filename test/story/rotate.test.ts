import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAgent } from '../../src/exchange/agent.ts';
import { createFileSigner } from '../../src/exchange/node.ts';
import type { Signer } from '../../src/exchange/types.ts';
import type { Lock, LockedAgent } from '../../src/model/agent.ts';
import { openWorld, type Ran, type World } from './world.ts';

const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');
const id = 'inactive-users';
let world: World;
let keyFile: string;

beforeAll(async () => {
  world = await openWorld();
  keyFile = join(world.home, 'keys', `${id}.json`);
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
  expect((await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes'])).code).toBe(0);
});

afterAll(() => world.close());

function locked(agent = id): LockedAgent {
  const lock = JSON.parse(readFileSync(join(world.root, 'agent-id.lock.json'), 'utf8')) as Lock;
  const found = lock.agents[agent];
  if (found === undefined) throw new Error(`the lock has no ${agent}`);
  return found;
}

/** One token from the provider; nothing is kept, so that each call shows whether the key is good. */
async function exchange(signer: Signer, agent = id): Promise<string> {
  const { clientId, resources } = locked(agent);
  const [resource] = resources;
  if (resource === undefined) throw new Error('no resource');
  const { issuer } = world.embedded;
  const tokenEndpoint = `${issuer}/token`;
  const { value } = await createAgent({
    signer,
    clientId,
    issuer,
    tokenEndpoint,
    fetch,
    clock: Date.now,
    requireAct: false,
  })
    .asItself()
    .token({ resource: resource.uri, scopes: resource.scopes.map(({ scope }) => scope) });
  return value;
}

async function keysAtProvider(): Promise<readonly string[]> {
  const { stdout } = await world.run(['agents', 'show', id, '--format', 'json']);
  const { agent } = JSON.parse(stdout) as { agent: { keys: { thumbprint: string }[] } };
  return agent.keys.map(({ thumbprint }) => thumbprint);
}

/** A key that is in no use, or a note of one. Half a note (thumbprints) of a killed process may stay. */
function leftovers(): readonly string[] {
  return readdirSync(join(world.home, 'keys')).filter((name) =>
    /(\.next|\.rotation)\.(json|lock)$/.test(name),
  );
}

describe('rotate', () => {
  it('replaces the key while a service that holds the old one goes on: no exchange fails', async () => {
    const running = await createFileSigner(keyFile);
    const before = running.kid;
    const done = { yes: false };
    const counted = { ok: 0, failures: [] as string[] };
    const service = (async () => {
      while (!done.yes) {
        await exchange(running).then(
          () => (counted.ok += 1),
          (error: unknown) => counted.failures.push(String(error)),
        );
      }
    })();
    const rotated: Ran[] = [];
    for (const overlap of ['0s', '0s', '1s'])
      rotated.push(await world.run(['agents', 'rotate', id, '--overlap', overlap]));
    done.yes = true;
    await service;
    expect(rotated.map(({ code, stderr }) => [code, stderr])).toEqual(
      rotated.map(() => [
        0,
        'Inactive-Users Agent has a new key on this machine; the old one is good no more.\n',
      ]),
    );
    expect(counted.failures).toEqual([]);
    expect(counted.ok).toBeGreaterThan(30);
    const after = (await createFileSigner(keyFile)).kid;
    expect(after).not.toBe(before);
    expect(rotated[2]?.stdout).toBe(`${after}\n`);
    expect(await keysAtProvider()).toEqual([after]);
    expect(locked().keys.map(({ thumbprint }) => thumbprint)).toEqual([after]);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(leftovers()).toEqual([]);
    const audit = await world.run(['audit', 'show', '--agent', id]);
    expect(audit.stdout).toContain('Inactive-Users Agent got a new key');
  });

  it('proves the key of an agent that acts only for users too', async () => {
    const rotated = await world.run(['agents', 'rotate', 'helpdesk', '--overlap', '0s', '--format', 'json']);
    expect(rotated.code).toBe(0);
    const said = JSON.parse(rotated.stdout) as { old: string; new: string; resumed: boolean };
    expect(said).toMatchObject({ agent: 'helpdesk', resumed: false });
    const { kid } = await createFileSigner(join(world.home, 'keys', 'helpdesk.json'));
    expect([said.new, said.old === kid]).toEqual([kid, false]);
  });

  it('changes nothing for a revoked agent, an unknown one, one without a key here, or a nonsense overlap', async () => {
    const before = readFileSync(keyFile, 'utf8');
    expect((await world.run(['agents', 'revoke', id])).code).toBe(0);
    const revoked = await world.run(['agents', 'rotate', id]);
    expect([revoked.code, revoked.stderr]).toEqual([
      2,
      expect.stringContaining(`agent-id agents restore ${id}`),
    ]);
    expect((await world.run(['agents', 'restore', id])).code).toBe(0);
    expect((await world.run(['agents', 'rotate', 'nobody'])).stderr).toContain('error[unknown-name]');
    expect((await world.run(['agents', 'rotate', 'sync-groups'])).stderr).toContain('error[not-enrolled]');
    expect((await world.run(['agents', 'rotate', id, '--overlap', '2d'])).stderr).toContain('error[usage]');
    expect([readFileSync(keyFile, 'utf8') === before, leftovers()]).toEqual([true, []]);
  });

  it('leaves a good key and no rest, wherever it is killed, once it is run again', async () => {
    const preload = join(world.folder, 'kill.mjs');
    writeFileSync(preload, killer);
    let killed = 0;
    for (let at = 0; ; at += 1) {
      const code = await rotateKilledAt(preload, at);
      if (code === 0) break;
      killed += 1;
      await exchange(await createFileSigner(keyFile));
      const again = await world.run(['agents', 'rotate', id, '--overlap', '0s']);
      expect([at, again.code, again.stderr]).toEqual([at, 0, expect.stringContaining('has a new key')]);
      const { kid } = await createFileSigner(keyFile);
      expect([at, await keysAtProvider(), leftovers()]).toEqual([at, [kid], []]);
      await exchange(await createFileSigner(keyFile));
    }
    expect(killed).toBeGreaterThan(15);
  }, 240_000);
});

async function rotateKilledAt(preload: string, at: number): Promise<number | null> {
  const child = spawn(
    process.execPath,
    ['--import', pathToFileURL(preload).href, program, 'agents', 'rotate', id, '--overlap', '0s'],
    {
      cwd: world.root,
      stdio: 'ignore',
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: world.home,
        AGENT_ID_HOME: world.home,
        KILL_AT: String(at),
      },
    },
  );
  return new Promise((done) => child.on('close', (code) => done(code)));
}

/** Kills the program before and after each request that changes something, and each change of a file of keys. */
const killer = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
let left = Number(process.env.KILL_AT);
const tick = () => { if (left-- === 0) process.kill(process.pid, 'SIGKILL'); };
const around = (task, counts) => async (...args) => {
  const counted = counts(...args);
  if (counted) tick();
  try { return await task(...args); } finally { if (counted) tick(); }
};
globalThis.fetch = around(globalThis.fetch, (url, init) => init?.method !== undefined && init.method !== 'GET');
const ofKeys = (path) => String(path).includes('/keys/') && !String(path).endsWith('.lock');
fs.promises.rename = around(fs.promises.rename, (from, to) => ofKeys(to));
fs.promises.rm = around(fs.promises.rm, ofKeys);
fs.promises.open = around(fs.promises.open, (path, flags) => ofKeys(path) && (flags & fs.constants.O_CREAT) !== 0);
syncBuiltinESMExports();
`;
