import type { LockedAgent } from '../model/agent.ts';
import { actScope } from './entra/act-scope.ts';
import { agentScope } from './keycloak/agent-scope.ts';
import type { TrustedIdp } from './types.ts';

/**
 * Gives the scopes that a user's sign-in must ask for, so that these agents may act for the user. Keycloak and Entra
 * want that: they exchange no token whose audience the agent is not in. Entra takes one agent for each sign-in.
 */
export function toSignInScopes(
  trust: Pick<TrustedIdp, 'type' | 'issuer'>,
  agents: readonly Pick<LockedAgent, 'clientId' | 'issuer' | 'flow'>[],
): readonly string[] {
  if (trust.type !== 'keycloak' && trust.type !== 'entra') return [];
  return agents
    .filter(({ issuer, flow }) => issuer === trust.issuer && flow === 'on-behalf-of')
    .map(({ clientId }) => (trust.type === 'entra' ? `api://${clientId}/${actScope}` : agentScope(clientId)));
}
