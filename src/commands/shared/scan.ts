import { resolve } from 'node:path';
import { toTimestamp } from '../../lib/clock.ts';
import { configName, newConfigText, newSalt } from '../../lib/config.ts';
import { readTextIfThere, writeWhole } from '../../lib/files.ts';
import { createFingerprint, createPathMask } from '../../detect/index.ts';
import { keepHeapSmall } from '../../lib/heap.ts';
import type { Io } from '../../lib/io.ts';
import { withProgress } from '../../lib/progress.ts';
import type { Finding } from '../../model/finding.ts';
import type { Stored } from '../../model/stored.ts';
import type { Report } from '../../output/report.ts';
import { scanFormats } from '../../output/scan-formats.ts';
import { createValues, type Values } from '../../survey/live/values.ts';
import { scanSource, type ScanResult } from '../../survey/scan-tree.ts';
import { assertWhy } from './baseline-entry.ts';
import { settle } from './scan-baseline.ts';
import { openClean } from './scan-clean.ts';
import { assertOneSource, assertRules, isFailure, isWanted, type ScanFlags } from './scan-flags.ts';
import { listMachineFiles } from './scan-machine.ts';
import { toOutputs } from './outputs.ts';
import { writeReports } from './scan-output.ts';
import type { Policy } from './scan-policy.ts';
import type { LiveView } from './scan-live.ts';
import { repositoryOf } from './scan-repository.ts';
import { openScanSource, rootOf } from './scan-sources.ts';
import { openEyes, type Eyes } from './survey.ts';

/** Scans, prints, writes, and sets the exit code. */
export async function runScan(paths: readonly string[], flags: ScanFlags, io: Io): Promise<void> {
  if (flags.history !== true) keepHeapSmall();
  const targets = paths.length === 0 ? ['.'] : paths;
  assertOneSource(paths, flags);
  const outputs = toOutputs(flags.format, flags.output ?? [], scanFormats);
  if (flags.machine === true && flags.list === true) return listMachineFiles(io);
  const root = await rootOf(targets, flags, io);
  const found = await openEyes(root, flags, io);
  assertRules(flags, found);
  assertWhy(flags, io);
  if (flags.live === true || flags.liveHost !== undefined)
    (await import('./scan-live.ts')).toLiveHosts(flags, found);
  const eyes = await keyed(found, flags, io);
  const report = await withProgress(io, 'scanning', (say) => lookAt(targets, eyes, flags, { io, say }));
  const fails = (finding: Finding): boolean => isFailure(finding, flags);
  const isElsewhere = flags.machine === true || flags.github !== undefined;
  await writeReports(report, { outputs, fails, isElsewhere }, eyes, io);
  io.exitCode = exitCode(report, flags);
  if (flags.stats === true) io.stderr(`${JSON.stringify(report.stats)}\n`);
}

/** The first baseline brings a salt with it, so that what is committed holds this repository's own fingerprints. */
async function keyed(eyes: Eyes, flags: ScanFlags, io: Io): Promise<Eyes> {
  if (flags.writeBaseline !== true || !eyes.unkeyed || flags.config === false) return eyes;
  const file =
    typeof flags.config === 'string' ? resolve(io.cwd, flags.config) : resolve(eyes.top, configName);
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

interface Watch {
  readonly io: Io;
  /** Tells a person who waits what is being done. */
  readonly say: (text: string) => void;
}

async function lookAt(
  targets: readonly string[],
  now: Eyes,
  flags: ScanFlags,
  { io, say }: Watch,
): Promise<Report> {
  const started = toTimestamp(io.clock());
  const policy = await policyOf(now, flags, io);
  const values = flags.live === true ? createValues() : undefined;
  const eyes = { ...(policy?.eyes ?? now), ...(values === undefined ? {} : { keep: values.keep }) };
  const looked = await lookThrough(targets, eyes, flags, { io, say });
  const { findings, skipped, stats, seen, stored } = looked;
  const accepted = policy?.baseline ?? null;
  const judged = policy === null ? findings : await policy.judge(findings);
  const settled = await settle({ findings: judged, seen, accepted }, eyes, flags, io);
  const wanted = settled.filter((finding) => isWanted(finding, flags));
  return {
    root: looked.root ?? eyes.root,
    findings: values === undefined ? wanted : await askProviders(wanted, values, { eyes, flags, io, say }),
    skipped,
    stats: { blobs: 0, commits: 0, ...stats },
    ...(stored === undefined ? {} : { stored }),
    unkeyed: eyes.unkeyed,
    started,
    ended: toTimestamp(io.clock()),
  };
}

async function askProviders(
  findings: readonly Finding[],
  values: Values,
  view: LiveView,
): Promise<readonly Finding[]> {
  const { withLive } = await import('./scan-live.ts');
  return withLive(findings, values, view);
}

/** With a commit to compare with, what counts is what counted there. */
async function policyOf(eyes: Eyes, flags: ScanFlags, io: Io): Promise<Policy | null> {
  if (flags.since === undefined) return null;
  const { openPolicy } = await import('./scan-policy.ts');
  return openPolicy(flags.since, eyes, flags, io);
}

type Looked = ScanResult & {
  readonly seen: ReadonlySet<string>;
  /** What the paths are relative to, where that is no folder. */
  readonly root?: string;
  readonly stored?: readonly Stored[];
};

async function lookThrough(
  targets: readonly string[],
  eyes: Eyes,
  flags: ScanFlags,
  { io, say }: Watch,
): Promise<Looked> {
  if (flags.github !== undefined) {
    const { scanGithubOf } = await import('./scan-github.ts');
    const result = masked(await scanGithubOf(flags.github, eyes, flags, { io, say }), eyes);
    return { ...result, seen: new Set(result.findings.map(({ location }) => location.path)) };
  }
  if (flags.history === true) {
    const { scanHistoryOf } = await import('./scan-history.ts');
    const result = masked(await scanHistoryOf(repositoryOf(targets, io), eyes, flags, say), eyes);
    return { ...result, seen: new Set(result.findings.map(({ location }) => location.path)) };
  }
  const source = await openScanSource(targets, eyes, flags, io);
  const clean = await openClean(source, eyes, flags, io);
  const result = await scanSource(source, clean === undefined ? eyes : { ...eyes, clean });
  const unread = new Set(result.skipped.map(({ path }) => path));
  const seen = new Set(result.paths.filter((path) => !unread.has(path)));
  if (flags.since === undefined) return { ...masked(result, eyes), seen };
  const { withBrought } = await import('./scan-history.ts');
  return { ...masked(await withBrought(result, flags.since, eyes, flags), eyes), seen };
}

/** A path that holds a secret is shown without it. */
function masked<T extends ScanResult>(result: T, { rules, key }: Eyes): T {
  const mask = createPathMask(rules, createFingerprint(key));
  return {
    ...result,
    findings: result.findings.map((finding) => ({
      ...finding,
      location: { ...finding.location, path: mask(finding.location.path) },
    })),
    skipped: result.skipped.map(({ path, reason }) => ({ path: mask(path), reason })),
  };
}

function exitCode({ findings, skipped }: Report, flags: ScanFlags): number {
  if (flags.failOnSkipped === true && skipped.length > 0) return 2;
  return flags.exitZero !== true && findings.some((finding) => isFailure(finding, flags)) ? 1 : 0;
}
