import type { Finding } from '../model/finding.ts';
import type { Rule } from '../model/rule.ts';
import { printable } from './error.ts';
import { shortSecret, type ReportView } from './report.ts';
import { toFix } from './sarif-fix.ts';
import { toUri } from './uri.ts';
import { version } from './version.ts';

const levels = { critical: 'error', high: 'error', medium: 'warning', low: 'note', info: 'note' } as const;
const severities = ['critical', 'high', 'medium', 'low', 'info'];
const scores = { critical: '9.5', high: '8.0', medium: '5.5', low: '3.0', info: '0.5' } as const;

/** More results in one run make GitHub refuse the whole upload. */
const MOST_RESULTS = 25_000;

/** Ways from a secret to its uses that one result shows. */
const MOST_FLOWS = 20;

/**
 * Renders a report as SARIF 2.1.0. Our ids are the fingerprints, so that a moved finding stays the same alert; code
 * flows lead from a value to the places that read it by name.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function renderSarif({ report, rules }: ReportView): readonly string[] {
  const fired = new Set(report.findings.map(({ rule }) => rule));
  const used = rules.filter(({ id }) => fired.has(id));
  const context: Context = {
    index: new Map(used.map(({ id }, at) => [id, at])),
    uses: usesByName(report.findings),
  };
  const told = gravest(report.findings);
  const left = report.findings.length - told.length;
  const run = {
    tool: {
      driver: { name: 'agent-id', version, semanticVersion: version, rules: used.map(toDescriptor) },
    },
    automationDetails: { id: 'agent-id/' },
    originalUriBaseIds: { '%SRCROOT%': { description: { text: 'The folder that was scanned.' } } },
    columnKind: 'utf16CodeUnits',
    invocations: [
      {
        executionSuccessful: true,
        startTimeUtc: report.started,
        endTimeUtc: report.ended,
        toolExecutionNotifications: [
          ...(left === 0 ? [] : [toOmission(left)]),
          ...report.skipped.map(toNotification),
        ],
      },
    ],
    results: told.map((finding) => toResult(finding, context)),
  };
  return [
    `${JSON.stringify({ $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] }, null, 2)}\n`,
  ];
}

/** Leaves out what is accepted and what is least grave, where there is too much. */
function gravest(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length <= MOST_RESULTS) return findings;
  const rank = ({ state, severity }: Finding): number =>
    (state === 'new' ? 0 : severities.length) + severities.indexOf(severity);
  return findings.toSorted((a, b) => rank(a) - rank(b)).slice(0, MOST_RESULTS);
}

function toOmission(left: number): object {
  const text = `${left} results are left out, which are accepted or less grave: GitHub takes ${MOST_RESULTS}. The other formats hold all.`;
  return { level: 'warning', message: { text } };
}

interface Context {
  readonly index: ReadonlyMap<string, number>;
  readonly uses: ReadonlyMap<string, readonly Finding[]>;
}

function usesByName(findings: readonly Finding[]): Context['uses'] {
  const uses = new Map<string, Finding[]>();
  for (const finding of findings) {
    if (finding.kind !== 'use' || finding.name === null) continue;
    const known = uses.get(finding.name);
    if (known === undefined) uses.set(finding.name, [finding]);
    else known.push(finding);
  }
  return uses;
}

function toDescriptor(rule: Rule): object {
  return {
    id: rule.id,
    name: toPascalCase(rule.id),
    shortDescription: { text: rule.title },
    fullDescription: { text: rule.grants },
    ...(rule.docs === undefined ? {} : { helpUri: rule.docs }),
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

function toResult(finding: Finding, { index, uses }: Context): object {
  const at = index.get(finding.rule);
  const reached = finding.kind === 'literal' && finding.name !== null ? uses.get(finding.name) : undefined;
  const fix = finding.kind === 'literal' && finding.state === 'new' ? toFix(finding) : undefined;
  return {
    ruleId: finding.rule,
    ...(at === undefined ? {} : { ruleIndex: at }),
    level: levels[finding.severity],
    message: { text: toMessage(finding) },
    locations: [toLocation(finding)],
    ...(reached === undefined
      ? {}
      : { codeFlows: reached.slice(0, MOST_FLOWS).map((use) => toFlow(finding, use)) }),
    // The first is the one that GitHub follows an alert by.
    partialFingerprints: { primaryLocationLineHash: finding.id, 'agentId/v1': finding.id },
    properties: toProperties(finding),
    ...(fix === undefined ? {} : { fixes: [fix] }),
    ...(finding.state === 'new' ? {} : { suppressions: [toSuppression(finding)] }),
  };
}

function toMessage(finding: Finding): string {
  const name = finding.name === null ? undefined : printable(finding.name);
  if (finding.kind === 'policy')
    return `What the scan accepts was changed: ${printable(finding.reasons.join('; '))}`;
  if (finding.kind === 'use')
    return `${name ?? 'A secret'} is read here: a long-lived secret (${finding.title}).`;
  return `${finding.title} in ${name ?? 'this place'} (${shortSecret(finding)}).`;
}

function toLocation(finding: Finding): object {
  const { path, startLine, startColumn, endLine, endColumn, slot } = finding.location;
  return {
    physicalLocation: {
      artifactLocation: { uri: toUri(path), uriBaseId: '%SRCROOT%' },
      region: { startLine, startColumn, endLine, endColumn },
    },
    ...(slot === undefined ? {} : { logicalLocations: [{ fullyQualifiedName: slot }] }),
  };
}

function toFlow(literal: Finding, use: Finding): object {
  const step = (finding: Finding, text: string): object => ({
    location: { ...toLocation(finding), message: { text } },
  });
  const locations = [step(literal, 'The value lies here.'), step(use, 'It is read here.')];
  return { threadFlows: [{ locations }] };
}

function toProperties({ kind, confidence, secret, reasons, provider, lifetime, location }: Finding): object {
  const { commit, author, date } = location;
  return {
    kind,
    confidence,
    secret,
    provider,
    lifetime,
    reasons,
    ...(commit === undefined ? {} : { commit, author, date }),
  };
}

function toSuppression({ state, reason }: Finding): object {
  return { kind: state === 'ignored' ? 'inSource' : 'external', justification: reason ?? '' };
}

function toNotification({ path, reason }: { readonly path: string; readonly reason: string }): object {
  return { level: 'note', message: { text: `skipped ${printable(path)}: ${reason}` } };
}

/** The form of a rule's name that SARIF asks for, and that is not its id. */
function toPascalCase(id: string): string {
  return id.replaceAll(/(?:^|-)(\w)/g, (_part, letter: string) => letter.toUpperCase());
}
