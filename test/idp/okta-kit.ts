import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { adapterFor } from '../../src/idp/index.ts';
import type { IdpAdapter, TrustedIdp } from '../../src/idp/types.ts';
import type { AgentSpec } from '../../src/model/agent.ts';
import { makeFolder, makeKey, type TestKey } from './kit.ts';
import { startOktaDouble, type Fault, type OktaDouble } from './okta-double.ts';

export const passwordApi = 'https://password-api.acme.example/';

/** Trusts a double: its administrator is a service app whose key lies in a file. */
export async function toTrust(double: OktaDouble, key: TestKey = makeKey()): Promise<TrustedIdp> {
  const keyFile = join(await makeFolder(), 'admin.jwk.json');
  await writeFile(keyFile, JSON.stringify(key.privateKey.export({ format: 'jwk' })), { mode: 0o600 });
  return {
    schemaVersion: 1,
    name: 'corp',
    type: 'okta',
    issuer: double.issuer,
    resources: [
      {
        key: 'password-api',
        uri: passwordApi,
        displayName: 'Password API',
        scopes: ['password.reset'],
        maxTtlSeconds: 300,
      },
    ],
    admin: { clientId: double.addAdmin(key), keyFile },
  };
}

/** Opts in to AI agents; users sign in to an application of the organisation. */
export function withCrossApp(double: OktaDouble, trust: TrustedIdp): TrustedIdp {
  double.addApp({ clientId: 'acme-cli', label: 'Acme sign-in' });
  return { ...trust, loginClientId: 'acme-cli', crossAppAccess: true };
}

/** An organisation and who administers it. */
export interface World {
  readonly double: OktaDouble;
  readonly adapter: IdpAdapter;
  readonly trust: TrustedIdp;
}

export async function startWorld({ crossApp = false } = {}): Promise<World> {
  const double = await startOktaDouble();
  const plain = await toTrust(double, adminKey);
  const trust = crossApp ? withCrossApp(double, plain) : plain;
  return { double, trust, adapter: await adapterFor(trust, { paths: { keys: '/nowhere' } }) };
}

/** An agent that needs everything there is: Okta's own API with a role of its own, and a custom server. */
export function wholeSpec({ issuer }: Pick<OktaDouble, 'issuer'>, more: Partial<AgentSpec> = {}): AgentSpec {
  return {
    id: 'reset',
    displayName: 'Reset Agent',
    owner: '@acme/support',
    actsFor: 'user',
    clientId: 'agent-id.reset.abcdefgh',
    keys: [agentKey.publicKey],
    grants: [
      {
        uri: issuer,
        scopes: ['okta.users.manage'],
        maxTtlSeconds: 300,
        operations: ['client.userApi.resetPassword'],
      },
      { uri: passwordApi, scopes: ['password.reset'], maxTtlSeconds: 300 },
    ],
    marker: 'tx-reset',
    ...more,
  };
}

/** An agent that acts for users at an API of the company's own, and nowhere else. */
export function userSpec({ issuer }: Pick<OktaDouble, 'issuer'>, more: Partial<AgentSpec> = {}): AgentSpec {
  const { grants, ...spec } = wholeSpec({ issuer });
  return { ...spec, grants: grants.filter(({ uri }) => uri === passwordApi), ...more };
}

const adminKey = makeKey();
const agentKey = makeKey();

/** Lets one request of a run go wrong, the one with this number, or it and all that follow. */
export function faultAt(at: number, fault: Fault, { forEver = false } = {}): OktaDouble['fault'] {
  let seen = -1;
  return () => {
    seen += 1;
    return seen === at || (forEver && seen > at) ? fault : undefined;
  };
}

/** What the organisation holds, without what is named at random: two runs with the same end are equal. */
export function contentOf({ rows }: OktaDouble): readonly string[] {
  return [...rows]
    .filter(([name, table]) => table.size > 0 && !['logs', 'operations'].includes(name))
    .map(([name, table]) => JSON.stringify([name, [...table.values()].map(sortKeys)]))
    .map((text) => text.replace(/\b([a-zA-Z0-9]{3})[0-9a-f]{16}\b/g, '$1'))
    .map((text) => text.replace(/127\.0\.0\.1:\d+/g, 'org').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'then'))
    .sort();
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, one]) => [name, sortKeys(one)]));
}
