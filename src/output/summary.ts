import { count, countLookedAt, totalsOf, type Report } from './report.ts';

/** Says in a line what was found and looked at, and what to do next. */
export function renderSummary(report: Report, anything: boolean): string {
  const { secrets, literals, uses, policy, accepted } = totalsOf(report);
  const lines = [
    `${count(secrets, 'secret')} in ${count(literals, 'place')}, ${count(uses, 'use')} by name, ${countLookedAt(report.stats)} looked at` +
      (report.skipped.length === 0 ? '' : `, ${report.skipped.length} skipped`) +
      (accepted === 0 ? '' : `, ${accepted} accepted (baseline or inline)`) +
      (policy === 0 ? '' : `, ${count(policy, 'change')} of policy`),
  ];
  if (anything) lines.push('Next: agent-id map shows what consumes each one.');
  if (report.unkeyed && literals > 0)
    lines.push('Fingerprints have no key of their own here: agent-id init makes one.');
  return `${lines.join('\n')}\n`;
}
