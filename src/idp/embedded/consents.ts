import { nowSeconds, toEventAgent, type Idp } from './context.ts';
import { consentKey, type AgentRecord, type ScopedResource } from './state.ts';

/** Agents that a user decides about, and what was decided before. */
export interface Asked {
  readonly agent: AgentRecord;
  /** `new` where it was never asked, or wants more than it did then. */
  readonly decision: 'allowed' | 'refused' | 'new';
}

/** Lists the agents that want to act for users. */
export function agentsAsking(idp: Idp, user: string): readonly Asked[] {
  return [...idp.state.data.agents.values()]
    .filter((agent) => agent.actsFor === 'user' && agent.status === 'active')
    .map((agent) => ({ agent, decision: decisionOn(idp, user, agent) }));
}

/** Gives the client ids of the active agents that a user agreed to. */
export function consentedClients(idp: Idp, user: string): string[] {
  return agentsAsking(idp, user)
    .filter(({ agent }) => idp.state.data.consents.get(consentKey(user, agent.clientId))?.allowed === true)
    .map(({ agent }) => agent.clientId);
}

/** Stores what a user decided about every agent that was on the page. */
export async function decide(
  idp: Idp,
  user: string,
  shown: readonly AgentRecord[],
  allowed: ReadonlySet<string>,
): Promise<void> {
  for (const agent of shown) {
    const { clientId, grants } = agent;
    const consent = { user, clientId, allowed: allowed.has(clientId), grants, decidedAt: nowSeconds(idp) };
    idp.state.data.consents.set(consentKey(user, clientId), consent);
    idp.events.add({
      kind: 'consent',
      agent: toEventAgent(agent),
      user,
      result: consent.allowed ? 'ok' : 'denied',
      scopes: grants.flatMap((grant) => grant.scopes),
    });
  }
  await idp.state.save();
}

/** Forgets what users decided about an agent that is gone: another one of that id must ask again. */
export function forgetConsents(idp: Idp, clientId: string): void {
  const { consents } = idp.state.data;
  for (const [key, consent] of consents) if (consent.clientId === clientId) consents.delete(key);
}

function decisionOn(idp: Idp, user: string, agent: AgentRecord): Asked['decision'] {
  const consent = idp.state.data.consents.get(consentKey(user, agent.clientId));
  if (consent === undefined || !covers(consent.grants, agent.grants)) return 'new';
  return consent.allowed ? 'allowed' : 'refused';
}

function covers(seen: readonly ScopedResource[], wanted: readonly ScopedResource[]): boolean {
  return wanted.every(({ uri, scopes }) =>
    scopes.every((scope) => seen.some((grant) => grant.uri === uri && grant.scopes.includes(scope))),
  );
}
