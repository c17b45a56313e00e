import type { StaticSecret } from '../types.ts';
import type { OktaAdmin } from './admin.ts';

/**
 * Lists the organisation's API tokens (SSWS). Okta shows no value and no last use of its own: a use moves
 * `lastUpdated` and `expiresAt` (30 days later), so that is what it says.
 */
export async function listApiTokens(admin: OktaAdmin): Promise<readonly StaticSecret[]> {
  const found = await admin.list({
    path: '/api/v1/api-tokens',
    scope: 'okta.apiTokens.read',
    what: 'list its API tokens',
  });
  return found.map((token) => ({
    id: String(token['id']),
    name: String(token['name']),
    owner: toText(token['userId']),
    createdAt: toText(token['created']),
    lastUsedAt: toText(token['lastUpdated']),
  }));
}

/** Revokes one by its id; a missing one is no error. */
export async function deleteApiToken(admin: OktaAdmin, id: string): Promise<void> {
  await admin.ask({
    method: 'DELETE',
    path: `/api/v1/api-tokens/${encodeURIComponent(id)}`,
    scope: 'okta.apiTokens.manage',
    what: 'revoke the API token',
  });
}

function toText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
