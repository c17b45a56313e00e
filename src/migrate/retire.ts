import type { IdpAdapter } from '../idp/types.ts';
import type { Lock, LockedAgent, LockedSecret } from '../model/agent.ts';
import type { MappedSecret, Unresolved } from '../model/consumer.ts';
import type { AgentStatus } from './status.ts';

/** Why a secret may not be retired yet; empty where it may. */
export interface Readiness {
  readonly secret: string;
  readonly locked: LockedSecret;
  readonly blockers: readonly string[];
}

/**
 * Judges whether nothing uses a secret any more: every consumer verified, none unknown or new in the tree, no
 * place left unexplained.
 */
export function judgeRetirement(
  secret: string,
  locked: LockedSecret,
  {
    statuses,
    mapped,
    unresolved,
  }: {
    readonly statuses: readonly AgentStatus[];
    readonly mapped: readonly MappedSecret[];
    /** Places of the map that may need it and that no consumer explains. */
    readonly unresolved: readonly Unresolved[];
  },
): Readiness {
  const own = statuses.filter((status) => status.secret === secret);
  const blockers = own
    .filter((status) => status.state !== 'verified' && status.state !== 'retired')
    .map((status) => `${status.displayName} is ${status.state}: ${status.why}`);
  if (own.length === 0) blockers.push('no migrated consumer is known');
  const known = new Set(own.map((status) => status.consumer));
  for (const map of mapped) {
    for (const consumer of map.consumers) {
      if (!known.has(consumer.id))
        blockers.push(`${consumer.path}:${consumer.line} still uses it and is not migrated`);
    }
    for (const place of map.storedIn) blockers.push(`${place.path}:${place.startLine} still holds it`);
  }
  blockers.push(...unresolved.map(({ path, line, why }) => `${path}:${line} is not explained: ${why}`));
  return { secret, locked, blockers };
}

/** Revokes the secret by the provider's own id. Safe to repeat. */
export async function revokeOldSecret(locked: LockedSecret, adapter: IdpAdapter): Promise<void> {
  if (locked.handle !== null) await adapter.revokeStaticSecret(locked.provider, locked.handle);
}

/** Gives the lock after a retirement. */
export function withRetired(lock: Lock, secret: string): Lock {
  const agents: Record<string, LockedAgent> = {};
  for (const [id, agent] of Object.entries(lock.agents)) {
    const consumers = agent.consumers.map((one) =>
      one.secret === secret ? { ...one, state: 'retired' as const } : one,
    );
    agents[id] = { ...agent, consumers };
  }
  const locked = lock.secrets[secret];
  const secrets =
    locked === undefined
      ? lock.secrets
      : { ...lock.secrets, [secret]: { ...locked, state: 'retired' as const } };
  return { ...lock, agents, secrets };
}
