import type { HttpAnswer } from '../lib/http.ts';
import { wasNeverSent } from '../lib/http.ts';
import type { AgentSpec, PublicJwk } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';
import { readMetadata, toRecord } from './metadata.ts';
import { changeOidcStore, readOidcStore, withClient, type StoredClient } from './oidc-store.ts';
import { readClient, toMetadata, type OidcClient } from './oidc-wire.ts';
import type { AdapterParts } from './parts.ts';
import { sendPatiently } from './patience.ts';
import { toRefusal } from './refusal.ts';

/** Finds what we registered, by the id that the provider gave or the one that we would have chosen. */
export async function findStored(parts: AdapterParts, id: string): Promise<StoredClient | undefined> {
  const { clients } = await readOidcStore(parts.paths, parts.trust.name);
  return clients.find((client) => client.clientId === id || client.wanted === id);
}

export async function saveStored(parts: AdapterParts, client: StoredClient): Promise<StoredClient> {
  await changeOidcStore(parts.paths, parts.trust.name, (store) => withClient(store, client));
  return client;
}

export async function forgetStored(parts: AdapterParts, wanted: string): Promise<void> {
  await changeOidcStore(parts.paths, parts.trust.name, (store) => ({
    ...store,
    clients: store.clients.filter((client) => client.wanted !== wanted),
  }));
}

/**
 * Registers a client. What was asked for is stored before, so that a lost answer is not forgotten.
 * @see RFC 7591 section 3
 */
export async function registerClient(parts: AdapterParts, spec: AgentSpec): Promise<StoredClient> {
  const metadata = await readMetadata(parts.http, parts.trust.issuer);
  const endpoint = metadata.registration_endpoint;
  if (endpoint === undefined) {
    throw new AgentIdError('unsupported', 'the identity provider registers no clients (RFC 7591)', {
      where: parts.trust.issuer,
    });
  }
  const body = toMetadata(spec, metadata);
  const pending = await saveStored(parts, toPending(spec));
  const answer = await post(parts, endpoint, body).catch((error: unknown) =>
    afterSilence(parts, pending, error),
  );
  if (answer.status !== 201 && answer.status !== 200) {
    await forgetStored(parts, spec.clientId);
    throw toRefusal(answer, `register ${spec.displayName}`, parts.trust.issuer);
  }
  return keepAnswer(parts, pending, readClient(await withoutSecret(parts, answer), spec.marker));
}

/** Asks the provider for a client of ours; `undefined` where it is gone. @see RFC 7592 section 2.1 */
export async function fetchClient(
  parts: AdapterParts,
  stored: StoredClient,
): Promise<OidcClient | undefined> {
  const { uri, token } = stored;
  if (uri === null || token === null) return undefined;
  const answer = await parts.http.request(uri, { headers: { authorization: `Bearer ${token.open()}` } });
  // RFC 7592 section 2.1: a client that is gone is answered with 401.
  if (answer.status === 401 || answer.status === 404) return undefined;
  if (answer.status !== 200) throw toRefusal(answer, `show ${stored.displayName}`, parts.trust.issuer);
  const client = readClient(answer.body, stored.marker);
  await keepAnswer(parts, stored, client);
  return client;
}

/** Replaces what a client is. @see RFC 7592 section 2.2 */
export async function updateClient(
  parts: AdapterParts,
  stored: StoredClient,
  wanted: Pick<AgentSpec, 'displayName' | 'actsFor' | 'keys' | 'grants'>,
): Promise<StoredClient> {
  const { uri, token, clientId } = await current(parts, stored);
  const metadata = await readMetadata(parts.http, parts.trust.issuer);
  const body = { ...toMetadata({ ...wanted, marker: stored.marker }, metadata), client_id: clientId };
  const headers = { authorization: `Bearer ${token?.open() ?? ''}` };
  const answer = await parts.http.request(uri ?? '', { method: 'PUT', body, headers });
  if (answer.status !== 200) throw toRefusal(answer, `change ${stored.displayName}`, parts.trust.issuer);
  const changed = { ...stored, displayName: wanted.displayName, grants: wanted.grants };
  return keepAnswer(parts, changed, readClient(answer.body, stored.marker));
}

