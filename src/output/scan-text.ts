import { Chalk, type ChalkInstance } from 'chalk';
import type { Finding } from '../model/finding.ts';
import type { Skipped } from '../model/place.ts';
import { printable } from './error.ts';

const colors = { critical: 'red', high: 'red', medium: 'yellow', low: 'blue', info: 'dim' } as const;

export interface Report {
  readonly root: string;
  readonly findings: readonly Finding[];
  readonly skipped: readonly Skipped[];
  readonly stats: Readonly<Record<string, number>>;
  /** The fingerprint key was the fixed constant: anybody can make the same fingerprints. */
  readonly unkeyed: boolean;
}

/** Renders findings for a person: grouped by secret, each place clickable, with what to do next. */
export function renderScan(report: Report, color: boolean): string {
  const paint = new Chalk({ level: color ? 1 : 0 });
  const open = report.findings.filter((finding) => finding.state === 'new');
  const literals = open.filter((finding) => finding.kind === 'literal');
  const blocks = groups(literals).map((group) => renderGroup(group, paint));
  const uses = groups(open.filter((finding) => finding.kind === 'use'));
  if (uses.length > 0) blocks.push(['Read by name (no value here)', ...uses.map(renderUse)].join('\n'));
  return `${[...blocks, summary(report, literals, open.length - literals.length)].join('\n\n')}\n`;
}

function groups(findings: readonly Finding[]): readonly (readonly [Finding, ...Finding[]])[] {
  const bySecret = new Map<string, [Finding, ...Finding[]]>();
  for (const finding of findings) {
    const key = finding.kind === 'use' ? `use ${finding.name}` : finding.secret;
    const group = bySecret.get(key);
    if (group === undefined) bySecret.set(key, [finding]);
    else group.push(finding);
  }
  return [...bySecret.values()];
}

function renderGroup(group: readonly [Finding, ...Finding[]], paint: ChalkInstance): string {
  const [first] = group;
  const count = group.length === 1 ? '1 place' : `${group.length} places`;
  return [
    `${paint[colors[first.severity]](first.severity)}  ${paint.bold(first.title)}  secret:${first.secret.slice(0, 6)}  ${first.rule}  ${count}`,
    ...group.map((finding) => {
      const { path, startLine, startColumn } = finding.location;
      const name = finding.name === null ? '' : `  ${printable(finding.name)}`;
      return `  ${printable(path)}:${startLine}:${startColumn}${name}  ${finding.confidence}: ${printable(finding.reasons.join('; '))}`;
    }),
  ].join('\n');
}

function renderUse(group: readonly [Finding, ...Finding[]]): string {
  const places = group.map(({ location }) => `${printable(location.path)}:${location.startLine}`);
  return `  ${printable(group[0].name ?? '')}  ${places.join('  ')}`;
}

function summary(report: Report, literals: readonly Finding[], uses: number): string {
  const settled = report.findings.length - literals.length - uses;
  const secrets = new Set(literals.map((finding) => finding.secret)).size;
  const lines = [
    `${secrets} secret${secrets === 1 ? '' : 's'} in ${literals.length} place${literals.length === 1 ? '' : 's'}, ${uses} use${uses === 1 ? '' : 's'} by name, ${report.stats['files'] ?? 0} files looked at` +
      (report.skipped.length === 0 ? '' : `, ${report.skipped.length} skipped`) +
      (settled === 0 ? '' : `, ${settled} accepted (baseline or inline)`),
  ];
  if (literals.length + uses > 0) lines.push('Next: agent-id map shows what consumes each one.');
  if (report.unkeyed && literals.length > 0)
    lines.push('Fingerprints have no key of their own here: agent-id init makes one.');
  return lines.join('\n');
}
