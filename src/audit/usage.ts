import type { AuditEntry } from '../model/audit-entry.ts';

/** What an agent did at one API for one user, or as itself. */
export interface Reached {
  readonly resource: { readonly uri: string; readonly displayName: string };
  /** Null where it acted as itself. */
  readonly onBehalfOf: string | null;
  readonly scopes: readonly string[];
  readonly tokens: number;
  readonly calls: number;
  readonly denied: number;
  /** RFC 3339, of the last of them that was not denied; null where all were. */
  readonly last: string | null;
}

/** Gathers exchanges and calls by API and user, the latest first. Reads one agent's entries. */
export function toReached(entries: readonly AuditEntry[]): readonly Reached[] {
  const groups = new Map<string, Reached>();
  for (const entry of entries) {
    const { action, resource, user } = entry;
    if (resource === null || (action !== 'exchange' && action !== 'call')) continue;
    const key = JSON.stringify([resource.uri, user]);
    groups.set(key, withEntry(groups.get(key) ?? nothing(resource, user), entry));
  }
  return [...groups.values()].sort((a, b) => ((a.last ?? '') < (b.last ?? '') ? 1 : -1));
}

/** Gives when each scope was last in a token that an agent got, by `URI SCOPE`, in RFC 3339. */
export function toScopeUse(entries: readonly AuditEntry[]): ReadonlyMap<string, string> {
  const last = new Map<string, string>();
  for (const { action, resource, result, scopes, time } of entries) {
    if (resource === null || result !== 'ok' || (action !== 'exchange' && action !== 'call')) continue;
    for (const scope of scopes) last.set(`${resource.uri} ${scope}`, time);
  }
  return last;
}

function nothing(resource: Reached['resource'], onBehalfOf: string | null): Reached {
  return { resource, onBehalfOf, scopes: [], tokens: 0, calls: 0, denied: 0, last: null };
}

function withEntry(known: Reached, { action, result, scopes, time }: AuditEntry): Reached {
  if (result !== 'ok') return { ...known, denied: known.denied + (result === 'denied' ? 1 : 0) };
  return {
    ...known,
    scopes: [...new Set([...known.scopes, ...scopes])].sort(),
    tokens: known.tokens + (action === 'exchange' ? 1 : 0),
    calls: known.calls + (action === 'call' ? 1 : 0),
    last: time,
  };
}
