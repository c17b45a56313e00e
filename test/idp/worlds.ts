import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { adminScopes as auth0Scopes } from '../../src/idp/auth0/probe.ts';
import { adminPermissions } from '../../src/idp/entra/probe.ts';
import { changeOidcStore, readOidcStore } from '../../src/idp/oidc-store.ts';
import type { TrustedIdp, TrustedResource } from '../../src/idp/types.ts';
import type { AgentSpec } from '../../src/model/agent.ts';
import { Secret } from '../../src/model/secret.ts';
import { startAuth0Double } from './auth0-double.ts';
import { handlers } from './auth0-handlers.ts';
import type { Subject } from './contract.ts';
import { startEntraDouble } from './entra-double.ts';
import { makeFolder, makeKey, startKit } from './kit.ts';
import { startOktaDouble } from './okta-double.ts';
import { passwordApi, toTrust as toOktaTrust } from './okta-kit.ts';
import { clientIdOf, table, type Rows } from './okta-rows.ts';
import { startPlainServer } from './plain-server.ts';
import { makeAdminKey, makeRsaKey, toPem } from './rsa-keys.ts';

type Paths = { readonly keys: string };

/** A provider of which one can see what it holds, and do there what other people do. */
export interface World extends Subject {
  /** Everything that it holds, one text for each thing, without its logs. */
  rows(): Promise<readonly string[]>;
  /** Makes somebody else's application: of this agent's client id where one can choose it, else of its name. */
  addForeign(spec: AgentSpec): Promise<void>;
  /** Deletes an agent's application as a person does at the provider's console. */
  wipe(clientId: string, paths: Paths): Promise<void>;
  /** The same provider, administered by somebody who may only read; absent where there are no such roles. */
  readonly reader?: TrustedIdp;
  /** The same provider, administered with a key or token that it does not know. */
  readonly stranger: { readonly trust: TrustedIdp; prepare?(paths: Paths): Promise<void> };
}

/** Made once: it takes long. */
const rsaKey = makeRsaKey();
const plainApi = 'https://password-api.acme.example/';
const entraApi = 'https://password-api.acme.example';

/** One world for each kind of provider that runs here; Keycloak's is in test/interop. */
export const worlds: Readonly<Record<string, () => Promise<World>>> = {
  embedded: startEmbeddedWorld,
  oidc: startOidcWorld,
  okta: startOktaWorld,
  auth0: startAuth0World,
  entra: startEntraWorld,
};

function toResource(uri: string, scopes: readonly string[], maxTtlSeconds = 300): TrustedResource {
  return { key: 'password-api', uri, displayName: 'Password API', scopes, maxTtlSeconds };
}

async function startEmbeddedWorld(): Promise<World> {
  const kit = await startKit();
  const trust: TrustedIdp = {
    schemaVersion: 1,
    name: 'local',
    type: 'embedded',
    issuer: kit.idp.issuer,
    resources: [toResource(kit.idp.passwordApiUrl, ['okta.users.read'])],
    admin: { clientId: 'agent-id-admin', keyFile: kit.idp.adminKeyFile },
  };
  return {
    trust,
    resource: kit.idp.passwordApiUrl,
    rows: async () => toRows((await kit.admin('GET', '/register')).body['clients'] as object[]),
    addForeign: async ({ clientId }) =>
      void (await kit.register(clientId, makeKey(), { software_id: undefined })),
    wipe: async (clientId) => void (await kit.admin('DELETE', `/register/${clientId}`)),
    stranger: { trust: await withStrangeKey(trust) },
    stop: () => kit.stop(),
  };
}

async function startOidcWorld(): Promise<World> {
  const server = await startPlainServer();
  const trust: TrustedIdp = {
    schemaVersion: 1,
    name: 'corp',
    type: 'oidc',
    issuer: server.issuer,
    resources: [toResource(plainApi, ['okta.users.read'])],
  };
  const withToken = (token: string) => async (paths: Paths) =>
    void (await changeOidcStore(paths, 'corp', (store) => ({
      ...store,
      initialAccessToken: new Secret(token),
    })));
  return {
    trust,
    resource: plainApi,
    prepare: withToken(server.initialAccessToken),
    rows: async () => toRows(server.registrations()),
    addForeign: async ({ displayName }) => server.addClient(displayName),
    async wipe(clientId, paths) {
      const { clients } = await readOidcStore(paths, 'corp');
      const found = clients.find((one) => one.clientId === clientId);
      const headers = { authorization: `Bearer ${found?.token?.open() ?? ''}` };
      await fetch(found?.uri ?? '', { method: 'DELETE', headers });
    },
    stranger: { trust, prepare: withToken('of-somebody-else') },
    stop: () => server.stop(),
  };
}

