import type { Finding } from '../model/finding.ts';
import { printable } from './error.ts';
import {
  count,
  countLookedAt,
  groupBySecret,
  shortSecret,
  totalsOf,
  type ReportView,
  type SecretGroup,
} from './report.ts';

/** A job summary of GitHub ends at 1 MiB; what would not fit is counted instead. */
const MOST_ROWS = 500;
const MOST_BYTES = 280_000;
const MOST_PLACES = 10;

/** Renders a report for a job summary or a comment: GitHub's and GitLab's Markdown. */
export function renderMarkdown({ report, fails }: ReportView): readonly string[] {
  const open = report.findings.filter(({ state }) => state === 'new');
  const { secrets, literals, uses, accepted } = totalsOf(report);
  const verdict = report.findings.some(fails)
    ? `### ❌ agent-id: ${count(secrets, 'secret')} in ${count(literals, 'place')}`
    : '### ✅ agent-id: nothing that fails this check';
  return [
    `${verdict}\n\n${countLookedAt(report.stats)} looked at, ${count(uses, 'use')} by name, ${accepted} accepted, ${report.skipped.length} skipped.\n`,
    ...policyPart(open.filter(({ kind }) => kind === 'policy')),
    ...secretsPart(groupBySecret(open.filter(({ kind }) => kind === 'literal'))),
    ...usesPart(groupBySecret(open.filter(({ kind }) => kind === 'use'))),
    ...skippedPart(report.skipped),
  ];
}

function policyPart(changes: readonly Finding[]): readonly string[] {
  if (changes.length === 0) return [];
  return [
    '\n#### ⚠️ This change alters what the scan accepts\n\nIt counts only once it is merged. Look at each before you approve:\n\n',
    ...fitting(changes, (change) => `- ${place(change)}: ${plain(change.reasons.join('; '))}\n`),
  ];
}

function secretsPart(groups: readonly SecretGroup[]): readonly string[] {
  if (groups.length === 0) return [];
  const rows = fitting(groups, (group) => {
    const [first] = group;
    return `| ${first.severity} | ${plain(first.title)}<br>${code(shortSecret(first))} | ${places(group)} | ${first.confidence}: ${plain(first.reasons.join('; '))} |\n`;
  });
  return [
    '\n| Severity | Secret | Places | Why |\n| --- | --- | --- | --- |\n',
    ...rows,
    '\nNext: revoke what was pushed anywhere, then `agent-id map` shows what consumes each one and `agent-id migrate` moves it off.\n',
  ];
}

function usesPart(groups: readonly SecretGroup[]): readonly string[] {
  if (groups.length === 0) return [];
  const rows = fitting(groups, (group) => `| ${code(group[0].name ?? '')} | ${places(group)} |\n`);
  return [
    '\n<details><summary>Long-lived secrets that are read by name</summary>\n\n| Name | Places |\n| --- | --- |\n',
    ...rows,
    '\n</details>\n',
  ];
}

function skippedPart(
  skipped: readonly { readonly path: string; readonly reason: string }[],
): readonly string[] {
  if (skipped.length === 0) return [];
  const rows = fitting(skipped, ({ path, reason }) => `- ${code(path)}: ${plain(reason)}\n`);
  return [
    `\n<details><summary>${count(skipped.length, 'file')} not looked at</summary>\n\n`,
    ...rows,
    '\n</details>\n',
  ];
}

function places(group: SecretGroup): string {
  const more = group.length - MOST_PLACES;
  return [...group.slice(0, MOST_PLACES).map(place), ...(more > 0 ? [`and ${more} more`] : [])].join('<br>');
}

function place({ name, location, kind }: Finding): string {
  const at = code(`${location.path}:${location.startLine}`);
  const commit = location.commit === undefined ? '' : ` in ${code(location.commit.slice(0, 9))}`;
  return kind === 'literal' && name !== null ? `${at} ${code(name)}${commit}` : `${at}${commit}`;
}

/** Renders as much as has room, and counts the rest. */
function fitting<T>(items: readonly T[], render: (item: T) => string): readonly string[] {
  const rows: string[] = [];
  let bytes = 0;
  for (const item of items.slice(0, MOST_ROWS)) {
    const row = render(item);
    bytes += Buffer.byteLength(row);
    if (bytes > MOST_BYTES) break;
    rows.push(row);
  }
  const left = items.length - rows.length;
  return left === 0 ? rows : [...rows, `\nand ${left} more; the full report has them.\n`];
}

/** An element, not backticks: those cannot hold every name, and a mention in it calls nobody. */
function code(text: string): string {
  return `<code>${plain(text)}</code>`;
}

/** Writes every character that could mean something in Markdown or HTML as a number. */
function plain(text: string): string {
  return printable(text).replace(
    /[^\p{L}\p{N} ,;()/.-]/gu,
    (character) => `&#${character.codePointAt(0) ?? 0};`,
  );
}
