import { AgentIdError } from '../../model/error.ts';
import type { CheckResult } from '../types.ts';
import type { OktaAdmin, OktaCall } from './admin.ts';
import { listServers, serverOf } from './servers.ts';
import { consolePath } from './refusal.ts';
import { isOwnApi } from './own-api.ts';

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
  results.push(...(await probeServers(admin)));
  return results;
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

async function look(what: string, task: () => Promise<unknown>): Promise<CheckResult> {
  try {
    await task();
    return { what, ok: true, detail: 'works' };
  } catch (error) {
    if (!(error instanceof AgentIdError)) throw error;
    return { what, ok: false, detail: [error.message, error.hint].filter(Boolean).join('. ') };
  }
}
