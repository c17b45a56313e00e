import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapterFor } from '../../src/idp/index.ts';
import { writeTrusted } from '../../src/idp/trust.ts';
import type { IdpAdapter } from '../../src/idp/types.ts';
import { lockName, renderLock } from '../../src/lib/lock-file.ts';
import type { AgentSpec, LockedAgent } from '../../src/model/agent.ts';
import { makeFolder, makeKey, type Answer, type TestClient } from '../idp/kit.ts';
import { api, exchange, keycloak, keycloakTrust, signInFor } from './keycloak.ts';

const tag = randomBytes(3).toString('hex');
const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');
const PER_SECOND = 50;
const MOST_WAITING = 20;
let adapter: IdpAdapter;
let folder: string;

beforeAll(async () => {
  adapter = await adapterFor(keycloakTrust(), { paths: { keys: '/nowhere' } });
  folder = await makeFolder();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('under load of other agents', () => {
  it('revokes with one command, and nobody else notices', async () => {
    const names = ['victim', 'called', 'one', 'two', 'three'];
    const [victim, called, ...others] = await Promise.all(names.map(register));
    if (victim === undefined || called === undefined) throw new Error('no victim');
    const subject = await signInFor(...[victim, called, ...others].map(({ clientId }) => clientId));
    await exchange(victim, subject);
    const load = startLoad(others, subject);
    await sleep(2000);
    const calledAt = performance.now();
    const calling = watch(() => exchange(called, subject), calledAt);
    await adapter.revoke(called.clientId);
    const callMs = await calling;
    await writeState(victim.clientId);
    const started = performance.now();
    const command = runProgram(['agents', 'revoke', 'victim']);
    const watched = watch(() => exchange(victim, subject), started);
    const { code, stderr } = await command;
    const commandMs = performance.now() - started;
    const afterwards = await exchange(victim, subject);
    const refusedMs = await watched;
    await sleep(1000);
    const { sent, failed, seconds } = await load.stop();
    console.log(
      `revocation: first refusal ${Math.round(callMs)} ms after the call, ${Math.round(refusedMs)} ms after the command ` +
        `was started (it ended after ${Math.round(commandMs)} ms), beside ${Math.round(sent / seconds)} exchanges/s of others (${sent}), ${failed.length} failed`,
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(failed).toEqual([]);
    // The figure is the machine's; that nothing gets through once the command has ended is ours.
    expect(afterwards).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(sent).toBeGreaterThan(PER_SECOND);
  });

  it('rotates a key without a moment of refusal', async () => {
    const agent = await register('rotating');
    const subject = await signInFor(agent.clientId);
    let current: TestClient = agent;
    let going = true;
    const answers: Answer[] = [];
    const loops = [1, 2, 3].map(async () => {
      while (going) answers.push(await exchange(current, subject));
    });
    const rotations = 5;
    for (let n = 0; n < rotations; n += 1) {
      const fresh = { ...agent, key: makeKey() };
      await adapter.addKey(agent.clientId, fresh.key.publicKey);
      expect((await exchange(fresh, subject)).status).toBe(200);
      const old = current.key.publicKey.kid;
      current = fresh;
      // What was signed with the old key is answered first.
      await sleep(500);
      await adapter.removeKey(agent.clientId, old);
    }
    going = false;
    await Promise.all(loops);
    const failed = answers.filter(({ status }) => status !== 200);
    console.log(
      `rotation: ${rotations} rotations, ${answers.length} exchanges meanwhile, ${failed.length} failed`,
    );
    expect(failed).toEqual([]);
    expect(answers.length).toBeGreaterThan(50);
    expect((await exchange(agent, subject)).status).toBe(400);
  });
});

interface Load {
  stop(): Promise<{ readonly sent: number; readonly failed: readonly Answer[]; readonly seconds: number }>;
}

/** Sends at a fixed rate, as long as the machine keeps up: no more than so many wait for an answer. */
function startLoad(agents: readonly TestClient[], subject: string): Load {
  const pending: Promise<Answer>[] = [];
  let waiting = 0;
  const started = performance.now();
  const timer = setInterval(() => {
    const due = ((performance.now() - started) / 1000) * PER_SECOND;
    while (pending.length < due && waiting < MOST_WAITING) {
      const agent = agents[pending.length % agents.length];
      if (agent === undefined) return;
      waiting += 1;
      pending.push(exchange(agent, subject).finally(() => (waiting -= 1)));
    }
  }, 20);
  return {
    async stop() {
      clearInterval(timer);
      const seconds = (performance.now() - started) / 1000;
      const answers = await Promise.all(pending);
      return { sent: answers.length, failed: answers.filter(({ status }) => status !== 200), seconds };
    },
  };
}

/** Asks two at a time; gives when the first refusal came, in milliseconds after `started`. */
async function watch(attempt: () => Promise<Answer>, started: number): Promise<number> {
  const watchOne = async (): Promise<number> => {
    while ((await attempt()).status === 200) await sleep(10);
    return performance.now() - started;
  };
  return Math.min(...(await Promise.all([watchOne(), watchOne()])));
}

interface Agent extends TestClient {
  readonly spec: AgentSpec;
}

async function register(id: string): Promise<Agent> {
  const key = makeKey();
  const spec: AgentSpec = {
    id,
    displayName: `${id} Agent`,
    owner: null,
    actsFor: 'user',
    clientId: `agent-id.${id}.${tag}`,
    keys: [key.publicKey],
    grants: [{ uri: api, scopes: ['password.reset'], maxTtlSeconds: 300 }],
    marker: `tx-${tag}`,
  };
  await adapter.apply(await adapter.plan(spec));
  return { clientId: spec.clientId, key, spec };
}

async function writeState(clientId: string): Promise<void> {
  await writeTrusted({ idp: join(folder, 'state', 'idp') }, keycloakTrust());
  await mkdir(join(folder, 'repo'), { recursive: true });
  const agent: LockedAgent = {
    displayName: 'Victim Agent',
    owner: null,
    idp: 'corp',
    issuer: keycloak().issuer,
    clientId,
    keys: [],
    flow: 'on-behalf-of',
    resources: [],
    consumers: [],
  };
  const lock = renderLock({ schemaVersion: 1, agents: { victim: agent }, secrets: {} });
  await writeFile(join(folder, 'repo', lockName), lock);
}

function runProgram(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  return new Promise((done) => {
    const env = { PATH: process.env['PATH'], HOME: folder, AGENT_ID_HOME: join(folder, 'state') };
    const child = spawn(process.execPath, [program, ...args], { cwd: join(folder, 'repo'), env });
    let stderr = '';
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.on('close', (code) => done({ code, stderr }));
  });
}
