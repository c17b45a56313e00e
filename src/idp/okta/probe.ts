import type { CheckResult } from '../types.ts';
import type { OktaAdmin, OktaCall, OktaObject } from './admin.ts';
import { look } from './look.ts';
import { listServers, serverOf } from './servers.ts';
import { consolePath } from './refusal.ts';
import { isOwnApi } from './own-api.ts';
import { probeAiAgents } from './cross-app/probe.ts';

/** Every scope that administering needs; `read` is what one harmless request shows of it. */
const reads: readonly (OktaCall & { readonly needs: string })[] = [
  {
    path: '/api/v1/apps?limit=1',
    scope: 'okta.apps.read',
    what: 'list its applications',
    needs: 'applications',
  },
  {
    path: '/api/v1/authorizationServers?limit=1',
    scope: 'okta.authorizationServers.read',
    what: 'list its authorization servers',
    needs: 'authorization servers',
  },
  { path: '/api/v1/iam/roles', scope: 'okta.roles.read', what: 'list its roles', needs: 'admin roles' },
  {
    path: '/api/v1/api-tokens',
    scope: 'okta.apiTokens.read',
    what: 'list its API tokens',
    needs: 'API tokens',
  },
  {
    path: '/api/v1/logs?limit=1',
    scope: 'okta.logs.read',
    what: 'read its System Log',
    needs: 'System Log, which says what agents use',
  },
];

const grantsNeeded = ['okta.appGrants.read', 'okta.appGrants.manage'] as const;
const manageNeeded = ['okta.apps.manage', 'okta.authorizationServers.manage', 'okta.roles.manage'] as const;

/** Asks Okta what the administrator may, one scope after the other, and says what is missing and where to give it. */
export async function probeOkta(admin: OktaAdmin): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { needs, ...call } of reads) {
    results.push(await look(`${needs} (${call.scope})`, () => admin.ask(call)));
  }
  for (const scope of [...grantsNeeded, ...manageNeeded, 'okta.apiTokens.manage']) {
    results.push(await look(`right ${scope}`, () => admin.reach(scope)));
  }
  results.push(await probeRole(admin), ...(await probeServers(admin)));
  if (admin.parts.trust.crossAppAccess === true) results.push(...(await probeAiAgents(admin)));
  return results;
}

/** Only a super administrator grants scopes of Okta's own API, or registers AI agents, whatever scopes it has itself. */
async function probeRole(admin: OktaAdmin): Promise<CheckResult> {
  const { admin: own, resources, crossAppAccess } = admin.parts.trust;
  const purpose = crossAppAccess === true ? 'register AI agents' : "grant scopes of Okta's own API";
  const what = `role to ${purpose} (super administrator)`;
  const needed = crossAppAccess === true || resources.some(({ uri }) => isOwnApi(admin, uri));
  if (!needed) return { what, ok: true, detail: 'not needed' };
  const path = `/oauth2/v1/clients/${encodeURIComponent(own?.clientId ?? '')}/roles`;
  const call = { path, scope: 'okta.roles.read', what: 'list the roles of the admin app' };
  let held: readonly OktaObject[] = [];
  const asked = await look(what, async () => {
    held = await admin.list(call);
  });
  if (!asked.ok || held.some(({ type }) => type === 'SUPER_ADMIN')) return asked;
  return { what, ok: false, detail: `the admin app does not have it. ${consolePath.role}` };
}

async function probeServers(admin: OktaAdmin): Promise<readonly CheckResult[]> {
  const wanted = admin.parts.trust.resources.filter(({ uri }) => !isOwnApi(admin, uri));
  const servers = await listServers(admin).catch(() => []);
  return wanted.map(({ key, uri }) => {
    const server = serverOf(servers, uri);
    const what = `authorization server of ${key}`;
    if (server === undefined) return { what, ok: true, detail: `none takes ${uri} yet: migrate makes it` };
    if (server.active) return { what, ok: true, detail: 'is there' };
    return { what, ok: false, detail: `is switched off. Switch it on: ${consolePath.server}` };
  });
}
