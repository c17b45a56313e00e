import type { ReportView } from './report.ts';
import { envelope } from './version.ts';

/** Renders a report as `schemas/report.schema.json` says. */
export function renderJson({ report }: ReportView): readonly string[] {
  const { root, findings, skipped, stats, stored } = report;
  const answer = { ...envelope, root, findings, skipped, stats, ...(stored === undefined ? {} : { stored }) };
  return [`${JSON.stringify(answer, null, 2)}\n`];
}
