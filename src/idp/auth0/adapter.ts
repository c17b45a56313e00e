import type { AdminApi } from '../admin-api.ts';
import { readMetadata } from '../metadata.ts';
import type { AdapterParts } from '../parts.ts';
import { noStaticSecrets, notOurs } from '../refusal.ts';
import type { Capabilities, IdpAdapter, Registration } from '../types.ts';
import { createClientAdmin } from './admin.ts';
import { deleteApi } from './apis.ts';
import { ownApi, switchedOff, toFlow } from './bodies.ts';
import { changeClient, deleteClient, findClient, gone, listClients, type Auth0Client } from './client.ts';
import { addKey, removeKey } from './credentials.ts';
import { readEvents } from './logs.ts';
import { probeAuth0 } from './probe.ts';
import { planAgent, readRegistration, registerAgent } from './register.ts';

const capabilities: Capabilities = {
  exchange: 'rfc8693',
  recoversLostAnswers: true,
  act: 'native',
  minTtlSeconds: 1,
  revokeIssued: false,
  restore: true,
  lastUse: false,
  boundScopes: true,
  keyKind: 'RSA',
};

/** Makes the adapter of an Auth0 tenant. Sends nothing yet. */
export function createAuth0Adapter(parts: AdapterParts): IdpAdapter {
  const admin = createClientAdmin(parts);
  return {
    trust: parts.trust,
    capabilities,
    discover: () => readMetadata(parts.http, parts.trust.issuer),
    probe: () => probeAuth0(admin),
    plan: (spec) => planAgent(admin, spec),
    apply: (change) => registerAgent(admin, change),
    async inspect(clientId) {
      const client = await findClient(admin, clientId);
      return client === undefined ? undefined : readRegistration(admin, client);
    },
    list: () => list(admin),
    async addKey(clientId, key, machine) {
      return readRegistration(admin, await addKey(admin, await ownClient(admin, clientId), key, machine));
    },
    async removeKey(clientId, kid) {
      return readRegistration(admin, await removeKey(admin, await ownClient(admin, clientId), kid));
    },
    revoke: async (clientId) => {
      await changeClient(admin, await ownClient(admin, clientId), switchedOff);
    },
    restore: async (clientId) => {
      const client = await ownClient(admin, clientId);
      await changeClient(admin, client, toFlow(client.mark.actsFor === 'itself' ? 'itself' : 'user'));
    },
    remove: (clientId) => remove(admin, clientId),
    events: (since) => readEvents(admin, since),
    staticSecrets: (api) => Promise.reject(noStaticSecrets(parts.trust.name, api)),
    revokeStaticSecret: (api) => Promise.reject(noStaticSecrets(parts.trust.name, api)),
  };
}

async function list(admin: AdminApi): Promise<readonly Registration[]> {
  const found: Registration[] = [];
  for (const client of await listClients(admin)) {
    if (client.mark !== null) found.push(await readRegistration(admin, client));
  }
  return found;
}

/** Switches off first: what is left after a cut can do nothing. */
async function remove(admin: AdminApi, clientId: string): Promise<void> {
  const client = await findClient(admin, clientId);
  if (client === undefined) {
    if (clientId.startsWith('agent-id.')) await deleteApi(admin, ownApi(clientId));
    return;
  }
  if (client.mark === null) throw notOurs(clientId, 'metadata at Auth0');
  await changeClient(admin, client, switchedOff);
  await deleteClient(admin, client.clientId);
  if (client.mark.actsFor === 'user') await deleteApi(admin, ownApi(client.mark.name));
}

type OwnClient = Auth0Client & { readonly mark: NonNullable<Auth0Client['mark']> };

async function ownClient(admin: AdminApi, clientId: string): Promise<OwnClient> {
  const client = await findClient(admin, clientId);
  if (client === undefined) throw gone(clientId);
  const { mark } = client;
  if (mark === null) throw notOurs(clientId, 'metadata at Auth0');
  return { ...client, mark };
}
