import type { AgentSpec, RsaPublicJwk } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import type { AdminApi } from '../admin-api.ts';
import { ensure } from '../ensure.ts';
import { toRecord } from '../metadata.ts';
import { listPages, type Auth0Object } from './admin.ts';
import { toClientBody, type ClientChange } from './bodies.ts';

/** An agent's application as Auth0 holds it. */
export interface Auth0Client {
  /** Auth0's own. */
  readonly clientId: string;
  readonly name: string;
  readonly appType: string;
  readonly grantTypes: readonly string[];
  readonly exchanges: readonly string[];
  /** Ids of the credentials that prove it; empty where it proves itself otherwise. */
  readonly credentialIds: readonly string[];
  /** Null for an application that is not ours. */
  readonly mark: Mark | null;
  readonly metadata: Auth0Object;
  readonly createdAt: string;
}

export interface Mark {
  readonly marker: string;
  readonly name: string;
  readonly owner: string | null;
  readonly actsFor: string;
  readonly complete: boolean;
}

/** Lists every application of the tenant. */
export async function listClients(admin: AdminApi): Promise<readonly Auth0Client[]> {
  const found = await listPages(admin, {
    path: '/clients?is_global=false',
    right: 'read:clients',
    what: 'list its applications',
  });
  return found.map(toClient);
}

/** Finds an application by its id, or by the one that we would have chosen. */
export async function findClient(admin: AdminApi, id: string): Promise<Auth0Client | undefined> {
  if (id.startsWith('agent-id.'))
    return oldest((await listClients(admin)).filter(({ mark }) => mark?.name === id));
  const found = await admin.ask({ path: pathOf(id), right: 'read:clients', what: `look for ${id}` });
  return found === undefined ? undefined : toClient(toRecord(found));
}

/**
 * Makes the application, switched off. Auth0 lets two of them have one name: of two that are made at the same time the
 * later one is deleted again.
 */
export async function createClient(
  admin: AdminApi,
  spec: AgentSpec,
  keys: readonly RsaPublicJwk[],
): Promise<Auth0Client> {
  const { found } = await ensure(
    () => findClient(admin, spec.clientId),
    async () => {
      const made = await admin.ask({
        method: 'POST',
        path: '/clients',
        right: 'create:clients',
        body: toClientBody(spec, keys),
        what: `register ${spec.displayName}`,
      });
      const own = toClient(toRecord(made));
      const first = (await findClient(admin, spec.clientId)) ?? own;
      if (first.clientId !== own.clientId) await deleteClient(admin, own.clientId);
      return first;
    },
  );
  return found;
}

/** Writes some fields; everything else stays as Auth0 holds it, also in the metadata. */
export async function changeClient(
  admin: AdminApi,
  client: Auth0Client,
  { client_metadata: mark, ...change }: ClientChange,
): Promise<Auth0Client> {
  const metadata = mark === undefined ? {} : { client_metadata: { ...client.metadata, ...mark } };
  const body: ClientChange = { ...change, ...metadata };
  const changed = await admin.ask({
    method: 'PATCH',
    path: pathOf(client.clientId),
    right: 'update:clients',
    body,
    what: `change ${client.clientId}`,
  });
  if (changed === undefined) throw gone(client.clientId);
  return toClient(toRecord(changed));
}

/** Deletes an application with its grants; a missing one is no error. */
export async function deleteClient(admin: AdminApi, clientId: string): Promise<void> {
  const what = `delete ${clientId}`;
  await admin.ask({ method: 'DELETE', path: pathOf(clientId), right: 'delete:clients', what });
}

export function pathOf(clientId: string): `/${string}` {
  return `/clients/${encodeURIComponent(clientId)}`;
}

export function gone(clientId: string): AgentIdError {
  return new AgentIdError('unknown-name', `Auth0 has no application ${clientId}`);
}

function oldest(clients: readonly Auth0Client[]): Auth0Client | undefined {
  return clients.toSorted(
    (a, b) => a.createdAt.localeCompare(b.createdAt) || a.clientId.localeCompare(b.clientId),
  )[0];
}

export function toClient(raw: Auth0Object): Auth0Client {
  const { client_id: clientId, name, created_at: createdAt } = raw;
  if (typeof clientId !== 'string')
    throw new AgentIdError('idp-refused', 'Auth0 answered with something that is no application');
  const methods = toRecord(toRecord(raw['client_authentication_methods'])['private_key_jwt']);
  const metadata = toRecord(raw['client_metadata']);
  return {
    clientId,
    name: typeof name === 'string' ? name : clientId,
    appType: String(raw['app_type']),
    grantTypes: toTexts(raw['grant_types']),
    exchanges: toTexts(toRecord(raw['token_exchange'])['allow_any_profile_of_type']),
    credentialIds: Array.isArray(methods['credentials'])
      ? methods['credentials'].map((one) => String(toRecord(one)['id']))
      : [],
    mark: readMark(metadata),
    metadata,
    createdAt: typeof createdAt === 'string' ? createdAt : '',
  };
}

export function toTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function readMark(metadata: Auth0Object): Mark | null {
  const { agent_id_marker: marker, agent_id_name: name, agent_id_owner: owner } = metadata;
  if (typeof marker !== 'string' || typeof name !== 'string') return null;
  return {
    marker,
    name,
    owner: typeof owner === 'string' && owner !== '' ? owner : null,
    actsFor: String(metadata['agent_id_acts_for']),
    complete: metadata['agent_id_complete'] === 'true',
  };
}
