import type { Grant } from '../../model/agent.ts';
import type { Registration } from '../types.ts';
import type { Access } from './access.ts';
import type { OktaAdmin } from './admin.ts';
import type { OktaApp } from './app.ts';
import { listConsents } from './consents.ts';
import { isOwnApi } from './own-api.ts';

/** The scopes of Okta's own API among these grants. */
export function ownScopes(admin: OktaAdmin, grants: readonly Grant[]): readonly string[] {
  return [...new Set(grants.filter(({ uri }) => isOwnApi(admin, uri)).flatMap(({ scopes }) => scopes))];
}

/** Gives an application as every provider's is given; of a foreign one no rights are read. */
export async function toRegistration(
  admin: OktaAdmin,
  app: OktaApp,
  access: readonly Access[],
): Promise<Registration> {
  const own = app.mark === null ? [] : (await listConsents(admin, app)).map(({ scope }) => scope);
  const { resources } = admin.parts.trust;
  const ownUri = resources.find(({ uri }) => isOwnApi(admin, uri))?.uri ?? admin.org;
  return {
    clientId: app.clientId,
    displayName: app.label,
    status: app.active ? 'active' : 'revoked',
    keys: app.keys.map(({ kty, crv, x, y, kid, alg, use }) => ({ kty, crv, x, y, kid, alg, use })),
    grants: [
      ...(own.length === 0 ? [] : [{ uri: ownUri, scopes: own }]),
      ...access.map(({ server, uri, scopes }) => ({
        uri,
        scopes,
        tokenIssuer: `${admin.org}/oauth2/${server.id}`,
      })),
    ],
    marker: app.mark?.marker ?? null,
    lastTokenAt: null,
  };
}
