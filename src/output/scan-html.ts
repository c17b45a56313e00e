import type { Finding } from '../model/finding.ts';
import type { Rule } from '../model/rule.ts';
import { printable } from './error.ts';
import { pageHead, toScriptData } from './page.ts';
import { shortSecret, totalsOf, type ReportView } from './report.ts';
import { version } from './version.ts';

/**
 * Renders one page that needs nothing else: no network, no other file. A policy in it lets only its own script and
 * style run, by their hashes; what a repository wrote is data in it, never markup.
 */
export async function renderHtml(view: ReportView): Promise<readonly string[]> {
  const style = await view.readPagePart('report.css');
  const script = await view.readPagePart('report.js');
  const ownerOf = await view.readOwners();
  return [
    pageHead(`Secrets in ${nameOf(view.report.root)}`, style, script),
    '<body>\n<noscript>This report needs JavaScript, which works from a local file and loads nothing.</noscript>\n',
    '<script type="application/json" id="report">',
    toData(view, ownerOf),
    `</script>\n<script>${script}</script>\n</body>\n</html>\n`,
  ];
}

/** Gives the last folder of a path: where on a machine it lies is nobody's business. */
function nameOf(root: string): string {
  return root.split(/[/\\]/).findLast((part) => part !== '') ?? root;
}

function toData({ report, rules, fails }: ReportView, ownerOf: (path: string) => string | null): string {
  const fired = new Set(report.findings.map(({ rule }) => rule));
  return toScriptData({
    name: nameOf(report.root),
    version,
    ended: report.ended,
    totals: totalsOf(report),
    stats: report.stats,
    skipped: report.skipped.map(({ path, reason }) => ({ path: printable(path), reason })),
    rules: Object.fromEntries(rules.filter(({ id }) => fired.has(id)).map((rule) => [rule.id, toRule(rule)])),
    findings: report.findings.map((finding) => ({
      ...toRow(finding),
      fails: fails(finding),
      owner: ownerOf(finding.location.path) ?? '',
    })),
  });
}

function toRule({ title, grants, revoke, provider }: Rule): object {
  return { title, grants, revoke, provider };
}

function toRow(finding: Finding): object {
  const { location, kind, name, reasons, state } = finding;
  return {
    id: finding.id,
    rule: finding.rule,
    provider: finding.provider,
    title: finding.title,
    kind,
    name: name === null ? null : printable(name),
    group: kind === 'use' ? `use ${name ?? ''}` : finding.secret,
    secret: shortSecret(finding),
    severity: finding.severity,
    confidence: finding.confidence,
    lifetime: finding.lifetime,
    reasons: printable(reasons.join('; ')),
    state,
    reason: printable(finding.reason ?? ''),
    expires: finding.expires ?? '',
    path: printable(location.path),
    line: location.startLine,
    column: location.startColumn,
    slot: printable(location.slot ?? ''),
    commit: location.commit ?? '',
    author: printable(location.author ?? ''),
    date: location.date ?? '',
  };
}
