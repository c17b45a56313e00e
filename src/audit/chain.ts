import { createHash } from 'node:crypto';
import type { AuditEntry, AuditEvent } from '../model/audit-entry.ts';

/** What the first entry names as the one before it. */
export const genesis = '0'.repeat(64);

/** One place in the log: the last entry's number and hashes, and the log's size in bytes after it. */
export interface Mark {
  readonly seq: number;
  readonly prev: string;
  readonly hash: string;
  readonly size: number;
}

export const origin: Mark = { seq: 0, prev: genesis, hash: genesis, size: 0 };

/** Chains an event to the entry before it. */
export function toEntry(event: AuditEvent, previous: Mark): AuditEntry {
  const { action, time, agent, user, asItself, resource, operation, scopes, result, reason, jti } = event;
  // Field by field: what a caller adds beyond the model never reaches the log.
  const entry = {
    schemaVersion: 1 as const,
    seq: previous.seq + 1,
    prev: previous.hash,
    action,
    time,
    agent: agent && { id: agent.id, displayName: agent.displayName, clientId: agent.clientId },
    user,
    asItself,
    resource: resource && { uri: resource.uri, displayName: resource.displayName },
    operation,
    scopes: [...scopes],
    result,
    reason,
    jti,
  };
  return { ...entry, hash: toHash(entry) };
}

/** Hashes an entry without its `hash`: SHA-256 over JSON with sorted keys, hex. */
export function toHash(entry: object): string {
  const { hash: _, ...rest } = entry as { hash?: unknown };
  return createHash('sha256').update(toCanonical(rest)).digest('hex');
}

/** Renders JSON with keys in code unit order and no white space. @see RFC 8785 */
export function toCanonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toCanonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${toCanonical(member)}`).join(',')}}`;
}

/** Renders the entry's line. */
export function toLine(entry: AuditEntry): string {
  return `${toCanonical(entry)}\n`;
}

/** Reads one line and checks that it follows; `undefined` where it does not. */
export function followLine(
  line: string,
  previous: Mark,
): { readonly entry: AuditEntry; readonly mark: Mark } | undefined {
  let entry: AuditEntry;
  try {
    entry = JSON.parse(line) as AuditEntry;
  } catch {
    return undefined;
  }
  const follows =
    typeof entry === 'object' &&
    entry !== null &&
    entry.seq === previous.seq + 1 &&
    entry.prev === previous.hash &&
    entry.hash === toHash(entry) &&
    // A byte that does not change the meaning is a change all the same.
    toCanonical(entry) === line;
  if (!follows) return undefined;
  return {
    entry,
    mark: toMark(entry, previous.size + Buffer.byteLength(line) + 1),
  };
}

export function toMark({ seq, prev, hash }: AuditEntry, size: number): Mark {
  return { seq, prev, hash, size };
}
