import type { AuditEntry } from '../model/audit-entry.ts';

const columns = [
  'seq',
  'time',
  'action',
  'agentId',
  'agent',
  'clientId',
  'user',
  'asItself',
  'resourceUri',
  'resource',
  'operation',
  'scopes',
  'result',
  'reason',
  'jti',
  'prev',
  'hash',
] as const;

/** Renders entries as CSV with a header line. @see RFC 4180 */
export function toCsv(entries: readonly AuditEntry[]): string {
  const rows = entries.map((entry) => {
    const row = toRow(entry);
    return columns.map((column) => toCell(row[column]));
  });
  return [columns.join(','), ...rows.map((row) => row.join(','))].map((line) => `${line}\r\n`).join('');
}

function toRow({ agent, resource, scopes, ...entry }: AuditEntry): Record<(typeof columns)[number], unknown> {
  return {
    ...entry,
    agentId: agent?.id,
    agent: agent?.displayName,
    clientId: agent?.clientId,
    resourceUri: resource?.uri,
    resource: resource?.displayName,
    scopes: scopes.join(' '),
  };
}

/** Spreadsheets run a cell that begins with one of `=+-@`: it is marked as text. */
function toCell(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value as string | number | boolean);
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
