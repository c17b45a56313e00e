import { Chalk, type ChalkInstance } from 'chalk';
import type { Finding } from '../model/finding.ts';
import type { Rule } from '../model/rule.ts';
import { printable } from './error.ts';
import { count, groupBySecret, shortSecret, type ReportView, type SecretGroup } from './report.ts';
import { renderSummary } from './summary.ts';

const colors = { critical: 'red', high: 'red', medium: 'yellow', low: 'blue', info: 'dim' } as const;

/**
 * Renders findings for a person: grouped by secret, each place clickable, with what to do next.
 *
 * @yields paragraphs, one a secret
 */
export function* renderText({ report, rules, color, prefix }: ReportView): Generator<string> {
  const paint = new Chalk({ level: color ? 1 : 0 });
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const open = report.findings.filter(({ state }) => state === 'new');
  const ofKind = (kind: Finding['kind']): readonly Finding[] => open.filter((one) => one.kind === kind);
  for (const group of groupBySecret(ofKind('literal')))
    yield `${renderGroup(group, byId.get(group[0].rule), { paint, prefix })}\n\n`;
  const uses = groupBySecret(ofKind('use'));
  if (uses.length > 0)
    yield `Read by name (no value here)\n${uses.map((group) => renderUse(group, prefix)).join('')}\n`;
  const changes = ofKind('policy');
  if (changes.length > 0)
    yield `${paint.yellow('Changed with what is scanned')} (counts only once it is merged)\n${changes.map((change) => renderChange(change, prefix)).join('')}\n`;
  yield renderSummary(report, open.length > 0);
}

interface Look {
  readonly paint: ChalkInstance;
  readonly prefix: string;
}

function renderGroup(group: SecretGroup, rule: Rule | undefined, { paint, prefix }: Look): string {
  const [first] = group;
  return [
    `${paint[colors[first.severity]](first.severity)}  ${paint.bold(first.title)}  ${shortSecret(first)}  ${first.rule}  ${count(group.length, 'place')}`,
    ...group.map((finding) => {
      const name = finding.name === null ? '' : `  ${printable(finding.name)}`;
      return `  ${place(finding, prefix)}:${finding.location.startColumn}${name}${commit(finding)}  ${finding.confidence}: ${printable(finding.reasons.join('; '))}`;
    }),
    ...(rule === undefined ? [] : [paint.dim(`  revoke: ${printable(rule.revoke)}`)]),
  ].join('\n');
}

function renderUse(group: SecretGroup, prefix: string): string {
  return `  ${printable(group[0].name ?? '')}  ${group.map((finding) => place(finding, prefix)).join('  ')}\n`;
}

function renderChange(finding: Finding, prefix: string): string {
  return `  ${place(finding, prefix)}  ${printable(finding.reasons.join('; '))}\n`;
}

function place({ location }: Finding, prefix: string): string {
  return `${printable(`${prefix}${location.path}`)}:${location.startLine}`;
}

function commit({ location }: Finding): string {
  if (location.commit === undefined) return '';
  const by = location.author === undefined ? '' : ` by ${printable(location.author)}`;
  return `  in ${printable(location.commit.slice(0, 9))}${by}`;
}
