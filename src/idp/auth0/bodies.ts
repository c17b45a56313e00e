import { createPublicKey } from 'node:crypto';
import type { AgentSpec, RsaPublicJwk } from '../../model/agent.ts';
import type { ActsFor } from '../../model/consumer.ts';

/**
 * Every body that is sent to Auth0's Management API. Their types are our own; a test holds them against those that Auth0
 * generates from its description.
 */

/** What we write into the metadata of a client: how it is known as ours. Auth0 takes ten texts of 255 characters. */
export interface MarkBody {
  readonly agent_id_marker: string;
  /** The client id that we would have chosen: Auth0 chooses its own. */
  readonly agent_id_name: string;
  readonly agent_id_owner: string;
  readonly agent_id_acts_for: string;
  /** `false` until every part of a registration is there. */
  readonly agent_id_complete: 'true' | 'false';
}

export interface CredentialBody {
  readonly credential_type: 'public_key';
  readonly name: string;
  readonly pem: string;
  readonly alg: 'PS256';
  readonly kid: string;
}

/** How a client may get tokens; nothing at all while it is switched off. */
export interface FlowBody {
  grant_types: string[];
  token_exchange: { allow_any_profile_of_type: 'on_behalf_of_token_exchange'[] };
}

export interface ClientBody extends FlowBody {
  name: string;
  app_type: 'resource_server' | 'non_interactive';
  resource_server_identifier?: string;
  is_first_party: true;
  oidc_conformant: true;
  client_authentication_methods: { private_key_jwt: { credentials: CredentialBody[] } };
  client_metadata: Record<string, unknown>;
}

export interface ClientChange extends Partial<FlowBody> {
  name?: string;
  client_metadata?: Record<string, unknown>;
  client_authentication_methods?: { private_key_jwt: { credentials: { id: string }[] } };
}

export interface ApiBody {
  name: string;
  identifier: string;
  scopes: { value: string }[];
  signing_alg: 'RS256';
  token_dialect: 'rfc9068_profile';
  token_lifetime?: number;
  allow_offline_access: boolean;
  skip_consent_for_verifiable_first_party_clients: true;
  subject_type_authorization: {
    user: { policy: 'allow_all' | 'require_client_grant' };
    client: { policy: 'deny_all' | 'require_client_grant' };
  };
}

export interface GrantBody {
  client_id: string;
  audience: string;
  scope: string[];
  subject_type: 'user' | 'client';
}

/** The API that an agent itself is: a user's token must be for it, or Auth0 exchanges nothing. */
export function ownApi(clientName: string): string {
  return `urn:agent-id:${clientName}`;
}

/** Nothing at all: Auth0 has no switch, but a client without a way to get tokens is off. */
export const switchedOff: FlowBody = {
  grant_types: [],
  token_exchange: { allow_any_profile_of_type: [] },
};

export function toFlow(actsFor: ActsFor): FlowBody {
  return actsFor === 'user'
    ? { grant_types: [], token_exchange: { allow_any_profile_of_type: ['on_behalf_of_token_exchange'] } }
    : { grant_types: ['client_credentials'], token_exchange: { allow_any_profile_of_type: [] } };
}

export function toMark(spec: AgentSpec, complete: boolean, marker = spec.marker): MarkBody {
  return {
    agent_id_marker: marker,
    agent_id_name: spec.clientId,
    agent_id_owner: spec.owner ?? '',
    agent_id_acts_for: spec.actsFor,
    agent_id_complete: complete ? 'true' : 'false',
  };
}

/** A client, switched off, that proves itself by its keys: Auth0 makes no secret for it then. */
export function toClientBody(spec: AgentSpec, keys: readonly RsaPublicJwk[]): ClientBody {
  const forUser = spec.actsFor === 'user';
  return {
    name: spec.displayName,
    app_type: forUser ? 'resource_server' : 'non_interactive',
    ...(forUser ? { resource_server_identifier: ownApi(spec.clientId) } : {}),
    is_first_party: true,
    oidc_conformant: true,
    ...switchedOff,
    client_authentication_methods: {
      private_key_jwt: { credentials: keys.map((key) => toCredentialBody(key)) },
    },
    client_metadata: { ...toMark(spec, false) },
  };
}

export function toCredentialBody(key: RsaPublicJwk, machine?: string): CredentialBody {
  const { n, e } = key;
  const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'RSA', n, e } });
  return {
    credential_type: 'public_key',
    name: machine ?? key.kid,
    pem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    alg: key.alg,
    kid: key.kid,
  };
}

/** The API that stands for an agent: users may get tokens for it, programs may not. */
export function toOwnApiBody({ clientId, displayName }: AgentSpec): ApiBody {
  return {
    name: `${displayName} (agent)`,
    identifier: ownApi(clientId),
    scopes: [],
    signing_alg: 'RS256',
    token_dialect: 'rfc9068_profile',
    // The session of `login` is renewed; its access token is only the subject of exchanges.
    allow_offline_access: true,
    skip_consent_for_verifiable_first_party_clients: true,
    subject_type_authorization: { user: { policy: 'allow_all' }, client: { policy: 'deny_all' } },
  };
}

/** An API that agents call: nobody gets a token for it without a grant. */
export function toApiBody(
  api: { readonly uri: string; readonly displayName: string; readonly scopes: readonly string[] },
  maxTtlSeconds: number,
): ApiBody {
  return {
    name: api.displayName,
    identifier: api.uri,
    scopes: api.scopes.map((value) => ({ value })),
    signing_alg: 'RS256',
    token_dialect: 'rfc9068_profile',
    token_lifetime: maxTtlSeconds,
    allow_offline_access: false,
    skip_consent_for_verifiable_first_party_clients: true,
    subject_type_authorization: {
      user: { policy: 'require_client_grant' },
      client: { policy: 'require_client_grant' },
    },
  };
}

export function toGrantBody(
  clientId: string,
  { uri, scopes }: { readonly uri: string; readonly scopes: readonly string[] },
  actsFor: ActsFor,
): GrantBody {
  return {
    client_id: clientId,
    audience: uri,
    scope: [...scopes],
    subject_type: actsFor === 'user' ? 'user' : 'client',
  };
}
