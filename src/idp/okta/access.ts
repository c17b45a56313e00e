import type { Grant } from '../../model/agent.ts';
import { toRecord } from '../metadata.ts';
import type { OktaAdmin, OktaObject } from './admin.ts';
import { ensure } from '../ensure.ts';
import {
  deleteScope,
  deleteServer,
  ensureScope,
  ensureServer,
  listPolicies,
  listRules,
  listScopes,
  listServers,
  policyPath,
  serverPath,
  toPolicy,
  toStrings,
  type Policy,
  type Server,
} from './servers.ts';
import { toWritable } from './writable.ts';

/** What one agent may have of one custom authorization server: its own policy with its own rule. */
export interface Access {
  readonly server: Server;
  readonly policy: Policy;
  readonly rule: OktaObject | undefined;
  readonly uri: string;
  readonly scopes: readonly string[];
  readonly grantTypes: readonly string[];
  readonly lifetimeMinutes: number;
}

const manage = 'okta.authorizationServers.manage';
const ruleName = 'agent-id';
const SHORTEST_MINUTES = 5;

/** The policies of all servers, read once for any number of agents. */
export interface Policies {
  readonly server: Server;
  readonly policies: readonly Policy[];
}

export async function readPolicies(admin: OktaAdmin): Promise<readonly Policies[]> {
  const found: Policies[] = [];
  for (const server of await listServers(admin)) {
    found.push({ server, policies: await listPolicies(admin, server) });
  }
  return found;
}

/** Gives what an agent may have, by its own policies. */
export async function readAccess(
  admin: OktaAdmin,
  clientId: string,
  all: readonly Policies[],
): Promise<readonly Access[]> {
  const found: Access[] = [];
  for (const { server, policies } of all) {
    const policy = policies.find((one) => isOwn(one, clientId));
    if (policy !== undefined) found.push(await toAccess(admin, server, policy));
  }
  return found;
}

/** Says which other policies of a server reach this agent too: Okta takes the first that fits. */
export function foreignPolicies(all: readonly Policies[], uri: string, clientId: string): readonly string[] {
  return all
    .filter(({ server }) => server.audiences.includes(uri))
    .flatMap(({ policies }) => policies)
    .filter((policy) => policy.active && !isOwn(policy, clientId))
    .filter(({ clients }) => clients.includes('ALL_CLIENTS') || clients.includes(clientId))
    .map((policy) => policy.name);
}

/**
 * Makes the server, scopes, policy and rule of one grant what they should be; keeps what it does not know. Gives the
 * server.
 */
export async function setAccess(
  admin: OktaAdmin,
  clientId: string,
  grant: Grant,
  { grantTypes, note }: { readonly grantTypes: readonly string[]; readonly note: string },
): Promise<Server> {
  const server = await ensureServer(admin, grant.uri, note);
  for (const scope of grant.scopes) await ensureScope(admin, server, scope, note);
  const policy = await ensurePolicy(admin, server, { clientId, note });
  await setRule(admin, server, policy, {
    scopes: grant.scopes,
    grantTypes,
    lifetimeMinutes: toMinutes(grant.maxTtlSeconds),
  });
  return server;
}

/**
 * Takes away what a registration made and no policy of anybody uses: its scopes, or the whole server. A server that
 * another of our registrations made goes with the last one that used it.
 */
export async function removeLeft(admin: OktaAdmin, server: Server, note: string): Promise<void> {
  const policies = await listPolicies(admin, server);
  if (isNote(server.description) && policies.length === 0) return deleteServer(admin, server);
  const scopes = (await listScopes(admin, server)).filter((scope) => scope.description === note);
  if (scopes.length === 0) return undefined;
  const used = new Set<string>();
  for (const policy of policies) {
    for (const rule of await listRules(admin, server, policy)) toScopes(rule).forEach((one) => used.add(one));
  }
  for (const scope of scopes.filter((one) => !used.has(one.name))) await deleteScope(admin, server, scope);
}

