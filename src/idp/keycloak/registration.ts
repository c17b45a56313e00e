import type { Registration } from '../types.ts';
import type { KeycloakAdmin } from './admin.ts';
import { markAttributes, type KeycloakClient } from './client.ts';
import { toGrants, type ClientScope } from './scopes.ts';

/** Gives a client as every provider's is given. */
export function toRegistration(
  client: KeycloakClient,
  there: readonly ClientScope[],
  lastTokenAt: number | null = null,
): Registration {
  return {
    clientId: client.clientId,
    displayName: client.name,
    status: client.enabled ? 'active' : 'revoked',
    keys: client.keys,
    grants: toGrants(client.scopes, there),
    marker: client.attributes[markAttributes.marker] ?? null,
    lastTokenAt,
  };
}

/** Gives when an agent last got a token, in seconds since 1970; null where never, or where events are not kept or readable. */
export async function readLastToken(admin: KeycloakAdmin, clientId: string): Promise<number | null> {
  const types = ['TOKEN_EXCHANGE', 'CLIENT_LOGIN', 'JWT_AUTHORIZATION_GRANT'];
  const query = `${types.map((type) => `type=${type}`).join('&')}&client=${encodeURIComponent(clientId)}&max=1`;
  const call = { path: `/events?${query}`, role: 'view-events', what: 'read its events' } as const;
  const [event] = await admin.list(call);
  return typeof event?.['time'] === 'number' ? Math.floor(event['time'] / 1000) : null;
}
