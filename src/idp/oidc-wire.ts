import { toPublicJwk } from '../lib/keys.ts';
import type { AgentSpec, PublicJwk } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';
import { Secret } from '../model/secret.ts';
import { toRecord } from './metadata.ts';
import type { Metadata } from './types.ts';

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** What a provider said about one client. @see RFC 7591 section 3.2.1 */
export interface OidcClient {
  readonly clientId: string;
  readonly displayName: string;
  readonly keys: readonly PublicJwk[];
  readonly uri: string | null;
  readonly token: Secret | null;
}

/**
 * Writes an agent as standard client metadata. The marker goes twice: servers may drop `software_id`.
 * Throws `unsupported` where the server cannot exchange tokens.
 */
export function toMetadata(
  spec: Pick<AgentSpec, 'displayName' | 'actsFor' | 'keys' | 'grants' | 'marker'>,
  { grant_types_supported: grants, ...metadata }: Metadata,
): object {
  const grant = spec.actsFor === 'user' ? exchangeGrant : 'client_credentials';
  if (grants !== undefined && !grants.includes(grant)) {
    throw new AgentIdError('unsupported', `the identity provider does not offer the grant ${grant}`, {
      where: metadata.issuer,
    });
  }
  const scopes = [...new Set(spec.grants.flatMap((one) => one.scopes))];
  const known = (metadata as { readonly scopes_supported?: unknown }).scopes_supported;
  const bound = Array.isArray(known) && scopes.every((scope) => known.includes(scope));
  return {
    client_name: `${spec.displayName} [${spec.marker}]`,
    software_id: spec.marker,
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    grant_types: [grant],
    response_types: [],
    redirect_uris: [],
    jwks: { keys: spec.keys },
    ...(bound ? { scope: scopes.join(' ') } : {}),
  };
}

/** Reads a client. Throws `idp-refused` for an answer that is none, or that authenticates otherwise than asked. */
export function readClient(body: unknown, marker: string): OidcClient {
  const data = toRecord(body);
  const { client_id: clientId, client_name: name, registration_client_uri: uri } = data;
  const keys = toRecord(data['jwks'])['keys'];
  if (typeof clientId !== 'string' || data['token_endpoint_auth_method'] !== 'private_key_jwt') {
    throw new AgentIdError(
      'idp-refused',
      'the identity provider registered something else than was asked for',
      {
        hint: 'It must register clients with private_key_jwt and a key of theirs. Check it, and remove the application by hand.',
      },
    );
  }
  const token = data['registration_access_token'];
  return {
    clientId,
    displayName: typeof name === 'string' ? name.replace(` [${marker}]`, '') : clientId,
    keys: Array.isArray(keys) ? keys.map(readKey) : [],
    uri: typeof uri === 'string' ? uri : null,
    token: typeof token === 'string' ? new Secret(token) : null,
  };
}

function readKey(value: unknown): PublicJwk {
  const { x, y } = toRecord(value);
  return toPublicJwk({ x: String(x), y: String(y) });
}
