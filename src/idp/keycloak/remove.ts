import { agentScope } from './agent-scope.ts';
import type { KeycloakAdmin } from './admin.ts';
import { listClients, type KeycloakClient } from './client.ts';
import { deleteScope, listScopes } from './scopes.ts';

/** Takes away the client scopes that were made for an agent and that no client has any more: its own, and those of its APIs. */
export async function removeScopes(
  admin: KeycloakAdmin,
  clientId: string,
  client: KeycloakClient | undefined,
): Promise<void> {
  const own = agentScope(clientId);
  const candidates = (await listScopes(admin)).filter(
    ({ name, madeFor }) =>
      madeFor !== null && (madeFor === clientId || client?.scopes.includes(name) === true),
  );
  if (candidates.length === 0) return;
  const used = new Set((await listClients(admin, '')).flatMap(({ scopes }) => scopes));
  for (const scope of candidates) {
    // Users' sign-in clients offer an agent's own scope; without the agent it means nothing.
    if (scope.name === own || !used.has(scope.name)) await deleteScope(admin, scope);
  }
}
