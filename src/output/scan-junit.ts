import type { Finding } from '../model/finding.ts';
import type { Skipped } from '../model/place.ts';
import { shortSecret, type ReportView } from './report.ts';
import { escapeXml } from './xml.ts';

/**
 * Renders a report as JUnit XML: a finding that makes the run fail is a failure, an accepted one and a file that was
 * not looked at are skipped, every other finding passes and says so.
 *
 * @yields lines
 */
export function* renderJunit({ report, fails }: ReportView): Generator<string> {
  const { findings, skipped, started } = report;
  const failures = findings.filter(fails).length;
  const passed = findings.length + skipped.length === 0;
  const numbers = `tests="${passed ? 1 : findings.length + skipped.length}" failures="${failures}" errors="0" skipped="${skipped.length + findings.filter(({ state }) => state !== 'new').length}"`;
  yield '<?xml version="1.0" encoding="UTF-8"?>\n';
  yield `<testsuites name="agent-id" ${numbers}>\n`;
  yield `  <testsuite name="agent-id scan" ${numbers} timestamp="${started.replace('Z', '')}" time="0">\n`;
  for (const finding of findings) yield renderCase(finding, fails(finding));
  for (const one of skipped) yield renderSkipped(one);
  if (passed) yield '    <testcase classname="agent-id" name="no long-lived secret found" time="0"/>\n';
  yield '  </testsuite>\n</testsuites>\n';
}

function renderCase(finding: Finding, failed: boolean): string {
  const { path, startLine, startColumn } = finding.location;
  const place = `${path}:${startLine}:${startColumn}`;
  const name = finding.name === null ? '' : ` ${finding.name}`;
  const head = `    <testcase classname="${escapeXml(`agent-id.${finding.rule}`)}" name="${escapeXml(`${finding.title}${name} at ${place}`)}" file="${escapeXml(path)}" line="${startLine}" time="0">`;
  return `${head}${renderOutcome(finding, failed, place)}</testcase>\n`;
}

function renderOutcome(finding: Finding, failed: boolean, place: string): string {
  if (finding.state !== 'new')
    return `<skipped message="${escapeXml(`${finding.state}: ${finding.reason ?? ''}`)}"/>`;
  const what = `${place}\n${shortSecret(finding)} ${finding.severity}, confidence ${finding.confidence}: ${finding.reasons.join('; ')}`;
  const lines = what.split('\n').map(escapeXml).join('\n');
  if (!failed) return `<system-out>${lines}</system-out>`;
  return `<failure type="${escapeXml(finding.rule)}" message="${escapeXml(`${finding.title} (${shortSecret(finding)})`)}">${lines}</failure>`;
}

function renderSkipped({ path, reason }: Skipped): string {
  return `    <testcase classname="agent-id.skipped" name="${escapeXml(path)}" time="0"><skipped message="${escapeXml(`not looked at: ${reason}`)}"/></testcase>\n`;
}
