import { agentKeyFile, makeAgentKey } from '../../lib/keys.ts';
import type { PublicJwk } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Secret } from '../../model/secret.ts';
import { ensure } from '../ensure.ts';
import { toRecord } from '../metadata.ts';
import type { AdapterParts } from '../parts.ts';
import type { TrustedIdp } from '../types.ts';
import { createTokenAdmin, requestToken, toPlace, type KeycloakAdmin, type Role } from './admin.ts';
import { createClient, findClient, gone, pathOf, type KeycloakClient } from './client.ts';

/** What administering needs, no more. */
export const adminRoles: readonly Role[] = ['manage-clients', 'view-events', 'view-realm'];

const adminClientId = 'agent-id-admin';

/** Who administers from now on, and what the person should know. */
export interface Bootstrapped {
  readonly admin: NonNullable<TrustedIdp['admin']>;
  readonly lines: readonly string[];
}

/**
 * Makes agent-id's own admin client with a credential that is kept nowhere: an administrator's access token, or the
 * secret of the client `clientId`, of this realm or of master (as `kc.sh bootstrap-admin service` makes it). Safe to repeat.
 */
export async function bootstrapKeycloak(
  parts: AdapterParts,
  credential: Secret,
  clientId: string | undefined,
): Promise<Bootstrapped> {
  const token = clientId === undefined ? assertToken(credential) : await redeem(parts, credential, clientId);
  const admin = createTokenAdmin(parts, token);
  const keyName = `keycloak-admin-${parts.trust.name}`;
  const { key } = await makeAgentKey(parts.paths, keyName);
  const client = await ensureAdminClient(admin, key);
  await giveRoles(admin, client);
  return {
    admin: { clientId: adminClientId, keyFile: agentKeyFile(parts.paths, keyName) },
    lines: [
      `The client ${adminClientId} administers from now on, with the roles ${adminRoles.join(', ')}.`,
      clientId === undefined
        ? 'The token was used once and kept nowhere.'
        : `The secret of ${clientId} was used once and kept nowhere. Last step, where nothing else uses it: delete that client (Clients > ${clientId} > Delete).`,
    ],
  };
}

function assertToken(credential: Secret): Secret {
  if (credential.open().split('.').length === 3) return credential;
  throw new AgentIdError('usage', 'standard input holds no access token', {
    hint: 'If it is the secret of a client, name the client with --admin-client-id ID.',
  });
}

async function redeem(parts: AdapterParts, secret: Secret, clientId: string): Promise<Secret> {
  const { base } = toPlace(parts.trust.issuer);
  const form = { client_id: clientId, client_secret: secret.open() };
  try {
    return (await requestToken(parts, parts.trust.issuer, form)).token;
  } catch (error) {
    if (!(error instanceof AgentIdError && error.code === 'idp-refused')) throw error;
    return (await requestToken(parts, `${base}/realms/master`, form)).token;
  }
}

async function ensureAdminClient(admin: KeycloakAdmin, key: PublicJwk): Promise<KeycloakClient> {
  const find = (): Promise<KeycloakClient | undefined> => findClient(admin, adminClientId);
  const { found } = await ensure(find, async () => {
    await createClient(admin, toBody(key));
    const made = await find();
    if (made === undefined) throw gone(adminClientId);
    return made;
  });
  const ours = found.keys.length === 1 && found.keys[0]?.kid === key.kid;
  if (ours && found.raw['clientAuthenticatorType'] === 'client-jwt') return found;
  throw new AgentIdError(
    'conflict',
    `there is a client ${adminClientId} with a key that is not this machine's`,
    {
      hint: 'Nothing was given to it. Use it with --admin-client-id and its key, or delete it in the console.',
    },
  );
}

function toBody(key: PublicJwk): Readonly<Record<string, unknown>> {
  return {
    clientId: adminClientId,
    name: 'agent-id administrator',
    protocol: 'openid-connect',
    publicClient: false,
    standardFlowEnabled: false,
    directAccessGrantsEnabled: false,
    serviceAccountsEnabled: true,
    clientAuthenticatorType: 'client-jwt',
    attributes: {
      'use.jwks.string': 'true',
      'jwks.string': JSON.stringify({ keys: [key] }),
      'token.endpoint.auth.signing.alg': 'ES256',
    },
  };
}

async function giveRoles(admin: KeycloakAdmin, client: KeycloakClient): Promise<void> {
  const what = `give ${adminClientId} its roles`;
  const call = { role: 'manage-users', what } as const;
  const user = toRecord(await admin.ask({ ...call, path: `${pathOf(client)}/service-account-user` }));
  const management = await findClient(admin, 'realm-management');
  if (management === undefined) throw gone('realm-management');
  const path = `/users/${String(user['id'])}/role-mappings/clients/${management.id}`;
  const available = await admin.list({ ...call, path: `${path}/available` });
  const missing = available.filter(({ name }) => adminRoles.some((role) => role === name));
  if (missing.length > 0) await admin.ask({ ...call, method: 'POST', path, body: missing });
}
