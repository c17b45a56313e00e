import type { Finding, Severity } from '../model/finding.ts';
import type { Rule } from '../model/rule.ts';
import { shortSecret, type ReportView } from './report.ts';
import { version } from './version.ts';

const levels: Readonly<Record<Severity, string>> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  info: 'Info',
};

const program = { id: 'agent-id', name: 'agent-id', version, vendor: { name: 'agent-id' } };

/**
 * Renders what is open as GitLab's secret-detection report 15.2.1. What was accepted is left out: GitLab would open it
 * as a vulnerability.
 *
 * @see https://gitlab.com/gitlab-org/security-products/security-report-schemas
 */
export function renderGitlab({ report, rules }: ReportView): readonly string[] {
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const open = report.findings.filter(({ state }) => state === 'new');
  const data = {
    version: '15.2.1',
    scan: {
      type: 'secret_detection',
      status: 'success',
      start_time: withoutZone(report.started),
      end_time: withoutZone(report.ended),
      analyzer: program,
      scanner: program,
      messages: report.skipped.map(({ path, reason }) => ({
        level: 'warn',
        value: `skipped ${path}: ${reason}`,
      })),
    },
    vulnerabilities: open.map((finding) => toVulnerability(finding, byId.get(finding.rule))),
  };
  return [`${JSON.stringify(data, null, 2)}\n`];
}

function toVulnerability(finding: Finding, rule: Rule | undefined): object {
  const { location } = finding;
  return {
    id: toUuid(finding.id),
    name: finding.title.slice(0, 255),
    description: [rule?.grants, ...finding.reasons].filter((text) => text !== undefined).join('\n'),
    severity: levels[finding.severity],
    ...(rule === undefined ? {} : { solution: `Revoke: ${rule.revoke}\nThen: agent-id map` }),
    identifiers: [{ type: 'agent_id_rule', name: `agent-id ${finding.rule}`, value: finding.rule }],
    location: {
      file: location.path,
      start_line: location.startLine,
      end_line: location.endLine,
      // What GitLab's own analyzers write where a finding belongs to no commit.
      commit: {
        sha: location.commit ?? '0000000',
        ...(location.author === undefined ? {} : { author: location.author }),
        ...(location.date === undefined ? {} : { date: location.date }),
      },
    },
    details: {
      secret: { name: 'Secret', type: 'text', value: shortSecret(finding) },
      name: { name: 'Name', type: 'text', value: finding.name ?? '' },
      kind: { name: 'Kind', type: 'text', value: finding.kind },
      confidence: { name: 'Confidence', type: 'text', value: finding.confidence },
    },
  };
}

function withoutZone(timestamp: string): string {
  return timestamp.replace('Z', '');
}

function toUuid(id: string): string {
  return id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
