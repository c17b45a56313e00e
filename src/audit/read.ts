import { toTimestamp } from '../lib/clock.ts';
import type { AuditEntry } from '../model/audit-entry.ts';
import { readBytesFrom } from '../lib/append-file.ts';
import { logFile, type AuditPaths } from './log.ts';
import { walkLog } from './walk.ts';

/** What to show. `since` in milliseconds since 1970. */
export interface AuditFilter {
  /** Agent id or display name. */
  readonly agent?: string;
  readonly user?: string;
  readonly since?: number;
}

/** Reads the entries that match, oldest first, up to the first that is not in order: `verifyAudit` says why. */
export async function readAudit(paths: AuditPaths, filter: AuditFilter = {}): Promise<readonly AuditEntry[]> {
  const since = filter.since === undefined ? '' : toTimestamp(filter.since);
  return walkLog(await readBytesFrom(logFile(paths), 0)).entries.filter((entry) => {
    if (filter.agent !== undefined && !names(entry, filter.agent)) return false;
    if (filter.user !== undefined && entry.user !== filter.user) return false;
    return entry.time >= since;
  });
}

function names({ agent }: AuditEntry, wanted: string): boolean {
  return agent !== null && [agent.id, agent.displayName, agent.clientId].includes(wanted);
}
