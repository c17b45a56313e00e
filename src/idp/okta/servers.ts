import { toRecord } from '../metadata.ts';
import type { OktaAdmin, OktaObject } from './admin.ts';
import { ensure } from '../ensure.ts';

/** A custom authorization server: it issues the tokens of one audience. */
export interface Server {
  readonly id: string;
  readonly audiences: readonly string[];
  readonly active: boolean;
  readonly description: string;
  readonly createdAt: string;
}

/** An access policy of a server. */
export interface Policy {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly active: boolean;
  readonly clients: readonly string[];
}

const read = 'okta.authorizationServers.read';
const manage = 'okta.authorizationServers.manage';

export async function listServers(admin: OktaAdmin): Promise<readonly Server[]> {
  const found = await admin.list({
    path: '/api/v1/authorizationServers?limit=200',
    scope: read,
    what: 'list its authorization servers',
  });
  return found.map(toServer);
}

/** Gives the server of an audience: where several take it, everybody takes the oldest. */
export function serverOf(servers: readonly Server[], uri: string): Server | undefined {
  const age = ({ createdAt, id }: Server): string => `${createdAt} ${id}`;
  return servers
    .filter(({ audiences }) => audiences.includes(uri))
    .sort((a, b) => (age(a) < age(b) ? -1 : 1))[0];
}

/** Finds the server of an audience, or makes it. `note` is what says that it is ours. */
export async function ensureServer(admin: OktaAdmin, uri: string, note: string): Promise<Server> {
  const find = async (): Promise<Server | undefined> => serverOf(await listServers(admin), uri);
  const { found, made } = await ensure(find, () => makeServer(admin, uri, note));
  if (!made) return found;
  // Okta takes two servers of one audience: of two people who made theirs at once, one gives way.
  const first = (await find()) ?? found;
  if (first.id !== found.id) await deleteServer(admin, found);
  return first;
}

async function makeServer(admin: OktaAdmin, uri: string, note: string): Promise<Server> {
  const made = await admin.make({
    method: 'POST',
    path: '/api/v1/authorizationServers',
    scope: manage,
    body: { name: `agent-id ${uri}`, description: note, audiences: [uri] },
    what: `make an authorization server for ${uri}`,
  });
  return toServer(made);
}

/** Deletes a server; Okta takes only one that is switched off. */
export async function deleteServer(admin: OktaAdmin, server: Server): Promise<void> {
  const path = serverPath(server);
  const what = 'delete an authorization server';
  if (server.active) {
    await admin.ask({ method: 'POST', path: `${path}/lifecycle/deactivate`, scope: manage, what });
  }
  await admin.ask({ method: 'DELETE', path, scope: manage, what });
}

export interface ServerScope {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

export async function listScopes(admin: OktaAdmin, server: Server): Promise<readonly ServerScope[]> {
  const found = await admin.list({
    path: `${serverPath(server)}/scopes?limit=200`,
    scope: read,
    what: 'list the scopes of an authorization server',
  });
  return found.map(toScope);
}

export async function ensureScope(
  admin: OktaAdmin,
  server: Server,
  name: string,
  note: string,
): Promise<void> {
  await ensure(
    async () => (await listScopes(admin, server)).find((scope) => scope.name === name),
    async () => {
      const made = await admin.make({
        method: 'POST',
        path: `${serverPath(server)}/scopes`,
        scope: manage,
        body: { name, description: note, consent: 'IMPLICIT', metadataPublish: 'NO_CLIENTS' },
        what: `make the scope ${name}`,
      });
      return toScope(made);
    },
  );
}

export async function deleteScope(admin: OktaAdmin, server: Server, scope: ServerScope): Promise<void> {
  await admin.ask({
    method: 'DELETE',
    path: `${serverPath(server)}/scopes/${encodeURIComponent(scope.id)}`,
    scope: manage,
    what: `delete the scope ${scope.name}`,
  });
}

export async function listPolicies(admin: OktaAdmin, server: Server): Promise<readonly Policy[]> {
  const found = await admin.list({
    path: `${serverPath(server)}/policies`,
    scope: read,
    what: 'list the policies of an authorization server',
  });
  return found.map(toPolicy);
}

export async function deletePolicy(admin: OktaAdmin, server: Server, policy: Policy): Promise<void> {
  await admin.ask({
    method: 'DELETE',
    path: policyPath(server, policy),
    scope: manage,
    what: `delete the policy ${policy.name}`,
  });
}

/** Lists the rules of a policy, as they came. */
export async function listRules(
  admin: OktaAdmin,
  server: Server,
  policy: Policy,
): Promise<readonly OktaObject[]> {
  return admin.list({
    path: `${policyPath(server, policy)}/rules`,
    scope: read,
    what: `list the rules of ${policy.name}`,
  });
}

export function serverPath(server: Server): string {
  return `/api/v1/authorizationServers/${encodeURIComponent(server.id)}`;
}

export function policyPath(server: Server, policy: Policy): string {
  return `${serverPath(server)}/policies/${encodeURIComponent(policy.id)}`;
}

function toServer(raw: OktaObject): Server {
  return {
    id: String(raw['id']),
    audiences: toStrings(raw['audiences']),
    active: raw['status'] !== 'INACTIVE',
    description: toText(raw['description']),
    createdAt: toText(raw['created']),
  };
}

function toScope(raw: OktaObject): ServerScope {
  return {
    id: String(raw['id']),
    name: String(raw['name']),
    description: toText(raw['description']),
  };
}

export function toPolicy(raw: OktaObject): Policy {
  return {
    id: String(raw['id']),
    name: String(raw['name']),
    description: toText(raw['description']),
    active: raw['status'] !== 'INACTIVE',
    clients: toStrings(toRecord(toRecord(raw['conditions'])['clients'])['include']),
  };
}

export function toStrings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
