import type { AgentSpec } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import type { AdminApi } from '../admin-api.ts';
import { describeDifference, toCreate, toUpdate } from '../difference.ts';
import { toRecord } from '../metadata.ts';
import type { Change, PlatformTrust, Registration } from '../types.ts';
import { findApis, readAccess, setAccess, type Access } from './access.ts';
import { actScope } from './act-scope.ts';
import {
  changeApplication,
  changeKeys,
  createIfMissing,
  findApplication,
  gone,
  pathOf,
  putApplication,
  type Application,
} from './application.ts';
import {
  federationName,
  foreignTags,
  toActScope,
  toFederationBody,
  toKeyBody,
  toTags,
  type FederationBody,
} from './bodies.ts';
import { listGraph, quoted } from './graph.ts';
import { ensurePrincipal, findPrincipal, switchPrincipal } from './principal.ts';

/** Compares the wanted agent with what is there, and says what Entra cannot do for it. Reads only. */
export async function planAgent(graph: AdminApi, spec: AgentSpec): Promise<Change> {
  assertSpec(spec);
  await findApis(graph, spec.grants, kindOf(spec));
  const app = await findApplication(graph, spec.clientId);
  if (app === undefined) return toCreate(spec, warnings(spec));
  if (app.mark === null) {
    return { kind: 'conflict', spec, lines: [`${spec.clientId} is in use by something that is not ours`] };
  }
  return toUpdate(spec, await compare(graph, app, spec));
}

/**
 * Registers or updates. The service principal is made switched off, gets all its parts, and only then is let in: a cut in
 * between leaves something that can do nothing, which the next run finishes or takes away.
 */
export async function registerAgent(graph: AdminApi, { kind, spec }: Change): Promise<Registration> {
  if (kind === 'conflict') throw conflict(spec.clientId);
  assertSpec(spec);
  // Before anything is made: an API that is not there.
  await findApis(graph, spec.grants, kindOf(spec));
  const found = await findApplication(graph, spec.clientId);
  if (found !== undefined) assertOurs(found, kind, spec);
  const app = found ?? (await create(graph, spec));
  if ((await compare(graph, app, spec)).length > 0) await setAll(graph, app, spec);
  const now = await findApplication(graph, app.appId);
  if (now === undefined) throw gone(app.appId);
  return readRegistration(graph, now);
}

export async function readRegistration(graph: AdminApi, app: Application): Promise<Registration> {
  const principal = app.mark === null ? undefined : await findPrincipal(graph, app);
  const access = principal === undefined ? [] : await readAccess(graph, principal);
  return toRegistration(app, principal?.enabled === true, access);
}

/** Lets jobs of a platform be the agent: their token stands for a key. Safe to repeat. */
export async function trustJobs(graph: AdminApi, app: Application, platform: PlatformTrust): Promise<void> {
  const body = toFederationBody(platform);
  await graph.ask({
    method: 'PATCH',
    path: `${pathOf(app)}/federatedIdentityCredentials(name=${quoted(federationName(body))})`,
    right: 'Application.ReadWrite.OwnedBy',
    headers: createIfMissing,
    body,
    what: `trust the tokens of ${body.issuer}`,
  });
}

function create(graph: AdminApi, spec: AgentSpec): Promise<Application> {
  return putApplication(graph, spec.clientId, {
    displayName: spec.displayName,
    signInAudience: 'AzureADMyOrg',
    tags: toTags(spec, { marker: spec.marker, complete: false }),
    keyCredentials: spec.keys.map((key) => toKeyBody(key)),
    api: {
      requestedAccessTokenVersion: 2,
      ...(spec.actsFor === 'user'
        ? { oauth2PermissionScopes: [toActScope(spec.clientId, spec.displayName)] }
        : {}),
    },
  });
}

async function setAll(graph: AdminApi, app: Application, spec: AgentSpec): Promise<void> {
  const marker = app.mark?.marker ?? spec.marker;
  const kind = kindOf(spec);
  const principal = await ensurePrincipal(graph, app);
  await changeKeys(graph, app, { add: spec.keys });
  if (spec.actsFor === 'user') await offer(graph, app, spec);
  const platform = toPlatform(spec);
  if (platform !== undefined) await trustJobs(graph, app, platform);
  const apis = await findApis(graph, spec.grants, kind);
  await setAccess(graph, principal, { kind, grants: spec.grants, apis });
  // What was revoked by a person stays revoked.
  if (app.mark?.complete === false) await switchPrincipal(graph, app, true);
  await changeApplication(graph, app, {
    displayName: spec.displayName,
    tags: [...foreignTags(app.tags), ...toTags(spec, { marker, complete: true })],
  });
}

