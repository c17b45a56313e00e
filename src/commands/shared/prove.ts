import { openAgent, type OpenAgent, type Subject } from '../../helper/open.ts';
import { readDefaultSubject } from '../../helper/subject.ts';
import type { Io } from '../../lib/io.ts';
import { readKeychain } from '../../lib/keychain.ts';
import { AgentIdError } from '../../model/error.ts';
import type { PlannedAgent } from '../../model/plan.ts';

/** What a proof came to: `proven`, `waiting` for a user or another machine, or `failed`. */
export interface Proof {
  readonly agent: string;
  readonly displayName: string;
  readonly outcome: 'proven' | 'waiting' | 'failed';
  readonly why: string;
}

/**
 * Proves each new identity without harm: it gets a token with exactly its scopes, and calls
 * reads only. A scope without a read that needs no parameter is shown as not called.
 */
export async function proveAgents(
  agents: readonly PlannedAgent[],
  root: string,
  io: Io,
): Promise<readonly Proof[]> {
  const proofs: Proof[] = [];
  for (const agent of agents) proofs.push(await prove(agent, root, io));
  return proofs;
}

async function prove(agent: PlannedAgent, root: string, io: Io): Promise<Proof> {
  const outline = { agent: agent.spec.id, displayName: agent.spec.displayName };
  if (agent.key.place === 'elsewhere')
    return { ...outline, outcome: 'waiting', why: `its key will live on ${agent.key.where}` };
  try {
    const opened = await openAgent(agent.spec.id, { from: root, env: io.env, clock: io.clock, readKeychain });
    const subject: Subject =
      agent.actsFor === 'itself' ? 'itself' : await readDefaultSubject(opened, agent.resource.key, io);
    return { ...outline, outcome: 'proven', why: await exercise(opened, agent, subject) };
  } catch (error) {
    if (!(error instanceof AgentIdError)) throw error;
    // A user who has not signed in is no failure of the migration.
    if (agent.actsFor === 'user' && error.code === 'not-signed-in')
      return {
        ...outline,
        outcome: 'waiting',
        why: 'it acts for a user: the first one who signs in and uses it proves it',
      };
    // Nor is one who signed in before this agent was there: it is told as the provider says it.
    const lacksConsent = ['access-denied', 'invalid-grant', 'subject-expired'].includes(error.detail ?? '');
    const waiting = agent.actsFor === 'user' && lacksConsent;
    return { ...outline, outcome: waiting ? 'waiting' : 'failed', why: error.message };
  }
}

async function exercise(opened: OpenAgent, agent: PlannedAgent, subject: Subject): Promise<string> {
  const wanted = { subject, resource: agent.resource.key, scopes: agent.scopes.map((one) => one.scope) };
  // A token that is bound to a key is of use to the helper only, which proves it at each request.
  const bound = opened.trust.resources.some(({ key, dpop }) => key === agent.resource.key && dpop === true);
  if (!bound) await opened.token(wanted);
  const path = agent.scopes.flatMap((one) =>
    one.evidence.flatMap(({ call }) => /^GET (\/[\w/.-]+)$/.exec(call)?.[1] ?? []),
  )[0];
  if (path === undefined && bound)
    return 'its tokens are bound to a key: nothing was asked for (no read without parameters)';
  if (path === undefined)
    return 'it got a token with exactly its scopes; nothing was called (no read without parameters)';
  const response = await opened.fetch(wanted, `${agent.resource.uri.replace(/\/$/, '')}${path}?limit=1`);
  await response.arrayBuffer();
  if (response.ok)
    return `it got a token with exactly its scopes, and GET ${path} answered ${response.status}`;
  throw new AgentIdError('unacceptable-token', `GET ${path} answered ${response.status}`);
}
