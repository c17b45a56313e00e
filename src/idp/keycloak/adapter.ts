import type { PublicJwk } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import { readMetadata } from '../metadata.ts';
import type { AdapterParts } from '../parts.ts';
import { noStaticSecrets, notOurs } from '../refusal.ts';
import type { Capabilities, IdpAdapter, Registration } from '../types.ts';
import { clientPrefix, createClientAdmin, type KeycloakAdmin } from './admin.ts';
import { changeClient, deleteClient, findClient, gone, listClients, type KeycloakClient } from './client.ts';
import { readEvents } from './events.ts';
import { trustPlatform } from './platform.ts';
import { planAgent, registerAgent } from './register.ts';
import { readLastToken, toRegistration } from './registration.ts';
import { removeScopes } from './remove.ts';
import { listScopes } from './scopes.ts';
import { toJwks } from './settings.ts';
import { probeKeycloak } from './probe.ts';

const capabilities: Capabilities = {
  exchange: 'rfc8693',
  recoversLostAnswers: true,
  act: 'mapper',
  minTtlSeconds: 1,
  revokeIssued: true,
  restore: true,
  lastUse: true,
  boundScopes: true,
};

const KEY_TRIES = 4;

/** Makes the adapter of a realm of Keycloak. Sends nothing yet. Throws `usage` for an issuer that is none of Keycloak's. */
export function createKeycloakAdapter(parts: AdapterParts): IdpAdapter {
  const admin = createClientAdmin(parts);
  return {
    trust: parts.trust,
    capabilities,
    discover: () => readMetadata(parts.http, parts.trust.issuer),
    probe: () => probeKeycloak(admin),
    plan: (spec) => planAgent(admin, spec),
    apply: (change) => registerAgent(admin, change),
    inspect: (clientId) => inspect(admin, clientId),
    list: () => list(admin),
    addKey: (clientId, key) => changeKeys(admin, clientId, { add: key }),
    removeKey: (clientId, kid) => changeKeys(admin, clientId, { remove: kid }),
    trustPlatform: async (clientId, platform) =>
      trustPlatform(admin, await ownClient(admin, clientId), platform),
    revoke: (clientId) => revoke(admin, clientId),
    restore: async (clientId) => {
      await changeClient(admin, await ownClient(admin, clientId), { enabled: true });
    },
    remove: (clientId) => remove(admin, clientId),
    events: (since) => readEvents(admin, since),
    staticSecrets: (api) => Promise.reject(noStaticSecrets(parts.trust.name, api)),
    revokeStaticSecret: (api) => Promise.reject(noStaticSecrets(parts.trust.name, api)),
  };
}

async function inspect(admin: KeycloakAdmin, clientId: string): Promise<Registration | undefined> {
  const client = await findClient(admin, clientId);
  if (client === undefined) return undefined;
  const last = await readLastToken(admin, clientId).catch((error: unknown) => {
    // The right to read events is one that it may not have.
    if (error instanceof AgentIdError && error.code === 'idp-refused') return null;
    throw error;
  });
  return toRegistration(client, await listScopes(admin), last);
}

async function list(admin: KeycloakAdmin): Promise<readonly Registration[]> {
  const clients = (await listClients(admin, clientPrefix)).filter(({ mark }) => mark !== null);
  const there = await listScopes(admin);
  return clients.map((client) => toRegistration(client, there));
}

/** Two machines may enrol at once, and Keycloak keeps what was written last: so it is read back, and written again. */
async function changeKeys(
  admin: KeycloakAdmin,
  clientId: string,
  { add, remove: kid }: { readonly add?: PublicJwk; readonly remove?: string },
): Promise<Registration> {
  for (let tries = 0; tries < KEY_TRIES; tries += 1) {
    const client = await ownClient(admin, clientId);
    const has = (one: string | undefined): boolean => client.keys.some((key) => key.kid === one);
    const done = add === undefined ? !has(kid) : has(add.kid);
    if (done) return toRegistration(client, await listScopes(admin));
    const jwks = toJwks(client, add === undefined ? [] : [add], kid);
    await changeClient(admin, client, { attributes: { 'jwks.string': jwks } });
  }
  throw new AgentIdError('conflict', 'somebody else changes the keys of this agent all the time', {
    where: clientId,
    hint: 'Do the same again.',
  });
}

/** Off alone would let live tokens work again after a restore: those from before now count no more. */
async function revoke(admin: KeycloakAdmin, clientId: string): Promise<void> {
  const client = await ownClient(admin, clientId);
  const off = await changeClient(admin, client, { enabled: false, notBefore: admin.now() + 1 });
  if (off.enabled)
    throw new AgentIdError('idp-refused', 'Keycloak did not switch the client off', { where: clientId });
}

/** Switches off first: what is left after a cut can do nothing. */
async function remove(admin: KeycloakAdmin, clientId: string): Promise<void> {
  const client = await findClient(admin, clientId);
  if (client !== undefined) {
    if (client.mark === null) throw notOurs(clientId, 'attributes at Keycloak', 'client');
    await changeClient(admin, client, { enabled: false });
    await deleteClient(admin, client);
  }
  await removeScopes(admin, clientId, client);
}

async function ownClient(admin: KeycloakAdmin, clientId: string): Promise<KeycloakClient> {
  const client = await findClient(admin, clientId);
  if (client === undefined) throw gone(clientId);
  if (client.mark === null) throw notOurs(clientId, 'attributes at Keycloak', 'client');
  return client;
}
