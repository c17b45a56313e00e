import type { PublicJwk } from '../../model/agent.ts';

export const realmName = 'agents';
export const adminClientId = 'demo-admin';
/** The public client that people sign in with. */
export const deskClientId = 'desk';

/** What may differ from run to run without another snapshot is not in it: no secret, no address. */
export interface RealmParts {
  readonly adminKey: PublicJwk;
  /** Sign-in name and id of the only user; her password is set when the server runs. */
  readonly user: string;
}

/**
 * A realm in which agent-id administers with a key, so that no administrator with a password exists.
 * No `clientScopes` here: they would replace the built-in ones, and tokens would have no `sub`.
 */
export function toRealm({ adminKey, user }: RealmParts): object {
  return {
    realm: realmName,
    enabled: true,
    sslRequired: 'none',
    accessTokenLifespan: 300,
    eventsEnabled: true,
    eventsExpiration: 86_400,
    adminEventsEnabled: true,
    adminEventsDetailsEnabled: true,
    clients: [adminClient(adminKey), deskClient()],
    users: [
      {
        id: user,
        username: user,
        // An imported user gets no default roles; this one lets a session be renewed.
        realmRoles: ['offline_access'],
        enabled: true,
        emailVerified: true,
        email: `${user}@acme.example`,
        firstName: 'Xenia',
        lastName: 'Ops',
      },
      {
        username: `service-account-${adminClientId}`,
        enabled: true,
        serviceAccountClientId: adminClientId,
        clientRoles: {
          'realm-management': [
            'manage-clients',
            'view-events',
            'view-realm',
            'manage-realm',
            'manage-identity-providers',
            'manage-users',
          ],
        },
      },
    ],
  };
}

function adminClient(key: PublicJwk): object {
  return {
    clientId: adminClientId,
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

function deskClient(): object {
  return {
    clientId: deskClientId,
    publicClient: true,
    standardFlowEnabled: true,
    directAccessGrantsEnabled: true,
    redirectUris: ['http://127.0.0.1/*'],
    fullScopeAllowed: false,
    attributes: { 'oauth2.device.authorization.grant.enabled': 'true' },
  };
}
