import { AgentIdError } from '../../model/error.ts';
import { toRecord } from '../metadata.ts';
import type { KeycloakAdmin, KeycloakCall } from './admin.ts';
import { findClient, pathOf, type KeycloakClient } from './client.ts';
import type { ClientScope } from './scopes.ts';

const mapperName = 'agent-id act';

type Kind = 'default' | 'optional';

/** Gives the client exactly these scopes: takes away first, so that nothing is wider in between. PUT of the client ignores them. */
export async function setClientScopes(
  admin: KeycloakAdmin,
  client: KeycloakClient,
  scopes: Readonly<Record<Kind, readonly string[]>>,
  there: readonly ClientScope[],
): Promise<void> {
  for (const kind of ['default', 'optional'] as const) {
    const wanted = scopes[kind];
    const now = await linkedScopes(admin, client, kind);
    for (const scope of now.filter(({ name }) => !wanted.includes(name))) {
      await link(admin, client, { kind, scope, method: 'DELETE' });
    }
    for (const scope of there.filter(({ name }) => wanted.includes(name))) {
      if (now.some(({ id }) => id === scope.id)) continue;
      await link(admin, client, { kind, scope, method: 'PUT' });
    }
  }
}

/** Lets users who sign in through this client ask for these scopes. Changes nothing else of it. */
export async function offerScopes(
  admin: KeycloakAdmin,
  loginClientId: string,
  scopes: readonly ClientScope[],
): Promise<void> {
  const client = await findClient(admin, loginClientId);
  if (client === undefined) {
    throw new AgentIdError('unknown-name', `Keycloak has no client ${loginClientId} to sign in with`, {
      hint: 'Add the provider again with the right --client-id.',
    });
  }
  for (const scope of scopes) {
    if (!client.scopes.includes(scope.name))
      await link(admin, client, { kind: 'optional', scope, method: 'PUT' });
  }
}

/** Whether the tokens of a client name it in `act`. */
export function hasActor(client: KeycloakClient): boolean {
  return findMapper(client) !== undefined;
}

/** Makes, or takes away, the mapper by which tokens name the agent as their actor. Keycloak has no `act` of its own. */
export async function setActor(admin: KeycloakAdmin, client: KeycloakClient, wanted: boolean): Promise<void> {
  const path = `${pathOf(client)}/protocol-mappers/models`;
  const found = findMapper(client);
  if (wanted === (found !== undefined)) return;
  const call: Pick<KeycloakCall, 'role' | 'what'> = {
    role: 'manage-clients',
    what: `set the actor of ${client.clientId}`,
  };
  const body = toActor(client.clientId);
  if (found === undefined) await unlessDone(() => admin.ask({ ...call, method: 'POST', path, body }));
  else await admin.ask({ ...call, method: 'DELETE', path: `${path}/${encodeURIComponent(found)}` });
}

/** A mapper says the same in every token: it never nests, whoever acted before. */
export function toActor(clientId: string): object {
  return {
    name: mapperName,
    protocol: 'openid-connect',
    protocolMapper: 'oidc-hardcoded-claim-mapper',
    config: {
      'claim.name': 'act',
      'claim.value': JSON.stringify({ sub: clientId }),
      'jsonType.label': 'JSON',
      'access.token.claim': 'true',
      'introspection.token.claim': 'true',
      'id.token.claim': 'false',
      'userinfo.token.claim': 'false',
    },
  };
}

function findMapper({ raw, clientId }: KeycloakClient): string | undefined {
  const mappers = Array.isArray(raw['protocolMappers']) ? raw['protocolMappers'].map(toRecord) : [];
  const actor = JSON.stringify({ sub: clientId });
  const own = mappers.find(
    ({ name, config }) => name === mapperName && toRecord(config)['claim.value'] === actor,
  );
  return own === undefined ? undefined : String(own['id']);
}

async function linkedScopes(
  admin: KeycloakAdmin,
  client: KeycloakClient,
  kind: Kind,
): Promise<readonly Pick<ClientScope, 'id' | 'name'>[]> {
  const found = await admin.list({
    path: `${pathOf(client)}/${kind}-client-scopes`,
    role: 'manage-clients',
    what: `list the scopes of ${client.clientId}`,
  });
  return found.map(({ id, name }) => ({ id: String(id), name: String(name) }));
}

interface Link {
  readonly kind: Kind;
  readonly scope: Pick<ClientScope, 'id' | 'name'>;
  readonly method: 'PUT' | 'DELETE';
}

async function link(
  admin: KeycloakAdmin,
  client: KeycloakClient,
  { kind, scope, method }: Link,
): Promise<void> {
  const [deed, way] = method === 'PUT' ? ['give', 'to'] : ['take', 'from'];
  const call: KeycloakCall = {
    method,
    path: `${pathOf(client)}/${kind}-client-scopes/${encodeURIComponent(scope.id)}`,
    role: 'manage-clients',
    what: `${deed} the scope ${scope.name} ${way} ${client.clientId}`,
  };
  await unlessDone(() => admin.ask(call));
}

/** Another registration may do the same at the same time. */
async function unlessDone(task: () => Promise<unknown>): Promise<void> {
  try {
    await task();
  } catch (error) {
    if (!(error instanceof AgentIdError && error.code === 'conflict')) throw error;
  }
}
