import { randomBytes } from 'node:crypto';
import type { Embedded, EmbeddedOptions } from '../../idp/embedded/index.ts';
import { createClientAdmin } from '../../idp/keycloak/admin.ts';
import { createClient } from '../../idp/keycloak/client.ts';
import { createHttp } from '../../lib/http.ts';
import type { Io } from '../../lib/io.ts';
import { AgentIdError } from '../../model/error.ts';
import { Secret } from '../../model/secret.ts';
import { missingForKeycloak } from './distribution.ts';
import { deskClientId } from './realm.ts';
import { startKeycloak, type Keycloak } from './server.ts';

/** A Keycloak in which the demo's identities live; the sandbox APIs stay where they are. */
export interface DemoKeycloak {
  /** Whose tokens the Password API takes. */
  readonly tokens: NonNullable<EmbeddedOptions['tokensOf']>;
  readonly trust: (embedded: Embedded) => readonly string[];
  readonly userX: () => { readonly name: string; readonly password: Secret };
  readonly retires: false;
  /** Makes the Password API a client, so that it may ask about tokens. */
  admit(embedded: Embedded): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it. Throws `unsupported` where Java or Maven is missing. */
export async function openKeycloak(io: Io): Promise<DemoKeycloak> {
  const missing = await missingForKeycloak();
  if (missing !== undefined) {
    throw new AgentIdError('unsupported', `a real Keycloak cannot run here: ${missing}`, {
      hint: 'Run the demo with the embedded provider: agent-id demo',
    });
  }
  const password = new Secret(randomBytes(12).toString('base64url'));
  const server = await startKeycloak({
    password: password.open(),
    tell: (text) => io.stderr(`${text}\n`),
  });
  const endpoint = `${server.issuer}/protocol/openid-connect`;
  return {
    tokens: {
      issuer: server.issuer,
      jwksUri: `${endpoint}/certs`,
      introspectionEndpoint: `${endpoint}/token/introspect`,
      algorithms: ['RS256'],
      clientClaim: 'azp',
    },
    trust: (embedded) => toTrust(server, embedded),
    userX: () => ({ name: server.user, password }),
    retires: false,
    admit: (embedded) => admit(server, embedded, io),
    stop: () => server.stop(),
  };
}

function toTrust({ issuer, admin }: Keycloak, { passwordApiUrl, oktaUrl }: Embedded): readonly string[] {
  const scopes = 'okta.users.read,okta.users.manage,okta.groups.read';
  const flags = {
    type: 'keycloak',
    issuer,
    'client-id': deskClientId,
    'admin-client-id': admin.clientId,
    'admin-key': admin.keyFile,
    resource: `password-api=${passwordApiUrl}#${scopes}`,
    fronts: `password-api=okta@${oktaUrl}`,
  };
  return Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
}

async function admit({ issuer, admin }: Keycloak, embedded: Embedded, io: Io): Promise<void> {
  const trust = { schemaVersion: 1, name: 'demo', type: 'keycloak', issuer, resources: [], admin } as const;
  const parts = { trust, http: createHttp({ clock: io.clock }), clock: io.clock, paths: { keys: '' } };
  await createClient(createClientAdmin(parts), {
    clientId: embedded.passwordApiUrl,
    name: 'Password API',
    publicClient: false,
    standardFlowEnabled: false,
    clientAuthenticatorType: 'client-jwt',
    attributes: {
      'use.jwks.string': 'true',
      'jwks.string': JSON.stringify({ keys: [embedded.passwordApiPublicKey] }),
      'token.endpoint.auth.signing.alg': 'ES256',
    },
  });
}
