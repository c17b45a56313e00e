import { readMetadata } from '../metadata.ts';
import type { AdapterParts } from '../parts.ts';
import { noStaticSecrets, notOurs } from '../refusal.ts';
import type { Capabilities, IdpAdapter, Registration } from '../types.ts';
import { readPolicies, readAccess } from './access.ts';
import { createServiceAdmin, type OktaAdmin } from './admin.ts';
import { deleteApp, findApp, gone, listApps, switchApp, type OktaApp } from './app.ts';
import { readEvents } from './logs.ts';
import { probeOkta } from './probe.ts';
import { addAppKey, removeAppKey } from './keys.ts';
import { planAgent, registerAgent, removeParts } from './register.ts';
import { toRegistration } from './registration.ts';
import { deleteApiToken, listApiTokens } from './tokens.ts';

const capabilities: Capabilities = {
  exchange: 'rfc8693',
  chosenClientId: true,
  act: 'none',
  minTtlSeconds: 300,
  revokeIssued: false,
  restore: true,
  lastUse: false,
  boundScopes: true,
};

/** Makes the adapter of an Okta organisation. Sends nothing yet. */
export function createOktaAdapter(parts: AdapterParts): IdpAdapter {
  const admin = createServiceAdmin(parts);
  return {
    trust: parts.trust,
    capabilities,
    discover: () => readMetadata(parts.http, parts.trust.issuer),
    probe: () => probeOkta(admin),
    plan: (spec) => planAgent(admin, spec),
    apply: (change) => registerAgent(admin, change),
    async inspect(clientId) {
      const app = await findApp(admin, clientId);
      return app === undefined ? undefined : read(admin, app);
    },
    list: () => list(admin),
    async addKey(clientId, key) {
      await addAppKey(admin, await ownApp(admin, clientId), key);
      return read(admin, await ownApp(admin, clientId));
    },
    async removeKey(clientId, kid) {
      await removeAppKey(admin, await ownApp(admin, clientId), kid);
      return read(admin, await ownApp(admin, clientId));
    },
    revoke: async (clientId) => switchApp(admin, await ownApp(admin, clientId), 'deactivate'),
    restore: async (clientId) => switchApp(admin, await ownApp(admin, clientId), 'activate'),
    remove: (clientId) => remove(admin, clientId),
    events: (since) => readEvents(admin, since),
    staticSecrets: async (api) => {
      assertOkta(parts, api);
      return listApiTokens(admin);
    },
    revokeStaticSecret: async (api, id) => {
      assertOkta(parts, api);
      return deleteApiToken(admin, id);
    },
  };
}

async function list(admin: OktaAdmin): Promise<readonly Registration[]> {
  const apps = (await listApps(admin)).filter((app) => app.mark !== null);
  if (apps.length === 0) return [];
  const policies = await readPolicies(admin);
  const found: Registration[] = [];
  for (const app of apps) {
    found.push(await toRegistration(admin, app, await readAccess(admin, app.clientId, policies)));
  }
  return found;
}

async function read(admin: OktaAdmin, app: OktaApp): Promise<Registration> {
  const access = app.mark === null ? [] : await readAccess(admin, app.clientId, await readPolicies(admin));
  return toRegistration(admin, app, access);
}

/** Switches off first: what is left after a cut can do nothing. */
async function remove(admin: OktaAdmin, clientId: string): Promise<void> {
  const app = await findApp(admin, clientId);
  if (app === undefined) return;
  if (app.mark === null) throw notOurs(clientId, 'profile at Okta');
  await switchApp(admin, app, 'deactivate');
  await removeParts(admin, app);
  await deleteApp(admin, { ...app, active: false });
}

async function ownApp(admin: OktaAdmin, clientId: string): Promise<OktaApp> {
  const app = await findApp(admin, clientId);
  if (app === undefined) throw gone(clientId);
  if (app.mark === null) throw notOurs(clientId, 'profile at Okta');
  return app;
}

function assertOkta({ trust }: AdapterParts, api: string): void {
  if (api === 'okta') return;
  throw noStaticSecrets(trust.name, api);
}
