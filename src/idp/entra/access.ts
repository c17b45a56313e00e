import type { Grant } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import type { AdminApi } from '../admin-api.ts';
import { readScopeList } from '../scope-list.ts';
import type { DelegationBody, RoleBody } from './bodies.ts';
import { listGraph } from './graph.ts';
import { findApi, readApi, type Api, type Principal } from './principal.ts';

/** What an agent may reach of one API: delegated permissions or app roles. */
export interface Access {
  readonly uri: string;
  readonly scopes: readonly string[];
  readonly kind: 'delegated' | 'role';
  /** What holds it: one grant with all scopes, or an assignment for each role. */
  readonly parts: readonly { readonly id: string; readonly scope: string }[];
  readonly apiId: string;
}

const delegate = 'DelegatedPermissionGrant.ReadWrite.All';
const assign = 'AppRoleAssignment.ReadWrite.All';

/** Finds every wanted API. Throws `unsupported` for one that Entra has not, or that has no such permission. */
export async function findApis(
  graph: AdminApi,
  grants: readonly Grant[],
  kind: Access['kind'],
): Promise<ReadonlyMap<string, Api>> {
  const found = new Map<string, Api>();
  for (const { uri, scopes } of grants) {
    const api = await findApi(graph, uri);
    const known = kind === 'delegated' ? api.scopes : Object.keys(api.roles);
    const missing = scopes.filter((scope) => !known.includes(scope));
    if (missing.length > 0) {
      const what = kind === 'delegated' ? 'delegated permission' : 'app role';
      const page = kind === 'delegated' ? 'Expose an API' : 'App roles';
      throw new AgentIdError('unsupported', `the API has no ${what} ${missing.join(' ')}`, {
        where: uri,
        hint: `Add it: Entra admin center > App registrations > the API > ${page}.`,
      });
    }
    found.set(uri, api);
  }
  return found;
}

/** Reads what a service principal may reach; of an API that is trusted here under the URI that it has here. */
export async function readAccess(graph: AdminApi, { id }: Principal): Promise<readonly Access[]> {
  const path = `/servicePrincipals/${encodeURIComponent(id)}`;
  const what = 'read what it reaches';
  const grants = await listGraph(graph, { path: `${path}/oauth2PermissionGrants`, right: delegate, what });
  const roles = await listGraph(graph, { path: `${path}/appRoleAssignments`, right: assign, what });
  const found: Access[] = [];
  for (const grant of grants) {
    const [apiId, scope] = [String(grant['resourceId']), String(grant['scope'])];
    const scopes = readScopeList(scope);
    const uri = toUri(graph, await readApi(graph, apiId), apiId);
    found.push({ uri, scopes, kind: 'delegated', parts: [{ id: String(grant['id']), scope }], apiId });
  }
  for (const apiId of new Set(roles.map((one) => String(one['resourceId'])))) {
    const api = await readApi(graph, apiId);
    const parts = roles
      .filter((one) => one['resourceId'] === apiId)
      .map((one) => ({ id: String(one['id']), scope: toRole(api, one['appRoleId']) }));
    const scopes = parts.map(({ scope }) => scope);
    found.push({ uri: toUri(graph, api, apiId), scopes, kind: 'role', parts, apiId });
  }
  return found;
}

/** Makes the rights the wanted ones: takes away, narrows, adds. Safe to repeat. */
export async function setAccess(
  graph: AdminApi,
  principal: Principal,
  wanted: {
    readonly kind: Access['kind'];
    readonly grants: readonly Grant[];
    readonly apis: ReadonlyMap<string, Api>;
  },
): Promise<void> {
  const there = await readAccess(graph, principal);
  for (const access of there) {
    const grant =
      access.kind === wanted.kind ? wanted.grants.find(({ uri }) => uri === access.uri) : undefined;
    await dropAccess(graph, principal, access, grant?.scopes ?? []);
  }
  for (const { uri, scopes } of wanted.grants) {
    const api = wanted.apis.get(uri);
    const now = there.find((one) => one.uri === uri && one.kind === wanted.kind);
    const missing = scopes.filter((scope) => now?.scopes.includes(scope) !== true);
    if (api === undefined || missing.length === 0) continue;
    if (wanted.kind === 'delegated') await addDelegation(graph, principal, { api, scopes, now });
    else for (const scope of missing) await addRole(graph, principal, api, scope);
  }
}

async function addDelegation(
  graph: AdminApi,
  principal: Principal,
  {
    api,
    scopes,
    now,
  }: { readonly api: Api; readonly scopes: readonly string[]; readonly now: Access | undefined },
): Promise<void> {
  const scope = scopes.join(' ');
  const what = `let it reach ${scope}`;
  const [part] = now?.parts ?? [];
  if (part !== undefined) {
    const path = `/oauth2PermissionGrants/${encodeURIComponent(part.id)}`;
    await graph.ask({ method: 'PATCH', path, right: delegate, body: { scope }, what });
    return;
  }
  const body: DelegationBody = {
    clientId: principal.id,
    consentType: 'AllPrincipals',
    resourceId: api.id,
    scope,
  };
  await graph.ask({ method: 'POST', path: '/oauth2PermissionGrants', right: delegate, body, what });
}

async function addRole(graph: AdminApi, principal: Principal, api: Api, scope: string): Promise<void> {
  const path = `/servicePrincipals/${encodeURIComponent(principal.id)}/appRoleAssignments`;
  const body: RoleBody = {
    principalId: principal.id,
    resourceId: api.id,
    appRoleId: api.roles[scope] ?? '',
  };
  await graph.ask({ method: 'POST', path, right: assign, body, what: `let it reach ${scope}` });
}

/** Takes away everything but these scopes. */
async function dropAccess(
  graph: AdminApi,
  principal: Principal,
  access: Access,
  keep: readonly string[],
): Promise<void> {
  const left = access.scopes.filter((scope) => keep.includes(scope));
  if (left.length === access.scopes.length && left.length > 0) return;
  const what = `take rights at ${access.uri} away`;
  if (access.kind === 'delegated') {
    const path = `/oauth2PermissionGrants/${encodeURIComponent(access.parts[0]?.id ?? '')}`;
    if (left.length === 0) await graph.ask({ method: 'DELETE', path, right: delegate, what });
    else await graph.ask({ method: 'PATCH', path, right: delegate, body: { scope: left.join(' ') }, what });
    return;
  }
  const folder = `/servicePrincipals/${encodeURIComponent(principal.id)}/appRoleAssignments`;
  for (const { id, scope } of access.parts) {
    if (keep.includes(scope)) continue;
    await graph.ask({ method: 'DELETE', path: `${folder}/${encodeURIComponent(id)}`, right: assign, what });
  }
}

function toUri(graph: AdminApi, api: Api | undefined, apiId: string): string {
  const names = api?.names ?? [];
  const { resources } = graph.parts.trust;
  const trusted = resources.find(({ uri }) => names.includes(uri) || names.includes(uri.replace(/\/$/, '')));
  return trusted?.uri ?? names.find((name) => name.includes(':')) ?? apiId;
}

function toRole(api: Api | undefined, id: unknown): string {
  return Object.entries(api?.roles ?? {}).find(([, one]) => one === id)?.[0] ?? String(id);
}
