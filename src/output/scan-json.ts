import type { ReportView } from './report.ts';
import { envelope } from './version.ts';

/** Renders a report as `schemas/report.schema.json` says. */
export function renderJson({ report }: ReportView): readonly string[] {
  const { root, findings, skipped, stats } = report;
  return [`${JSON.stringify({ ...envelope, root, findings, skipped, stats }, null, 2)}\n`];
}
