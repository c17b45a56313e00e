import type { PublicJwk, RsaPublicJwk } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import type { AdminApi } from '../admin-api.ts';
import { ensure } from '../ensure.ts';
import { toRecord } from '../metadata.ts';
import { toCredentialBody } from './bodies.ts';
import { changeClient, pathOf, type Auth0Client } from './client.ts';

/** A key as Auth0 tells of it: it never shows the key again. */
export interface Credential {
  readonly id: string;
  readonly kid: string;
  readonly name: string;
}

/** Auth0 keeps no more for one application. */
export const MAX_KEYS = 2;

/** Throws `unsupported` for keys that Auth0 does not take. */
export function toRsaKeys(keys: readonly PublicJwk[]): readonly RsaPublicJwk[] {
  if (keys.length > MAX_KEYS) throw tooMany();
  return keys.map((key) => {
    if (key.kty === 'RSA') return key;
    throw new AgentIdError('unsupported', 'Auth0 takes RSA keys only', {
      where: key.kid,
      hint: 'Delete the key file of this agent, which was made for another provider, and do the same again.',
    });
  });
}

/** Lists the keys that prove this application, without those that are stored but switched off. */
export async function listKeys(admin: AdminApi, client: Auth0Client): Promise<readonly Credential[]> {
  return (await listStored(admin, client)).filter(({ id }) => client.credentialIds.includes(id));
}

/** Adds a key, and switches it on. Safe to repeat. */
export async function addKey(
  admin: AdminApi,
  client: Auth0Client,
  key: PublicJwk,
  machine?: string,
): Promise<Auth0Client> {
  const [rsa] = toRsaKeys([key]);
  const stored = await listStored(admin, client);
  const known = stored.find(({ kid }) => kid === key.kid);
  if (known !== undefined && client.credentialIds.includes(known.id)) return client;
  if (rsa === undefined || (known === undefined && stored.length >= MAX_KEYS)) throw tooMany();
  const { found } = await ensure(
    async () => (await listStored(admin, client)).find(({ kid }) => kid === key.kid),
    async () => {
      const made = await admin.ask({
        method: 'POST',
        path: `${pathOf(client.clientId)}/credentials`,
        right: 'create:client_credentials',
        body: toCredentialBody(rsa, machine),
        what: `add a key to ${client.clientId}`,
      });
      return toCredential(made);
    },
  );
  return useKeys(admin, client, [...client.credentialIds, found.id]);
}

/** Switches a key off, then deletes it. A missing one is no error. */
export async function removeKey(admin: AdminApi, client: Auth0Client, kid: string): Promise<Auth0Client> {
  const stored = (await listStored(admin, client)).find((one) => one.kid === kid);
  if (stored === undefined) return client;
  const left = client.credentialIds.filter((id) => id !== stored.id);
  if (left.length === 0) {
    throw new AgentIdError('unsupported', 'Auth0 lets no application be without a key', {
      where: client.clientId,
      hint: 'Add another first, or switch the agent off: agent-id agents revoke',
    });
  }
  const changed = await useKeys(admin, client, left);
  await admin.ask({
    method: 'DELETE',
    path: `${pathOf(client.clientId)}/credentials/${encodeURIComponent(stored.id)}`,
    right: 'delete:client_credentials',
    what: `delete a key of ${client.clientId}`,
  });
  return changed;
}

function useKeys(admin: AdminApi, client: Auth0Client, ids: readonly string[]): Promise<Auth0Client> {
  const credentials = ids.map((id) => ({ id }));
  return changeClient(admin, client, {
    client_authentication_methods: { private_key_jwt: { credentials } },
  });
}

async function listStored(admin: AdminApi, { clientId }: Auth0Client): Promise<readonly Credential[]> {
  const found = await admin.ask({
    path: `${pathOf(clientId)}/credentials`,
    right: 'read:client_credentials',
    what: `list the keys of ${clientId}`,
  });
  return Array.isArray(found) ? found.map(toCredential) : [];
}

function toCredential(value: unknown): Credential {
  const { id, kid, name } = toRecord(value);
  return { id: String(id), kid: String(kid), name: String(name) };
}

function tooMany(): AgentIdError {
  return new AgentIdError('unsupported', `Auth0 keeps ${MAX_KEYS} keys for one application, no more`, {
    hint: 'Take one away first: agent-id agents remove A --key MACHINE; or register another agent for the other machines.',
  });
}
