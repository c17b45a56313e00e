import { setTimeout as sleep } from 'node:timers/promises';
import { AgentIdError } from '../../model/error.ts';
import type { AdminApi } from '../admin-api.ts';
import { toRecord } from '../metadata.ts';
import { createIfMissing, gone, toTexts, type Application } from './application.ts';
import type { PrincipalBody } from './bodies.ts';
import { listGraph, quoted, type GraphObject } from './graph.ts';

/** An application in this tenant: what is let in or not, and what rights hang on. */
export interface Principal {
  readonly id: string;
  readonly enabled: boolean;
}

/** An API, by what it is called in tokens. */
export interface Api {
  readonly id: string;
  readonly names: readonly string[];
  /** Delegated permissions and app roles that may be granted, by value. */
  readonly scopes: readonly string[];
  readonly roles: Readonly<Record<string, string>>;
}

const right = 'Application.ReadWrite.OwnedBy';
const apiFields = '$select=id,servicePrincipalNames,oauth2PermissionScopes,appRoles';
const TRIES = 5;
const WAIT_MS = 300;

export async function findPrincipal(graph: AdminApi, app: Application): Promise<Principal | undefined> {
  const path = `${pathOf(app)}?$select=id,accountEnabled`;
  const found = await graph.ask({ path, right, what: `look for ${app.appId}` });
  const { id, accountEnabled } = toRecord(found);
  return typeof id === 'string' ? { id, enabled: accountEnabled === true } : undefined;
}

/** Makes the service principal, switched off. A new application is not known everywhere at once: Entra is asked again. */
export async function ensurePrincipal(graph: AdminApi, app: Application): Promise<Principal> {
  for (let tries = 1; ; tries += 1) {
    const found = await findPrincipal(graph, app);
    if (found !== undefined) return found;
    try {
      await putPrincipal(graph, app, { accountEnabled: false, tags: ['agent-id'] });
    } catch (error) {
      if (!(error instanceof AgentIdError && error.code === 'idp-refused') || tries === TRIES) throw error;
      await sleep(WAIT_MS * tries);
    }
    if (tries > TRIES) throw gone(app.appId);
  }
}

/** Lets it in, or not: without a service principal that is switched on there is no token. Safe to repeat. */
export async function switchPrincipal(graph: AdminApi, app: Application, on: boolean): Promise<void> {
  await putPrincipal(graph, app, { accountEnabled: on });
}

/** Finds an API by a URI of it. Throws `unsupported` where there is none: Entra's APIs are other applications. */
export async function findApi(graph: AdminApi, uri: string): Promise<Api> {
  const names = [...new Set([uri, uri.replace(/\/$/, '')])];
  const terms = names.map((name) => `n eq '${name.replaceAll("'", "''")}'`).join(' or ');
  const filter = encodeURIComponent(`servicePrincipalNames/any(n:${terms})`);
  const what = `look for the API ${uri}`;
  const path = `/servicePrincipals?$filter=${filter}&${apiFields}`;
  const [found] = await listGraph(graph, { path, right, what });
  if (found !== undefined) return toApi(found);
  throw new AgentIdError('unsupported', 'Entra has no such API in this tenant', {
    where: uri,
    hint: 'Name its Application ID URI: Entra admin center > App registrations > the API > Expose an API.',
  });
}

export async function readApi(graph: AdminApi, id: string): Promise<Api | undefined> {
  const path = `/servicePrincipals/${encodeURIComponent(id)}?${apiFields}`;
  const found = await graph.ask({ path, right, what: 'read an API' });
  return found === undefined ? undefined : toApi(toRecord(found));
}

async function putPrincipal(graph: AdminApi, app: Application, body: PrincipalBody): Promise<void> {
  const what = `switch ${app.appId} ${body.accountEnabled ? 'on' : 'off'}`;
  await graph.ask({ method: 'PATCH', path: pathOf(app), right, headers: createIfMissing, body, what });
}

function pathOf({ appId }: Application): string {
  return `/servicePrincipals(appId=${quoted(appId)})`;
}

function toApi(from: GraphObject): Api {
  const enabled = (value: unknown): readonly GraphObject[] =>
    (Array.isArray(value) ? value.map(toRecord) : []).filter((one) => one['isEnabled'] === true);
  const roles = enabled(from['appRoles']).map((role) => [String(role['value']), String(role['id'])]);
  return {
    id: String(from['id']),
    names: toTexts(from['servicePrincipalNames']),
    scopes: enabled(from['oauth2PermissionScopes']).map((scope) => String(scope['value'])),
    roles: Object.fromEntries(roles) as Record<string, string>,
  };
}
