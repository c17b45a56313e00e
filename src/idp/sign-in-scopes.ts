import type { LockedAgent } from '../model/agent.ts';
import { agentScope } from './keycloak/agent-scope.ts';
import type { TrustedIdp } from './types.ts';

/**
 * Gives the scopes that a user's sign-in must ask for, so that these agents may act for the user. Only Keycloak wants
 * that: it exchanges no token whose audience the agent is not in.
 */
export function toSignInScopes(
  trust: Pick<TrustedIdp, 'type' | 'issuer'>,
  agents: readonly Pick<LockedAgent, 'clientId' | 'issuer' | 'flow'>[],
): readonly string[] {
  if (trust.type !== 'keycloak') return [];
  return agents
    .filter(({ issuer, flow }) => issuer === trust.issuer && flow === 'on-behalf-of')
    .map(({ clientId }) => agentScope(clientId));
}