/** Deletes a client; a missing one is no error. @see RFC 7592 section 2.3 */
export async function deleteClient(parts: AdapterParts, stored: StoredClient): Promise<void> {
  const { uri, token } = stored;
  if (uri === null || token === null) return;
  const headers = { authorization: `Bearer ${token.open()}` };
  const answer = await parts.http.request(uri, { method: 'DELETE', headers });
  if (![200, 204, 401, 404].includes(answer.status)) {
    throw toRefusal(answer, `remove ${stored.displayName}`, parts.trust.issuer);
  }
}

/** Tokens may rotate at each read: takes the newest. */
async function current(parts: AdapterParts, stored: StoredClient): Promise<StoredClient> {
  const found = await fetchClient(parts, stored);
  const now = await findStored(parts, stored.wanted);
  if (found !== undefined && now !== undefined) return now;
  throw new AgentIdError(
    'unknown-name',
    `the identity provider has no application ${stored.displayName} any more`,
    {
      hint: 'It was removed there, or its registration token was replaced. Register the agent again.',
    },
  );
}

async function post(parts: AdapterParts, endpoint: string, body: object): Promise<HttpAnswer> {
  const { initialAccessToken } = await readOidcStore(parts.paths, parts.trust.name);
  const headers = initialAccessToken === null ? {} : { authorization: `Bearer ${initialAccessToken.open()}` };
  const request = { method: 'POST', body, headers } as const;
  return sendPatiently(parts, endpoint, request, { name: 'the identity provider' });
}

async function afterSilence(parts: AdapterParts, pending: StoredClient, error: unknown): Promise<never> {
  if (wasNeverSent(error)) {
    await forgetStored(parts, pending.wanted);
    throw error;
  }
  throw new AgentIdError('idp-unreachable', `no answer came to the registration of ${pending.displayName}`, {
    cause: error,
    where: parts.trust.issuer,
    hint: `${orphanLine(pending)} Look there before you try again.`,
  });
}

/** Says what may be left at the provider. */
export function orphanLine(pending: StoredClient): string {
  return `An application named "${pending.displayName} [${pending.marker}]" may exist at the identity provider although it never answered.`;
}

/** A provider that hands out a client secret anyway gets its client back: we never keep one. */
async function withoutSecret(parts: AdapterParts, answer: HttpAnswer): Promise<unknown> {
  const data = toRecord(answer.body);
  if (data['client_secret'] === undefined) return data;
  const { registration_client_uri: uri, registration_access_token: token } = data;
  if (typeof uri === 'string' && typeof token === 'string') {
    await parts.http.request(uri, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
  }
  throw new AgentIdError('idp-refused', 'the identity provider insists on a client secret', {
    where: parts.trust.issuer,
    hint: 'agent-id registers no client that has one. Allow private_key_jwt in its registration policy.',
  });
}

async function keepAnswer(
  parts: AdapterParts,
  stored: StoredClient,
  client: OidcClient,
): Promise<StoredClient> {
  return saveStored(parts, {
    ...stored,
    status: 'active',
    clientId: client.clientId,
    keys: client.keys,
    displayName: client.displayName,
    uri: client.uri ?? stored.uri,
    token: client.token ?? stored.token,
  });
}

function toPending(spec: AgentSpec): StoredClient {
  const keys: readonly PublicJwk[] = spec.keys;
  return {
    wanted: spec.clientId,
    marker: spec.marker,
    displayName: spec.displayName,
    actsFor: spec.actsFor,
    grants: spec.grants.map(({ uri, scopes }) => ({ uri, scopes })),
    keys,
    status: 'pending',
    clientId: null,
    uri: null,
    token: null,
  };
}
