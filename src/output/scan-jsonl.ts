import type { ReportView } from './report.ts';
import { envelope } from './version.ts';

/**
 * Renders one object a line: findings, skipped files, then a summary. Each says its `type`; a stream without the
 * summary at its end was cut off.
 *
 * @yields lines
 */
export function* renderJsonl({ report }: ReportView): Generator<string> {
  const { root, findings, skipped, stats } = report;
  for (const finding of findings) yield toLine({ type: 'finding', ...finding });
  for (const one of skipped) yield toLine({ type: 'skipped', ...one });
  yield toLine({ type: 'summary', ...envelope, root, stats });
}

function toLine(record: object): string {
  return `${JSON.stringify(record)}\n`;
}
