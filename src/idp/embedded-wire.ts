import type { AgentSpec, PublicJwk } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';
import { toRecord } from './metadata.ts';
import type { PlatformTrust, Registration } from './types.ts';

/** A registration with what only the embedded provider keeps. */
export interface EmbeddedRegistration extends Registration {
  readonly keys: readonly PublicJwk[];
  readonly owner: string | null;
  readonly actsFor: string;
  readonly platforms: readonly PlatformTrust[];
}

/** Writes an agent as the embedded provider registers it. @see RFC 7591 section 2 */
export function toWire(
  spec: Pick<AgentSpec, 'clientId' | 'displayName' | 'owner' | 'actsFor' | 'keys' | 'marker'> & {
    readonly grants: readonly { readonly uri: string; readonly scopes: readonly string[] }[];
    readonly platforms?: readonly PlatformTrust[];
    readonly machines?: Readonly<Record<string, string>>;
  },
): object {
  return {
    client_id: spec.clientId,
    client_name: spec.displayName,
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: spec.keys },
    software_id: spec.marker,
    acts_for: spec.actsFor,
    grants: spec.grants.map(({ uri, scopes }) => ({ uri, scopes })),
    ...(spec.owner === null ? {} : { owner: spec.owner }),
    ...(spec.machines === undefined ? {} : { machines: spec.machines }),
    ...(spec.platforms === undefined ? {} : { platforms: spec.platforms }),
  };
}

/** Reads a registration. Throws `idp-refused` for an answer that is none. */
export function fromWire(body: unknown): EmbeddedRegistration {
  const wire = toRecord(body);
  const { client_id: clientId, client_name: displayName, status, grants } = wire;
  const keys = toRecord(wire['jwks'])['keys'];
  const whole = typeof clientId === 'string' && typeof displayName === 'string' && Array.isArray(grants);
  if (!whole || !Array.isArray(keys)) {
    throw new AgentIdError('idp-refused', 'the identity provider answered without a registration', {
      hint: 'Is the issuer really an embedded identity provider of this version?',
    });
  }
  const { owner, software_id: marker, last_token_at: lastTokenAt } = wire;
  return {
    clientId,
    displayName,
    status: status === 'revoked' ? 'revoked' : 'active',
    keys: keys as PublicJwk[],
    grants: grants as EmbeddedRegistration['grants'],
    marker: typeof marker === 'string' ? marker : null,
    lastTokenAt: typeof lastTokenAt === 'number' ? lastTokenAt : null,
    owner: typeof owner === 'string' ? owner : null,
    actsFor: String(wire['acts_for']),
    machines: toRecord(wire['machines']) as Record<string, string>,
    platforms: Array.isArray(wire['platforms']) ? (wire['platforms'] as PlatformTrust[]) : [],
  };
}

/** Gives what the interface promises, without what is only the embedded provider's. */
export function toRegistration(found: EmbeddedRegistration): Registration {
  const { clientId, displayName, status, keys, grants, marker, lastTokenAt, machines } = found;
  const names = machines === undefined ? {} : { machines };
  return { clientId, displayName, status, keys, grants, marker, lastTokenAt, ...names };
}
