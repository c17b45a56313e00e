import { join, resolve } from 'node:path';
import { baselineName, readBaseline, toBaseline, withBaseline } from '../../lib/baseline.ts';
import { toTimestamp } from '../../lib/clock.ts';
import { writeWhole } from '../../lib/files.ts';
import type { Io } from '../../lib/io.ts';
import { withProgress } from '../../lib/progress.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Confidence, Finding, Severity } from '../../model/finding.ts';
import { openTexts } from '../../sources/memory.ts';
import { openStaged } from '../../sources/staged.ts';
import { openTree, toRelative } from '../../sources/tree.ts';
import type { TextSource } from '../../sources/types.ts';
import type { Skipped } from '../../model/place.ts';
import { scanSource } from '../../survey/scan-tree.ts';
import { renderScanJson } from '../../output/scan-json.ts';
import { renderSarif } from '../../output/scan-sarif.ts';
import { renderScan, type Report } from '../../output/scan-text.ts';
import { openEyes, type Eyes, type GlobalOptions } from './survey.ts';

export interface ScanFlags extends GlobalOptions {
  readonly staged?: boolean;
  readonly stdin?: boolean;
  readonly stdinName?: string;
  readonly format: Format;
  readonly output?: readonly string[];
  readonly failOn: 'literal' | 'any' | 'never';
  readonly minConfidence: Confidence;
  readonly severity: Severity;
  readonly rule?: readonly string[];
  readonly skipRule?: readonly string[];
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly baseline?: string | boolean;
  readonly writeBaseline?: boolean;
  readonly reason?: string;
  readonly expires?: string;
  readonly maxFileSize: string;
  readonly failOnSkipped?: boolean;
  readonly exitZero?: boolean;
  readonly stats?: boolean;
  readonly quiet?: boolean;
}

type Format = 'text' | 'json' | 'sarif';

const confidences: readonly Confidence[] = ['low', 'medium', 'high'];
const severities: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical'];

/** Scans, prints, writes, and sets the exit code. */
export async function runScan(paths: readonly string[], flags: ScanFlags, io: Io): Promise<void> {
  const targets = paths.length === 0 ? ['.'] : paths;
  const root = rootOf(targets, io);
  const eyes = await openEyes(root, flags, io);
  const report = await withProgress(io, 'scanning', () => lookAt(targets, eyes, flags, io));
  const settled = await settle(report, eyes, flags, io);
  await print(settled, eyes, flags, io);
  io.exitCode = exitCode(settled, flags);
  if (flags.stats === true) io.stderr(`${JSON.stringify(settled.stats)}\n`);
}

function rootOf([only, ...more]: readonly string[], io: Io): string {
  return only === undefined || more.length > 0 ? io.cwd : resolve(io.cwd, only);
}

async function lookAt(targets: readonly string[], eyes: Eyes, flags: ScanFlags, io: Io): Promise<Report> {
  const findings: Finding[] = [];
  const skipped: Skipped[] = [];
  const stats = { files: 0, bytes: 0, blobs: 0, commits: 0 };
  for (const source of await openSources(targets, eyes, flags, io)) {
    const result = await scanSource(source, eyes);
    const below = source.root === null ? '' : toRelative(eyes.root, source.root);
    const prefix = below === '' || flags.staged === true ? '' : `${below}/`;
    findings.push(...result.findings.map((finding) => withPrefix(finding, prefix)));
    skipped.push(...result.skipped.map(({ path, reason }) => ({ path: `${prefix}${path}`, reason })));
    stats.files += result.stats.files;
    stats.bytes += result.stats.bytes;
  }
  const wanted = findings.filter((finding) => isWanted(finding, flags));
  return { root: eyes.root, findings: wanted, skipped, stats, unkeyed: eyes.unkeyed };
}

