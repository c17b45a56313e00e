import type { Finding } from '../model/finding.ts';
import type { Rule } from '../model/rule.ts';
import type { Report } from './scan-text.ts';
import { version } from './version.ts';

const levels = { critical: 'error', high: 'error', medium: 'warning', low: 'note', info: 'note' } as const;
const scores = { critical: '9.5', high: '8.0', medium: '5.5', low: '3.0', info: '0.5' } as const;

/** Renders a report as SARIF 2.1.0, with our ids as partial fingerprints so that a moved finding stays the same alert. */
export function renderSarif(report: Report, rules: readonly Rule[]): string {
  const used = rules.filter((rule) => report.findings.some((finding) => finding.rule === rule.id));
  const run = {
    tool: {
      driver: {
        name: 'agent-id',
        version,
        semanticVersion: version,
        rules: used.map(toDescriptor),
      },
    },
    columnKind: 'utf16CodeUnits',
    results: report.findings.map((finding) => toResult(finding, used)),
    invocations: [
      { executionSuccessful: true, toolExecutionNotifications: report.skipped.map(toNotification) },
    ],
  };
  return `${JSON.stringify({ $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] }, null, 2)}\n`;
}

function toDescriptor(rule: Rule): object {
  return {
    id: rule.id,
    name: rule.id,
    shortDescription: { text: rule.title },
    fullDescription: { text: rule.grants },
    help: {
      text: `${rule.grants}\nRevoke: ${rule.revoke}`,
      markdown: `${rule.grants}\n\n**Revoke:** ${rule.revoke}`,
    },
    defaultConfiguration: { level: levels[rule.severity] },
    properties: {
      'security-severity': scores[rule.severity],
      precision: rule.confidence === 'high' ? 'high' : 'medium',
      tags: ['security', 'secret'],
    },
  };
}

function toResult(finding: Finding, used: readonly Rule[]): object {
  const { location } = finding;
  const text =
    finding.kind === 'use'
      ? `${finding.name ?? 'A secret'} is read here: a long-lived secret (${finding.title}).`
      : `${finding.title} in ${finding.name ?? 'this place'} (secret:${finding.secret.slice(0, 6)}).`;
  return {
    ruleId: finding.rule,
    ruleIndex: used.findIndex((rule) => rule.id === finding.rule),
    level: levels[finding.severity],
    message: { text },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: encodeURI(location.path), uriBaseId: '%SRCROOT%' },
          region: {
            startLine: location.startLine,
            startColumn: location.startColumn,
            endLine: location.endLine,
            endColumn: location.endColumn,
          },
        },
        ...(location.slot === undefined ? {} : { logicalLocations: [{ fullyQualifiedName: location.slot }] }),
      },
    ],
    partialFingerprints: { 'agentId/v1': finding.id },
    properties: { kind: finding.kind, confidence: finding.confidence, secret: finding.secret },
    ...(finding.state === 'new'
      ? {}
      : {
          suppressions: [
            {
              kind: finding.state === 'ignored' ? 'inSource' : 'external',
              justification: finding.reason ?? '',
            },
          ],
        }),
  };
}

function toNotification(skipped: { readonly path: string; readonly reason: string }): object {
  return { level: 'note', message: { text: `skipped ${skipped.path}: ${skipped.reason}` } };
}
