import type { IdpAdapter } from '../idp/types.ts';
import { fromTimestamp, toTimestamp } from '../lib/clock.ts';
import type { Lock, LockedAgent } from '../model/agent.ts';
import type { ConsumerState } from '../model/consumer.ts';

/** When an agent last got a token by the local audit log; milliseconds since 1970, undefined for never. */
export type LastExchange = (agent: string) => Promise<number | undefined>;

export interface AgentStatus {
  readonly agent: string;
  readonly displayName: string;
  readonly consumer: string;
  readonly secret: string;
  readonly state: ConsumerState;
  /** When it had moved for certain, milliseconds since 1970; null where it has not, or nobody knows. */
  readonly movedAt: number | null;
  /** Why it is in this state, or what is missing for the next one. */
  readonly why: string;
}

/**
 * Says how far each consumer is. A consumer is verified only after its own place has exchanged once: by the
 * provider's record where it keeps one, else by the audit log of this machine.
 */
export async function agentStatuses(
  lock: Lock,
  adapter: (idp: string) => Promise<IdpAdapter>,
  lastExchange: LastExchange,
): Promise<readonly AgentStatus[]> {
  const statuses: AgentStatus[] = [];
  for (const [id, agent] of Object.entries(lock.agents)) {
    const seen = ownUse(agent, await lastSeen(id, agent, await adapter(agent.idp), lastExchange));
    for (const consumer of agent.consumers) {
      const outline = {
        agent: id,
        displayName: agent.displayName,
        consumer: consumer.id,
        secret: consumer.secret,
        movedAt: consumer.verifiedAt === undefined ? (seen ?? null) : fromTimestamp(consumer.verifiedAt),
      };
      statuses.push({ ...outline, ...judge(consumer.state, seen) });
    }
  }
  return statuses;
}

/** Gives the lock with the states that were found; the same object where nothing changed. */
export function withStates(lock: Lock, statuses: readonly AgentStatus[]): Lock {
  let changed = false;
  const agents: Record<string, LockedAgent> = {};
  for (const [id, agent] of Object.entries(lock.agents)) {
    const consumers = agent.consumers.map((consumer) => {
      const found = statuses.find((one) => one.agent === id && one.consumer === consumer.id);
      if (found === undefined || found.state === consumer.state) return consumer;
      changed = true;
      const isNew = found.state === 'verified' && found.movedAt !== null;
      return {
        ...consumer,
        state: found.state,
        ...(isNew ? { verifiedAt: toTimestamp(found.movedAt) } : {}),
      };
    });
    agents[id] = { ...agent, consumers };
  }
  return changed ? { ...lock, agents } : lock;
}

/** The token that migrate got to try the agent says nothing of the consumer. Moments are known to the second. */
function ownUse({ probedAt }: LockedAgent, seen: number | undefined): number | undefined {
  if (seen === undefined || probedAt === undefined) return seen;
  return seen >= fromTimestamp(probedAt) + 1000 ? seen : undefined;
}

/** Gives the lock after agents were tried: by the later of both clocks, the provider's and this machine's. */
export async function withProbes(
  lock: Lock,
  probed: readonly string[],
  { adapter, now }: { readonly adapter: IdpAdapter; readonly now: number },
): Promise<Lock> {
  const agents: Record<string, LockedAgent> = { ...lock.agents };
  for (const id of probed) {
    const agent = agents[id];
    if (agent === undefined) continue;
    const told = adapter.capabilities.lastUse ? await adapter.inspect(agent.clientId) : undefined;
    const probedAt = toTimestamp(Math.max(now, (told?.lastTokenAt ?? 0) * 1000));
    agents[id] = { ...agent, probedAt };
  }
  return { ...lock, agents };
}

async function lastSeen(
  id: string,
  agent: LockedAgent,
  adapter: IdpAdapter,
  lastExchange: LastExchange,
): Promise<number | undefined> {
  if (!adapter.capabilities.lastUse) return lastExchange(id);
  const registration = await adapter.inspect(agent.clientId);
  // A provider may keep no events, or not show them.
  return registration?.lastTokenAt == null ? lastExchange(id) : registration.lastTokenAt * 1000;
}

function judge(state: ConsumerState, seen: number | undefined): Pick<AgentStatus, 'state' | 'why'> {
  if (state === 'retired') return { state, why: 'its old secret is revoked' };
  if (state !== 'rewritten' && state !== 'verified')
    return { state, why: 'not every place that names the secret is rewritten' };
  if (seen === undefined)
    return { state: 'rewritten', why: 'it has not got a token yet: start it once where it runs' };
  return {
    state: 'verified',
    why: `it got a token at ${toTimestamp(seen)}`,
  };
}
