import type { AuditEntry } from '../model/audit-entry.ts';

/** Facility 13, log audit, times 8. */
const facility = 13 * 8;

/**
 * Renders entries as one syslog message a line: severity 6 for what went well, else 4; the action as MSGID; the
 * whole entry as JSON for the message, so that its hash can still be checked. Names no host. @see RFC 5424
 */
export function toSyslog(entries: readonly AuditEntry[]): string {
  return entries.map((entry) => `${toHeader(entry)} - ${JSON.stringify(entry)}\n`).join('');
}

function toHeader({ result, time, action }: AuditEntry): string {
  return `<${facility + (result === 'ok' ? 6 : 4)}>1 ${time} - agent-id - ${action}`;
}
