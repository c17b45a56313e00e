import type { ReviewAgent, ReviewScope, ReviewSheet } from '../model/review.ts';
import { csvCell } from './csv-cell.ts';
import { printable } from './error.ts';
import { envelope } from './version.ts';

interface Row {
  readonly agent: ReviewAgent;
  readonly scope: ReviewScope;
}

const columns: Readonly<Record<string, (row: Row) => string | null>> = {
  agent: ({ agent }) => agent.id,
  name: ({ agent }) => agent.displayName,
  owner: ({ agent }) => agent.owner,
  acts: ({ agent }) => agent.flow,
  status: ({ agent }) => agent.status,
  reviewed: ({ agent }) => agent.reviewed?.at ?? null,
  resource: ({ scope }) => scope.uri,
  scope: ({ scope }) => scope.scope,
  evidence: ({ scope }) => scope.evidence,
  'last used': ({ scope }) => scope.lastUsed,
  decision: ({ scope }) => scope.decision,
};

/** Renders a sheet as CSV with a header line, one scope a line; the last column is the reviewer's. @see RFC 4180 */
export function renderReviewCsv(sheet: ReviewSheet): string {
  const rows = sheet.agents.flatMap((agent) =>
    agent.scopes.map((scope) =>
      Object.values(columns)
        .map((read) => csvCell(read({ agent, scope })))
        .join(','),
    ),
  );
  return [Object.keys(columns).join(','), ...rows].map((line) => `${line}\r\n`).join('');
}

export function renderReviewJson(sheet: ReviewSheet): string {
  return `${JSON.stringify({ ...envelope, ...sheet }, null, 2)}\n`;
}

/** Renders a sheet for a terminal. */
export function renderReviewText(sheet: ReviewSheet): string {
  const lines = sheet.agents.flatMap((agent) => [
    `${agent.id}  ${agent.displayName}  ${agent.status}  ${agent.flow}  owner ${agent.owner ?? 'unknown'}`,
    `  ${reviewLine(agent)}`,
    ...agent.scopes.map(
      ({ scope, evidence, lastUsed }) =>
        `  ${scope}  ${lastUsed === null ? unusedLine(agent) : `used ${lastUsed}`}  ${evidence ?? 'no evidence'}`,
    ),
  ]);
  return lines.map((line) => `${printable(line)}\n`).join('');
}

/** Says when an agent was last reviewed. */
export function reviewLine({ reviewed }: ReviewAgent): string {
  return reviewed === null
    ? 'never reviewed'
    : `reviewed ${reviewed.at} by ${reviewed.by}: ${reviewed.decision}`;
}

/** Says how much it means that no use is known. */
export function unusedLine({ providerLog, logSince }: Pick<ReviewAgent, 'providerLog' | 'logSince'>): string {
  if (!providerLog) return 'not used from this machine';
  return logSince === null
    ? 'not used, as far as the logs reach'
    : `not used since ${logSince}, as far back as the provider’s log goes`;
}
