import type { IdpAdapter, StaticSecret } from '../idp/types.ts';
import { fromTimestamp, toTimestamp } from '../lib/clock.ts';
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

/** What the provider tells about the use of an old secret. */
export type OldUse =
  | { readonly kind: 'known'; readonly lastUsedAt: number }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unknown'; readonly why: string };

/** Asks the provider when a secret was last used. */
export async function readOldUse(locked: LockedSecret, adapter: IdpAdapter): Promise<OldUse> {
  if (locked.handle === null)
    return { kind: 'unknown', why: 'it is bound to no id of its provider, so that nobody can be asked' };
  const found = (await adapter.staticSecrets(locked.provider)).find(({ id }) => id === locked.handle);
  return found === undefined ? { kind: 'gone' } : toUse(found);
}

function toUse({ lastUsedAt }: StaticSecret): OldUse {
  if (lastUsedAt === null)
    return { kind: 'unknown', why: 'its provider does not tell when a secret was last used' };
  const moment = fromTimestamp(lastUsedAt);
  if (Number.isNaN(moment))
    return { kind: 'unknown', why: 'its provider tells its last use in no known form' };
  return { kind: 'known', lastUsedAt: moment };
}

/** Says why an old secret was not quiet for a time: it was used within it, or nobody can tell. Zero asks for no silence. */
export function judgeQuiet(use: OldUse, quietMs: number, now: number): readonly string[] {
  if (use.kind === 'gone' || quietMs === 0) return [];
  if (use.kind === 'unknown') {
    const todo = "look for it in the provider's log, then retire without --quiet-for";
    return [`when it was last used cannot be known: ${use.why}; ${todo}`];
  }
  if (now - use.lastUsedAt >= quietMs) return [];
  return [
    `it was last used at ${toTimestamp(use.lastUsedAt)}, within the time for which it must be quiet: find who holds it, or wait`,
  ];
}

/** Refuses where it was used after every consumer had got a token of its own: then somebody unknown holds it. */
export function judgeMoved(use: OldUse, statuses: readonly AgentStatus[]): readonly string[] {
  const moved = Math.max(...statuses.map(({ movedAt }) => movedAt ?? Infinity));
  // Providers tell seconds only.
  if (use.kind !== 'known' || use.lastUsedAt <= moved + 1000) return [];
  const todo = '--quiet-for 24h retires it after a day of silence, --quiet-for 0s at once';
  return [
    `it was used at ${toTimestamp(use.lastUsedAt)}, after its consumers had got tokens of their own: somebody else may hold it. Find who; ${todo}`,
  ];
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