/** Gives what says to administrators, and to us, for which registration something was made. */
export function toNote(marker: string): string {
  return `agent-id ${marker}`;
}

/** Says whether a description is one of ours. */
export function isNote(description: string): boolean {
  return /^agent-id \S+$/.test(description);
}

/** Okta counts in whole minutes, five at least. */
export function toMinutes(seconds: number): number {
  return Math.max(SHORTEST_MINUTES, Math.floor(seconds / 60));
}

/** A policy for this client alone is its own, whatever a person named it. */
function isOwn({ clients }: Policy, clientId: string): boolean {
  return clients.length === 1 && clients[0] === clientId;
}

async function toAccess(admin: OktaAdmin, server: Server, policy: Policy): Promise<Access> {
  const rule = (await listRules(admin, server, policy)).find((one) => one['name'] === ruleName);
  const conditions = toRecord(rule?.['conditions']);
  const token = toRecord(toRecord(rule?.['actions'])['token']);
  return {
    server,
    policy,
    rule,
    uri: server.audiences[0] ?? '',
    scopes: rule === undefined || rule['status'] === 'INACTIVE' ? [] : toScopes(rule),
    grantTypes: toStrings(toRecord(conditions['grantTypes'])['include']),
    lifetimeMinutes: Number(token['accessTokenLifetimeMinutes'] ?? 60),
  };
}

function toScopes(rule: OktaObject): readonly string[] {
  return toStrings(toRecord(toRecord(rule['conditions'])['scopes'])['include']);
}

async function ensurePolicy(
  admin: OktaAdmin,
  server: Server,
  { clientId, note }: { readonly clientId: string; readonly note: string },
): Promise<Policy> {
  const { found } = await ensure(
    async () => (await listPolicies(admin, server)).find((policy) => isOwn(policy, clientId)),
    async () => {
      const made = await admin.make({
        method: 'POST',
        path: `${serverPath(server)}/policies`,
        scope: manage,
        body: {
          type: 'OAUTH_AUTHORIZATION_POLICY',
          status: 'ACTIVE',
          name: clientId,
          description: note,
          priority: 1,
          conditions: { clients: { include: [clientId] } },
        },
        what: `make a policy for ${clientId}`,
      });
      return toPolicy(made);
    },
  );
  return found;
}

interface Wanted {
  readonly scopes: readonly string[];
  readonly grantTypes: readonly string[];
  readonly lifetimeMinutes: number;
}

async function setRule(admin: OktaAdmin, server: Server, policy: Policy, wanted: Wanted): Promise<void> {
  const path = `${policyPath(server, policy)}/rules`;
  const what = `set the rule of ${policy.name}`;
  const find = async (): Promise<OktaObject | undefined> =>
    (await listRules(admin, server, policy)).find((rule) => rule['name'] === ruleName);
  const { found, made } = await ensure(find, async () => {
    const body = toRule(
      { name: ruleName, type: 'RESOURCE_ACCESS', status: 'ACTIVE', priority: 1, conditions: everyone },
      wanted,
    );
    return admin.make({ method: 'POST', path, scope: manage, body, what });
  });
  if (made) return;
  const body = toRule(toWritable(found, ['system']), wanted);
  const place = `${path}/${encodeURIComponent(String(found['id']))}`;
  await admin.make({ method: 'PUT', path: place, scope: manage, body, what });
}

/** A person may narrow the group at Okta: an update keeps it. */
const everyone = { people: { groups: { include: ['EVERYONE'] } } };

function toRule(rule: OktaObject, { scopes, grantTypes, lifetimeMinutes }: Wanted): object {
  const token = toRecord(toRecord(rule['actions'])['token']);
  return {
    ...rule,
    conditions: {
      ...toRecord(rule['conditions']),
      grantTypes: { include: grantTypes },
      scopes: { include: scopes },
    },
    actions: {
      ...toRecord(rule['actions']),
      token: { ...token, accessTokenLifetimeMinutes: lifetimeMinutes },
    },
  };
}
