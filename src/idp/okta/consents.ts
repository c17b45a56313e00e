import type { OktaAdmin } from './admin.ts';
import { pathOf, type OktaApp } from './app.ts';
import { ensure } from '../ensure.ts';

interface Consent {
  readonly id: string;
  readonly scope: string;
}

/** Lists the scopes of Okta's own API that an application was granted. */
export async function listConsents(admin: OktaAdmin, app: OktaApp): Promise<readonly Consent[]> {
  const found = await admin.list({
    path: `${pathOf(app)}/grants`,
    scope: 'okta.appGrants.read',
    what: `list the scopes of ${app.clientId}`,
  });
  return found
    .filter((grant) => grant['status'] !== 'REVOKED')
    .map((grant) => ({ id: String(grant['id']), scope: String(grant['scopeId']) }));
}

/** Grants exactly these scopes of Okta's own API: takes away first, so that nothing is wider in between. */
export async function setConsents(
  admin: OktaAdmin,
  app: OktaApp,
  scopes: readonly string[],
): Promise<readonly string[]> {
  const now = await listConsents(admin, app);
  for (const { id, scope } of now.filter((one) => !scopes.includes(one.scope))) {
    await admin.ask({
      method: 'DELETE',
      path: `${pathOf(app)}/grants/${encodeURIComponent(id)}`,
      scope: 'okta.appGrants.manage',
      what: `take ${scope} from ${app.clientId}`,
    });
  }
  const missing = scopes.filter((scope) => !now.some((one) => one.scope === scope));
  for (const scope of missing) await grant(admin, app, scope);
  return scopes;
}

async function grant(admin: OktaAdmin, app: OktaApp, scope: string): Promise<void> {
  await ensure(
    async () => (await listConsents(admin, app)).find((one) => one.scope === scope),
    async () => {
      const made = await admin.make({
        method: 'POST',
        path: `${pathOf(app)}/grants`,
        scope: 'okta.appGrants.manage',
        body: { issuer: admin.org, scopeId: scope },
        what: `grant ${scope} to ${app.clientId}`,
      });
      return { id: String(made['id']), scope };
    },
  );
}