async function startOktaWorld(): Promise<World> {
  const double = await startOktaDouble();
  const trust = await toOktaTrust(double);
  const reader = await toOktaTrust(double);
  const read = [...table(double.rows, `grants ${reader.admin?.clientId ?? ''}`).keys()].filter(
    (scope) => !scope.endsWith('.read'),
  );
  for (const scope of read) table(double.rows, `grants ${reader.admin?.clientId ?? ''}`).delete(scope);
  return {
    trust,
    resource: passwordApi,
    scope: 'password.reset',
    rows: async () => rowsOf(double.rows),
    addForeign: async ({ clientId }) => void double.addApp({ clientId, label: 'Payroll' }),
    async wipe(clientId) {
      const apps = table(double.rows, 'apps');
      for (const [id, app] of apps) if (clientIdOf(app) === clientId) apps.delete(id);
    },
    reader,
    stranger: { trust: await withStrangeKey(trust) },
    stop: () => double.stop(),
  };
}

async function startAuth0World(): Promise<World> {
  const double = await startAuth0Double();
  const { rows } = double.state;
  const trustOf = async (scopes: readonly string[]): Promise<TrustedIdp> => {
    const { keyFile, key } = await makeAdminKey();
    return {
      schemaVersion: 1,
      name: 'corp',
      type: 'auth0',
      issuer: double.issuer,
      resources: [toResource(plainApi, ['password.reset'])],
      admin: { clientId: double.addAdmin(toPem(key), key.kid, scopes), keyFile },
    };
  };
  const trust = await trustOf(auth0Scopes);
  const call = (name: string, values: readonly string[], body: object): void =>
    void handlers[name]?.(double.state, { values, query: new URLSearchParams(), body: { ...body } });
  return {
    trust,
    resource: plainApi,
    scope: 'password.reset',
    makeKey: () => rsaKey,
    rows: async () => rowsOf(rows),
    addForeign: async ({ displayName }) =>
      call('POST /clients', [], { name: displayName, app_type: 'spa', grant_types: [] }),
    wipe: async (clientId) => call('DELETE /clients/{id}', [clientId], {}),
    reader: await trustOf(auth0Scopes.filter((scope) => scope.startsWith('read:'))),
    stranger: { trust: { ...trust, admin: { ...adminOf(trust), keyFile: (await makeAdminKey()).keyFile } } },
    stop: () => double.stop(),
  };
}

async function startEntraWorld(): Promise<World> {
  const double = await startEntraDouble();
  double.addApi(entraApi, ['password.reset', 'password.read']);
  const trustOf = async (roles: readonly string[]): Promise<TrustedIdp> => {
    const { keyFile, key } = await makeAdminKey();
    return {
      schemaVersion: 1,
      name: 'corp',
      type: 'entra',
      issuer: double.issuer,
      resources: [toResource(entraApi, ['password.reset'], 5400)],
      admin: { clientId: double.addAdmin(key.x5c?.[0] ?? '', roles), keyFile },
    };
  };
  const trust = await trustOf(adminPermissions.map(([name]) => name));
  return {
    trust,
    resource: entraApi,
    scope: 'password.reset',
    makeKey: () => rsaKey,
    absentMetadata: ['registration_endpoint'],
    rows: async () => rowsOf(double.rows),
    addForeign: async ({ clientId, displayName }) => double.addApp({ uniqueName: clientId, displayName }),
    wipe: async (clientId) => double.deleteApp(clientId),
    reader: await trustOf(['Application.Read.All']),
    stranger: { trust: { ...trust, admin: { ...adminOf(trust), keyFile: (await makeAdminKey()).keyFile } } },
    stop: () => double.stop(),
  };
}

/** What only says that something happened, or that somebody was let in. */
const passing = new Set(['logs', 'operations', 'tokens', 'user-tokens', 'assertions', 'deleted']);

function rowsOf(rows: Rows): readonly string[] {
  return [...rows]
    .filter(([name]) => !passing.has(name))
    .flatMap(([name, table]) => [...table].map(([id, row]) => JSON.stringify([name, id, row])));
}

function toRows(list: readonly object[]): readonly string[] {
  return list.map((one) => JSON.stringify(one));
}

/** Administers with a key that nobody registered. */
export async function withStrangeKey(trust: TrustedIdp): Promise<TrustedIdp> {
  const keyFile = join(await makeFolder(), 'strange.jwk.json');
  await writeFile(keyFile, JSON.stringify(makeKey().privateKey.export({ format: 'jwk' })));
  await chmod(keyFile, 0o600);
  return { ...trust, admin: { ...adminOf(trust), keyFile } };
}

function adminOf({ admin }: TrustedIdp): NonNullable<TrustedIdp['admin']> {
  if (admin === undefined) throw new Error('nobody administers');
  return admin;
}
