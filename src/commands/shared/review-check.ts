import { fromTimestamp } from '../../lib/clock.ts';
import type { Lock, LockedAgent } from '../../model/agent.ts';

/** An agent that must be reviewed, and why. */
export interface Stale {
  readonly agent: string;
  readonly why: string;
}

/** Finds agents whose review is missing, too old, or older than what they were granted. Times in milliseconds. */
export function staleReviews(
  lock: Lock,
  { now, maxMs }: { readonly now: number; readonly maxMs: number },
): readonly Stale[] {
  return Object.entries(lock.agents).flatMap(([agent, locked]) => {
    const why = whyStale(locked, now, maxMs);
    return why === undefined ? [] : [{ agent, why }];
  });
}

function whyStale({ resources, reviewed }: LockedAgent, now: number, maxMs: number): string | undefined {
  if (reviewed === undefined) return 'was never reviewed';
  const at = fromTimestamp(reviewed.at);
  // A time that is none, or one to come, is no review.
  if (!(at <= now + 86_400_000)) return 'has a review without a time that can be';
  if (now - at > maxMs) return `was last reviewed on ${reviewed.at.slice(0, 10)} by ${reviewed.by}`;
  const later = resources.flatMap(({ uri, scopes }) =>
    scopes.flatMap(({ scope }) => (reviewed.kept.includes(`${uri} ${scope}`) ? [] : [scope])),
  );
  return later.length === 0 || reviewed.decision === 'revoke'
    ? undefined
    : `was granted after its review: ${later.join(' ')}`;
}
