import { mkdtempSync, mkdirSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { adapterFor } from '../../src/idp/index.ts';
import { changeOidcStore } from '../../src/idp/oidc-store.ts';
import type { TrustedIdp } from '../../src/idp/types.ts';
import { deleteAgentKey, makeAgentKey, readAgentKey } from '../../src/lib/keys.ts';
import { applyTransaction, type Effects } from '../../src/migrate/apply.ts';
import { rollbackTransaction } from '../../src/migrate/rollback.ts';
import { sha256 } from '../../src/migrate/swap.ts';
import { beginTransaction } from '../../src/migrate/transaction.ts';
import type { Plan } from '../../src/model/plan.ts';
import { Secret } from '../../src/model/secret.ts';
import { startPlainServer, type PlainServer } from '../idp/plain-server.ts';

let server: PlainServer;

beforeAll(async () => {
  server = await startPlainServer();
});

afterAll(() => server.stop());

it('names the marker of an application that may exist although the provider never answered', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'agent-id-orphan-'));
  const paths = { keys: join(folder, 'keys') };
  const root = join(folder, 'repo');
  mkdirSync(root);
  mkdirSync(paths.keys, { mode: 0o700 });
  writeFileSync(join(root, 'a.env'), 'A=1\n');
  const uri = 'https://password-api.acme.example/';
  const trust: TrustedIdp = {
    schemaVersion: 1,
    name: 'plain',
    type: 'oidc',
    issuer: server.issuer,
    resources: [
      {
        key: 'password-api',
        uri,
        displayName: 'Password API',
        scopes: ['okta.users.read'],
        maxTtlSeconds: 300,
      },
    ],
  };
  const initialAccessToken = new Secret(server.initialAccessToken);
  await changeOidcStore(paths, trust.name, (store) => ({ ...store, initialAccessToken }));
  const adapter = await adapterFor(trust, { paths });
  const effects: Effects = {
    adapter,
    keys: {
      find: async (agent) => (await readAgentKey(paths, agent)) ?? undefined,
      create: async (agent) => (await makeAgentKey(paths, agent)).key,
      remove: (agent) => deleteAgentKey(paths, agent),
    },
    checkpoint: () => Promise.resolve(),
  };
  const plan = makePlan(uri, trust);
  const transaction = await beginTransaction(join(folder, 'tx'), root, plan, [
    readFileSync(join(root, 'a.env')),
  ]);
  server.loseNextAnswer();
  await expect(applyTransaction(transaction, ['A=2\n'], effects)).rejects.toThrow();
  const { possibleOrphans } = await rollbackTransaction(transaction, effects);
  expect(possibleOrphans).toEqual([{ agent: 'alpha', marker: plan.id }]);
  expect(readFileSync(join(root, 'a.env'), 'utf8')).toBe('A=1\n');
  expect(await readAgentKey(paths, 'alpha')).toBeUndefined();
});

function makePlan(uri: string, trust: TrustedIdp): Plan {
  const id = 'tx-orphan';
  return {
    id,
    idp: { name: trust.name, type: trust.type, issuer: trust.issuer },
    gaps: [],
    secrets: [],
    manual: [],
    agents: [
      {
        spec: {
          id: 'alpha',
          displayName: 'Alpha Agent',
          owner: null,
          actsFor: 'itself',
          clientId: 'agent-id.alpha',
          keys: [],
          grants: [{ uri, scopes: ['okta.users.read'], maxTtlSeconds: 300 }],
          marker: id,
        },
        consumer: 'code:alpha',
        kind: 'code',
        secret: '0'.repeat(32),
        actsFor: 'itself',
        actsForReason: 'a test',
        resource: { key: 'password-api', uri, displayName: 'Password API' },
        scopes: [],
        change: 'create',
        changeLines: [],
        key: { place: 'here', where: 'this machine', enroll: '' },
      },
    ],
    files: [
      {
        path: 'a.env',
        preSha256: sha256('A=1\n'),
        postSha256: sha256('A=2\n'),
        tier: null,
        agents: [],
        edits: [],
        why: '',
      },
    ],
  };
}
