import type { Finding } from '../model/finding.ts';
import { csvCell } from './csv-cell.ts';
import type { ReportView } from './report.ts';

const columns: Readonly<Record<string, (finding: Finding) => string | number | undefined | null>> = {
  id: ({ id }) => id,
  rule: ({ rule }) => rule,
  provider: ({ provider }) => provider,
  title: ({ title }) => title,
  kind: ({ kind }) => kind,
  name: ({ name }) => name,
  secret: ({ secret }) => secret,
  lifetime: ({ lifetime }) => lifetime,
  severity: ({ severity }) => severity,
  confidence: ({ confidence }) => confidence,
  state: ({ state }) => state,
  path: ({ location }) => location.path,
  line: ({ location }) => location.startLine,
  column: ({ location }) => location.startColumn,
  slot: ({ location }) => location.slot,
  commit: ({ location }) => location.commit,
  author: ({ location }) => location.author,
  date: ({ location }) => location.date,
  reasons: ({ reasons }) => reasons.join('; '),
  reason: ({ reason }) => reason,
  expires: ({ expires }) => expires,
};

/**
 * Renders findings as CSV with a header line.
 *
 * @yields lines that end in CRLF
 * @see RFC 4180
 */
export function* renderCsv({ report }: ReportView): Generator<string> {
  yield `${Object.keys(columns).join(',')}\r\n`;
  for (const finding of report.findings)
    yield `${Object.values(columns)
      .map((read) => csvCell(read(finding)))
      .join(',')}\r\n`;
}
