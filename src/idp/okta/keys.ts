import type { PublicJwk } from '../../model/agent.ts';
import { toRecord } from '../metadata.ts';
import type { OktaAdmin } from './admin.ts';
import { pathOf, type OktaApp } from './app.ts';
import { ensure } from '../ensure.ts';
import { toKeys, type OktaKey } from './jwks.ts';

type Listed = Pick<OktaKey, 'id' | 'kid' | 'active'>;

/** Adds a key that verifies at once; one that was switched off is switched on again. Safe to repeat. */
export async function addAppKey(admin: OktaAdmin, app: OktaApp, key: PublicJwk): Promise<void> {
  const { found } = await ensure<Listed>(
    async () => (await listKeys(admin, app)).find((one) => one.kid === key.kid),
    async () => {
      const made = await admin.make({
        method: 'POST',
        path: `${pathOf(app)}/credentials/jwks`,
        scope: 'okta.apps.manage',
        body: { ...key, status: 'ACTIVE' },
        what: `add a key to ${app.clientId}`,
      });
      return { kid: key.kid, id: String(toRecord(made)['id']), active: true };
    },
  );
  if (!found.active) await switchKey(admin, app, found, 'activate');
}

/** Takes a key away: Okta deletes only one that is switched off. A missing one is no error. */
export async function removeAppKey(admin: OktaAdmin, app: OktaApp, kid: string): Promise<void> {
  const key = (await listKeys(admin, app)).find((one) => one.kid === kid);
  if (key === undefined) return;
  if (key.active) await switchKey(admin, app, key, 'deactivate');
  await admin.ask({
    method: 'DELETE',
    path: `${pathOf(app)}/credentials/jwks/${encodeURIComponent(key.id)}`,
    scope: 'okta.apps.manage',
    what: `delete a key of ${app.clientId}`,
  });
}

async function listKeys(admin: OktaAdmin, app: OktaApp): Promise<readonly OktaKey[]> {
  const answer = await admin.ask({
    path: `${pathOf(app)}/credentials/jwks`,
    scope: 'okta.apps.read',
    what: `list the keys of ${app.clientId}`,
  });
  // The description says `keys`; its example wraps them in `jwks`.
  return toKeys(toRecord(answer)['keys'] ?? toRecord(toRecord(answer)['jwks'])['keys']);
}

async function switchKey(
  admin: OktaAdmin,
  app: OktaApp,
  key: Listed,
  to: 'activate' | 'deactivate',
): Promise<void> {
  await admin.ask({
    method: 'POST',
    path: `${pathOf(app)}/credentials/jwks/${encodeURIComponent(key.id)}/lifecycle/${to}`,
    scope: 'okta.apps.manage',
    what: `${to} a key of ${app.clientId}`,
  });
}
