import { toPublicJwk } from '../../lib/keys.ts';
import type { PublicJwk } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import { toRecord } from '../metadata.ts';
import type { KeycloakAdmin, KeycloakObject } from './admin.ts';

/** An agent's client as Keycloak holds it, without the secret that Keycloak makes for every confidential client. */
export interface KeycloakClient {
  /** Keycloak's own id, which its paths take. */
  readonly id: string;
  readonly clientId: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly keys: readonly PublicJwk[];
  readonly scopes: readonly string[];
  /** Null for a client that is not ours. */
  readonly mark: Mark | null;
  readonly attributes: Readonly<Record<string, string>>;
  readonly raw: KeycloakObject;
}

/** What we write into the attributes of a client: how it is known as ours. */
export interface Mark {
  readonly marker: string;
  readonly owner: string | null;
  readonly actsFor: string;
  /** False until every part of a registration is there. */
  readonly complete: boolean;
}

/** What an update changes; Keycloak merges it into what it holds, attributes one by one (an empty one is deleted). */
export type ClientChange = KeycloakObject & { readonly attributes?: Readonly<Record<string, string>> };

export const markAttributes = {
  marker: 'agent-id.marker',
  owner: 'agent-id.owner',
  actsFor: 'agent-id.acts-for',
  complete: 'agent-id.complete',
  platform: 'agent-id.platform',
  /** On a client scope: the agent for which it was made first. */
  madeFor: 'agent-id.made-for',
} as const;

const PAGE = 100;
const MAX_PAGES = 200;

export async function findClient(
  admin: KeycloakAdmin,
  clientId: string,
): Promise<KeycloakClient | undefined> {
  const found = await admin.list({
    path: `/clients?clientId=${encodeURIComponent(clientId)}`,
    role: 'manage-clients',
    what: `look for ${clientId}`,
  });
  const own = found.find((one) => one['clientId'] === clientId);
  return own === undefined ? undefined : toClient(own);
}

/** Lists the clients whose id begins so. */
export async function listClients(admin: KeycloakAdmin, prefix: string): Promise<readonly KeycloakClient[]> {
  const found: KeycloakClient[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const query = `clientId=${encodeURIComponent(prefix)}&search=${prefix !== ''}&first=${page * PAGE}&max=${PAGE}`;
    const some = await admin.list({
      path: `/clients?${prefix === '' ? query.slice(query.indexOf('first')) : query}`,
      role: 'manage-clients',
      what: 'list its clients',
    });
    found.push(...some.map(toClient));
    if (some.length < PAGE) return found;
  }
  throw new AgentIdError('idp-refused', 'Keycloak has more clients than can be listed');
}

/** Makes a client. Throws `idp-refused` where the id is taken. */
export async function createClient(admin: KeycloakAdmin, body: KeycloakObject): Promise<void> {
  await admin.ask({
    method: 'POST',
    path: '/clients',
    role: 'manage-clients',
    body,
    what: `register ${String(body['name'])}`,
  });
}

/** Writes some fields; everything else stays as Keycloak holds it. Our client id goes along: without it, or with another, Keycloak would rename. */
export async function changeClient(
  admin: KeycloakAdmin,
  client: KeycloakClient,
  change: ClientChange,
): Promise<KeycloakClient> {
  const changed = await admin.ask({
    method: 'PUT',
    path: pathOf(client),
    role: 'manage-clients',
    body: { ...change, clientId: client.clientId },
    what: `change ${client.clientId}`,
  });
  const now = changed === undefined ? undefined : await findClient(admin, client.clientId);
  if (now === undefined) throw gone(client.clientId);
  return now;
}

/** Deletes a client; a missing one is no error. */
export async function deleteClient(admin: KeycloakAdmin, client: KeycloakClient): Promise<void> {
  const what = `delete ${client.clientId}`;
  await admin.ask({ method: 'DELETE', path: pathOf(client), role: 'manage-clients', what });
}

export function pathOf(client: KeycloakClient): string {
  return `/clients/${encodeURIComponent(client.id)}`;
}

export function gone(clientId: string): AgentIdError {
  return new AgentIdError('unknown-name', `Keycloak has no client ${clientId}`);
}

export function toClient(from: KeycloakObject): KeycloakClient {
  // The generated secret is nothing that we need, so that it goes no further.
  const { secret: _secret, ...raw } = from;
  const { id, clientId, name } = raw;
  if (typeof id !== 'string' || typeof clientId !== 'string') {
    throw new AgentIdError('idp-refused', 'Keycloak answered with something that is no client');
  }
  const attributes = toTexts(raw['attributes']);
  return {
    id,
    clientId,
    name: typeof name === 'string' ? name : clientId,
    enabled: raw['enabled'] === true,
    keys: readKeys(attributes['jwks.string']).flatMap(toOwnKey),
    scopes: [...toList(raw['defaultClientScopes']), ...toList(raw['optionalClientScopes'])],
    mark: readMark(attributes),
    attributes,
    raw,
  };
}

/** Gives every key of a JWKS as it is written there, of whatever kind; nothing where it is not readable. */
export function readKeys(jwks: string | undefined): readonly KeycloakObject[] {
  try {
    const { keys } = toRecord(JSON.parse(jwks ?? '{}'));
    return Array.isArray(keys) ? keys.map(toRecord) : [];
  } catch {
    return [];
  }
}

export function toList(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

export function toTexts(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(toRecord(value)).map(([name, text]) => [name, String(text)]));
}

/** Keys of another kind are somebody else's and stay untouched. */
function toOwnKey({ kty, x, y }: KeycloakObject): readonly PublicJwk[] {
  return kty === 'EC' && typeof x === 'string' && typeof y === 'string' ? [toPublicJwk({ x, y })] : [];
}

function readMark(attributes: Readonly<Record<string, string>>): Mark | null {
  const marker = attributes[markAttributes.marker];
  if (marker === undefined) return null;
  return {
    marker,
    owner: attributes[markAttributes.owner] ?? null,
    actsFor: attributes[markAttributes.actsFor] ?? '',
    complete: attributes[markAttributes.complete] === 'true',
  };
}
