import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import { clientId, startFakeAs, type FakeAs } from '../exchange/fake-as.ts';
import { run } from './run.ts';

const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');

/** How a service is run: nothing but what it needs is in its PATH. */
export interface Asked {
  /** Folder of the world that PATH names. */
  readonly path?: string;
  readonly threads?: number;
  readonly env?: NodeJS.ProcessEnv;
}

/** A machine whose service has its language's standard library and no program of ours. */
export interface NativeWorld {
  readonly root: string;
  readonly state: string;
  readonly keyFile: string;
  readonly trustFile: string;
  readonly fake: FakeAs;
  trust(issuer: string): Promise<void>;
  /** Gives how many entries the log has, by `agent-id audit verify`: it must be intact. */
  entries(): Promise<number>;
  stop(): Promise<void>;
}

/** What every JSON writer escapes in its own way, if it is left to it. */
export const hardName = 'Réset \u2028\u2029<&>"\\/\u0001\u001f\u007f\t😀';

export async function startNativeWorld(): Promise<NativeWorld> {
  const root = await mkdtemp(join(tmpdir(), 'agent-id-native-'));
  const fake = await startFakeAs();
  const state = join(root, 'state');
  for (const folder of ['agent-id', 'bin', 'empty', 'state/keys', 'state/idp'])
    await mkdir(join(root, folder), { recursive: true, mode: 0o700 });
  const world: NativeWorld = {
    root,
    state,
    keyFile: join(state, 'keys/password-reset.json'),
    trustFile: join(state, 'idp/fake.json'),
    fake,
    trust: async (issuer) => {
      const resource = { key: 'api', uri: fake.resource, scopes: [], maxTtlSeconds: 300 };
      const trusted = { schemaVersion: 1, name: 'fake', type: 'embedded', issuer, resources: [resource] };
      await writeFile(world.trustFile, JSON.stringify(trusted));
      const agent = { displayName: hardName, idp: 'fake', issuer, clientId, resources: [resource] };
      const lock = { schemaVersion: 1, agents: { 'password-reset': agent } };
      await writeFile(join(root, 'agent-id.lock.json'), JSON.stringify(lock));
    },
    entries: async () => {
      const args = [program, 'audit', 'verify', '--format', 'json'];
      const ran = await run(process.execPath, args, { cwd: root, env: { AGENT_ID_HOME: state } });
      const verdict = JSON.parse(ran.stdout) as { state: string; entries: number };
      expect(['intact', 'empty']).toContain(verdict.state);
      return verdict.entries;
    },
    stop: async () => {
      await fake.stop();
      await rm(root, { recursive: true });
    },
  };
  await copyFile(fake.keyFile, world.keyFile);
  await world.trust(fake.origin);
  return world;
}
