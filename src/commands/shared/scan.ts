import { dirname, resolve } from 'node:path';
import { configName, newConfigText, newSalt } from '../../lib/config.ts';
import { readTextIfThere, writeWhole } from '../../lib/files.ts';
import type { Io } from '../../lib/io.ts';
import { withProgress } from '../../lib/progress.ts';
import { kindOf, realPath } from '../../lib/walk.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Confidence, Finding, Severity } from '../../model/finding.ts';
import { joinSources } from '../../sources/joined.ts';
import { openTexts } from '../../sources/memory.ts';
import { openStaged, stagedRoot } from '../../sources/staged.ts';
import { openTree, toRelative } from '../../sources/tree.ts';
import type { TextSource } from '../../sources/types.ts';
import { scanSource } from '../../survey/scan-tree.ts';
import { renderScanJson } from '../../output/scan-json.ts';
import { renderSarif } from '../../output/scan-sarif.ts';
import { renderScan, type Report } from '../../output/scan-text.ts';
import { settle } from './scan-baseline.ts';
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
  const root = await rootOf(targets, flags, io);
  const eyes = await keyed(await openEyes(root, flags, io), flags, io);
  assertRules(flags, eyes);
  const report = await withProgress(io, 'scanning', () => lookAt(targets, eyes, flags, io));
  await print(report, eyes, flags, io);
  io.exitCode = exitCode(report, flags);
  if (flags.stats === true) io.stderr(`${JSON.stringify(report.stats)}\n`);
}

/** The folder that paths are relative to: the one that was named, else the one that the command runs in. */
async function rootOf(targets: readonly string[], flags: ScanFlags, io: Io): Promise<string> {
  if (flags.staged === true) return stagedRoot(io.cwd);
  const cwd = await realPath(io.cwd);
  const [only = '.', ...more] = targets;
  if (flags.stdin === true || more.length > 0) return cwd;
  const path = await realPath(resolve(cwd, only));
  if ((await kindOf(path)) !== 'file') return path;
  return toRelative(cwd, path).startsWith('..') ? dirname(path) : cwd;
}

/** The first baseline brings a salt with it, so that what is committed holds this repository's own fingerprints. */
async function keyed(eyes: Eyes, flags: ScanFlags, io: Io): Promise<Eyes> {
  if (flags.writeBaseline !== true || !eyes.unkeyed || flags.config === false) return eyes;
  const file =
    typeof flags.config === 'string' ? resolve(io.cwd, flags.config) : resolve(eyes.root, configName);
  const before = await readTextIfThere(file);
  const salt = newSalt();
  if (before !== undefined && /^fingerprint:/m.test(before)) return eyes;
  await writeWhole(
    file,
    before === undefined ? newConfigText(salt) : `${before}\nfingerprint:\n  salt: ${salt}\n`,
    0o644,
  );
  io.stderr(`Written: ${configName}, with a salt. Commit it together with the baseline.\n`);
  return { ...eyes, key: salt, unkeyed: false };
}

function assertRules(flags: ScanFlags, eyes: Eyes): void {
  const unknown = [...(flags.rule ?? []), ...(flags.skipRule ?? [])].find(
    (id) => eyes.rules.byId(id) === undefined,
  );
  if (unknown !== undefined) {
    throw new AgentIdError('unknown-name', 'there is no such rule', {
      where: unknown,
      hint: 'agent-id scan --format sarif lists those that fired; rules/secrets holds all.',
    });
  }
}

async function lookAt(targets: readonly string[], eyes: Eyes, flags: ScanFlags, io: Io): Promise<Report> {
  const source = joinSources(eyes.root, await openSources(targets, eyes, flags, io));
  const { findings, skipped, stats } = await scanSource(source, eyes);
  const unread = new Set(skipped.map(({ path }) => path));
  const seen = new Set(source.paths.filter((path) => !unread.has(path)));
  const settled = await settle({ findings, seen }, eyes, flags, io);
  return {
    root: eyes.root,
    findings: settled.filter((finding) => isWanted(finding, flags)),
    skipped,
    stats: { ...stats, blobs: 0, commits: 0 },
    unkeyed: eyes.unkeyed,
  };
}

async function openSources(
  targets: readonly string[],
  eyes: Eyes,
  flags: ScanFlags,
  io: Io,
): Promise<readonly TextSource[]> {
  const maxBytes = toBytes(flags.maxFileSize);
  if (flags.stdin === true)
    return [openTexts(new Map([[flags.stdinName ?? 'stdin', await io.stdin()]]), 'stdin')];
  if (flags.staged === true) return [await openStaged(io.cwd, maxBytes)];
  const include = [...eyes.config.include, ...(flags.include ?? [])];
  const exclude = [...eyes.config.exclude, ...(flags.exclude ?? [])];
  return Promise.all(targets.map((path) => openTree(resolve(io.cwd, path), { maxBytes, include, exclude })));
}

function toBytes(size: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,12})\s?([kKmMgG]?)[bB]?$/.exec(size) ?? [];
  const bytes = Number(digits) * ({ k: 1e3, m: 1e6, g: 1e9 }[unit.toLowerCase()] ?? 1);
  if (digits === '' || bytes < 1)
    throw new AgentIdError('usage', '--max-file-size takes a size such as 500kB or 10MB', { where: size });
  return bytes;
}

function isWanted(finding: Finding, flags: ScanFlags): boolean {
  if (flags.rule !== undefined && !flags.rule.includes(finding.rule)) return false;
  if (flags.skipRule?.includes(finding.rule) === true) return false;
  return (
    confidences.indexOf(finding.confidence) >= confidences.indexOf(flags.minConfidence) &&
    severities.indexOf(finding.severity) >= severities.indexOf(flags.severity)
  );
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
  return open.some(
    (finding) => finding.kind === 'literal' || (flags.failOn === 'any' && finding.lifetime !== 'short-lived'),
  )
    ? 1
    : 0;
}
