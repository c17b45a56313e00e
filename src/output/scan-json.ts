import type { Report } from './scan-text.ts';
import { envelope } from './version.ts';

/** Renders a report as `schemas/report.schema.json` says. */
export function renderScanJson({ root, findings, skipped, stats }: Report): string {
  return `${JSON.stringify({ ...envelope, root, findings, skipped, stats }, null, 2)}\n`;
}