function withPrefix(finding: Finding, prefix: string): Finding {
  const { location } = finding;
  return prefix === ''
    ? finding
    : { ...finding, location: { ...location, path: `${prefix}${location.path}` } };
}

async function openSources(
  targets: readonly string[],
  eyes: Eyes,
  flags: ScanFlags,
  io: Io,
): Promise<readonly TextSource[]> {
  const maxBytes = Number(flags.maxFileSize);
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1)
    throw new AgentIdError('usage', '--max-file-size takes a number of bytes', { where: flags.maxFileSize });
  if (flags.stdin === true)
    return [openTexts(new Map([[flags.stdinName ?? 'stdin', await io.stdin()]]), 'stdin')];
  if (flags.staged === true) return [await openStaged(io.cwd, maxBytes)];
  const include = [...eyes.config.include, ...(flags.include ?? [])];
  const exclude = [...eyes.config.exclude, ...(flags.exclude ?? [])];
  return Promise.all(targets.map((path) => openTree(resolve(io.cwd, path), { maxBytes, include, exclude })));
}

function isWanted(finding: Finding, flags: ScanFlags): boolean {
  if (flags.rule !== undefined && !flags.rule.includes(finding.rule)) return false;
  if (flags.skipRule?.includes(finding.rule) === true) return false;
  const certain = confidences.indexOf(finding.confidence) >= confidences.indexOf(flags.minConfidence);
  return (
    certain &&
    (finding.kind === 'use' || severities.indexOf(finding.severity) >= severities.indexOf(flags.severity))
  );
}

async function settle(report: Report, eyes: Eyes, flags: ScanFlags, io: Io): Promise<Report> {
  if (flags.baseline === false) return report;
  const file =
    typeof flags.baseline === 'string' ? resolve(io.cwd, flags.baseline) : join(eyes.root, baselineName);
  const today = toTimestamp(io.clock()).slice(0, 10);
  const before = await readBaseline(file);
  const findings = withBaseline(report.findings, before, today);
  if (flags.writeBaseline !== true) return { ...report, findings };
  const { reason, expires } = flags;
  if (reason === undefined || reason.trim() === '')
    throw new AgentIdError('usage', '--write-baseline needs --reason', { hint: 'Say why these may stay.' });
  if (expires !== undefined && !/^\d{4}-\d\d-\d\d$/.test(expires))
    throw new AgentIdError('usage', '--expires takes YYYY-MM-DD', { where: expires });
  const next = toBaseline(findings, before, { reason, ...(expires === undefined ? {} : { expires }) });
  await writeWhole(file, `${JSON.stringify(next, null, 2)}\n`, 0o644);
  return { ...report, findings: withBaseline(report.findings, next, today) };
}

async function print(report: Report, eyes: Eyes, flags: ScanFlags, io: Io): Promise<void> {
  const outputs = flags.output ?? [];
  for (const output of outputs) {
    const [, format = flags.format, file = output] = /^(text|json|sarif)=(.+)$/s.exec(output) ?? [];
    await writeWhole(resolve(io.cwd, file), render(report, format as Format, { eyes, color: false }), 0o644);
  }
  if (outputs.every((output) => /^(text|json|sarif)=/.test(output)))
    io.stdout(render(report, flags.format, { eyes, color: io.color }));
}

interface Look {
  readonly eyes: Eyes;
  readonly color: boolean;
}

function render(report: Report, format: Format, { eyes, color }: Look): string {
  if (format === 'json') return renderScanJson(report);
  return format === 'sarif' ? renderSarif(report, eyes.ruleList) : renderScan(report, color);
}

function exitCode(report: Report, flags: ScanFlags): number {
  if (flags.failOnSkipped === true && report.skipped.length > 0) return 2;
  if (flags.exitZero === true || flags.failOn === 'never') return 0;
  const open = report.findings.filter((finding) => finding.state === 'new');
  return open.some((finding) => finding.kind === 'literal' || flags.failOn === 'any') ? 1 : 0;
}
