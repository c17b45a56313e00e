import { notOurs } from '../refusal.ts';
import type { Registration } from '../types.ts';
import { readPolicies, readAccess } from './access.ts';
import type { OktaAdmin } from './admin.ts';
import { deleteApp, findApp, gone, listApps, switchApp, type OktaApp } from './app.ts';
import { addAppKey, removeAppKey } from './keys.ts';
import { planAgent, registerAgent, removeParts } from './register.ts';
import { toRegistration } from './registration.ts';
import type { Registry } from './registry.ts';

/** Holds agents as service apps, which every organisation has. */
export function createServiceApps(admin: OktaAdmin): Registry {
  return {
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