/** A user's token must be for the agent: so it is an API, which the sign-in client may ask for without a question. */
async function offer(graph: AdminApi, app: Application, spec: AgentSpec): Promise<void> {
  const { loginClientId } = graph.parts.trust;
  const { id } = toActScope(spec.clientId, spec.displayName);
  const preAuthorizedApplications =
    loginClientId === undefined ? [] : [{ appId: loginClientId, delegatedPermissionIds: [id] }];
  await changeApplication(graph, app, {
    identifierUris: [...new Set([...app.identifierUris, ownUri(app)])],
    ...(preAuthorizedApplications.length === 0 ? {} : { api: { preAuthorizedApplications } }),
  });
}

async function compare(graph: AdminApi, app: Application, spec: AgentSpec): Promise<readonly string[]> {
  const principal = await findPrincipal(graph, app);
  const access = principal === undefined ? [] : await readAccess(graph, principal);
  const lines = [...describeDifference(spec, toRegistration(app, principal?.enabled === true, access))];
  if (principal === undefined || app.mark?.complete === false)
    lines.push('finishes a registration that was cut off');
  lines.push(...compareMark(app, spec));
  for (const { uri, kind } of access)
    if (kind !== kindOf(spec)) lines.push(`${uri}: no longer reachable by ${kind} permissions`);
  if (spec.actsFor === 'user' && !app.identifierUris.includes(ownUri(app)))
    lines.push(`users' tokens may be meant for it (${ownUri(app)}/${actScope})`);
  const platform = toPlatform(spec);
  if (platform !== undefined && !(await trusts(graph, app, toFederationBody(platform))))
    lines.push(`trusts the tokens of ${platform.issuer}`);
  return lines;
}

function compareMark({ mark }: Application, spec: AgentSpec): readonly string[] {
  if (mark === null) return [];
  const owner = `owner: ${mark.owner ?? 'nobody'} becomes ${spec.owner ?? 'nobody'}`;
  const actsFor = `acts for: ${mark.actsFor} becomes ${spec.actsFor}`;
  return [...(mark.owner === spec.owner ? [] : [owner]), ...(mark.actsFor === spec.actsFor ? [] : [actsFor])];
}

async function trusts(graph: AdminApi, app: Application, body: FederationBody): Promise<boolean> {
  const path = `${pathOf(app)}/federatedIdentityCredentials`;
  const what = 'read whose tokens it trusts';
  const found = await listGraph(graph, { path, right: 'Application.ReadWrite.OwnedBy', what });
  return found.map(toRecord).some((one) => one['issuer'] === body.issuer && one['subject'] === body.subject);
}

function toRegistration(app: Application, enabled: boolean, access: readonly Access[]): Registration {
  const keys = app.keys.filter(({ kid }) => kid !== '');
  const named = keys.filter(({ kid, name }) => kid !== name);
  return {
    clientId: app.appId,
    displayName: app.displayName,
    status: enabled ? 'active' : 'revoked',
    keys: keys.map(({ kid }) => ({ kid })),
    grants: access.map(({ uri, scopes }) => ({ uri, scopes })),
    marker: app.mark?.marker ?? null,
    lastTokenAt: null,
    ...(named.length === 0
      ? {}
      : { machines: Object.fromEntries(named.map(({ kid, name }) => [kid, name])) }),
  };
}

function warnings(spec: AgentSpec): readonly string[] {
  const lines = ['its tokens live 60 to 90 minutes, and are not called back when it is revoked'];
  if (spec.actsFor === 'user')
    lines.push(`makes it an API of its own: a user's token must be for it (permission ${actScope})`);
  if (spec.platform !== undefined) lines.push(`trusts the tokens of ${spec.platform.issuer}`);
  return lines;
}

function kindOf({ actsFor }: AgentSpec): Access['kind'] {
  return actsFor === 'user' ? 'delegated' : 'role';
}

function toPlatform({ platform }: AgentSpec): PlatformTrust | undefined {
  return platform === undefined ? undefined : { issuer: platform.issuer, claims: { sub: platform.subject } };
}

function ownUri({ appId }: Application): string {
  return `api://${appId}`;
}

function assertSpec(spec: AgentSpec): void {
  for (const key of spec.keys) toKeyBody(key);
  if (spec.displayName.length <= 120) return;
  const where = spec.displayName.slice(0, 100);
  throw new AgentIdError('usage', 'Entra takes names of up to 120 characters', { where });
}

function assertOurs({ mark }: Application, kind: Change['kind'], spec: AgentSpec): void {
  if (mark === null || (kind === 'create' && mark.marker !== spec.marker)) throw conflict(spec.clientId);
}

function conflict(clientId: string): AgentIdError {
  return new AgentIdError(
    'conflict',
    'the client id is in use by something that is not ours, or by another plan',
    { where: clientId, hint: 'Nothing was changed. Plan again, or remove the other application at Entra.' },
  );
}
