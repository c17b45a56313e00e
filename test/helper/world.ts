import { copyFile, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import type { TrustedIdp } from '../../src/idp/types.ts';
import { lockName, renderLock } from '../../src/lib/lock-file.ts';
import type { LockedAgent } from '../../src/model/agent.ts';
import { clientId, startFakeAs, type FakeAs } from '../exchange/fake-as.ts';

/** A machine with a repository, a state folder, and an identity provider made for the test. */
export interface World {
  readonly fake: FakeAs;
  readonly repo: string;
  readonly service: string;
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly paths: { audit: string; keys: string; idp: string };
  trust: (change?: Partial<TrustedIdp>) => Promise<void>;
  lock: (change?: Partial<LockedAgent>) => Promise<void>;
  /** Builds helper.mjs as the build does, into the service's folder. */
  vendor: () => Promise<string>;
  stop: () => Promise<void>;
}

export async function startWorld(): Promise<World> {
  const fake = await startFakeAs();
  const root = await realpath(await mkdtemp(join(tmpdir(), 'agent-id-world-')));
  const [home, repo] = [join(root, 'state'), join(root, 'repo')];
  const service = join(repo, 'services', 'password-reset');
  const paths = { audit: join(home, 'audit'), keys: join(home, 'keys'), idp: join(home, 'idp') };
  for (const folder of [paths.keys, paths.idp, join(service, 'agent-id')]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  await copyFile(fake.keyFile, join(paths.keys, 'password-reset.json'));
  const world: World = {
    fake,
    repo,
    service,
    home,
    paths,
    env: { AGENT_ID_HOME: home, PATH: process.env['PATH'] ?? '' },
    trust: async (change = {}) => {
      const trust = { ...toTrust(fake), ...change };
      await writeFile(join(paths.idp, `${trust.name}.json`), JSON.stringify(trust));
    },
    lock: async (change = {}) => {
      const agents = { 'password-reset': { ...toLocked(fake), ...change } };
      await writeFile(join(repo, lockName), renderLock({ schemaVersion: 1, agents, secrets: {} }));
    },
    vendor: async () => {
      const input = join(import.meta.dirname, '../../src/helper/vendored.ts');
      const file = join(service, 'agent-id', 'helper.mjs');
      const bundle = await rolldown({ input, platform: 'node', external: [/^node:/, /^@napi-rs\//] });
      await bundle.write({ file, format: 'esm', codeSplitting: false });
      return file;
    },
    stop: async () => {
      await fake.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
  await world.trust();
  await world.lock();
  return world;
}

function toTrust(fake: FakeAs): TrustedIdp {
  return {
    schemaVersion: 1,
    name: 'acme',
    type: 'embedded',
    issuer: fake.origin,
    loginClientId: 'agent-id-login',
    resources: [
      {
        key: 'password-api',
        uri: fake.resource,
        displayName: 'Password API',
        scopes: ['okta.users.manage', 'okta.users.read'],
        maxTtlSeconds: 300,
      },
    ],
  };
}

function toLocked(fake: FakeAs): LockedAgent {
  return {
    displayName: 'Password-Reset Agent',
    owner: '@acme/identity',
    idp: 'acme',
    issuer: fake.origin,
    clientId,
    keys: [],
    flow: 'on-behalf-of',
    resources: [
      {
        key: 'password-api',
        uri: fake.resource,
        scopes: [{ scope: 'okta.users.manage', evidence: [] }],
        maxTtlSeconds: 300,
      },
    ],
    consumers: [],
  };
}
