import { dirname, join, resolve } from 'node:path';
import { createFingerprint, toBaseline, withBaseline, type BaselineView } from '../../detect/index.ts';
import { baselineName, readBaseline, renderBaseline } from '../../lib/baseline.ts';
import { toTimestamp } from '../../lib/clock.ts';
import { writeWhole } from '../../lib/files.ts';
import type { Io } from '../../lib/io.ts';
import { kindOf } from '../../lib/walk.ts';
import type { Baseline } from '../../model/baseline.ts';
import type { Finding } from '../../model/finding.ts';
import { toRelative } from '../../sources/listing.ts';
import { mergeByLine, toWhy } from './baseline-entry.ts';
import type { ScanFlags } from './scan-flags.ts';
import type { Eyes } from './survey.ts';

/** What a scan has seen, before anything of it was accepted. */
export interface Sighting {
  readonly findings: readonly Finding[];
  /** Paths of which the text was looked at. */
  readonly seen: ReadonlySet<string>;
  /** What was accepted at the commit that counts; else the baseline on disk does. */
  readonly accepted?: Baseline | null;
}

/** Marks what the baseline accepts and, where asked, accepts what is there now. */
export async function settle(
  sighting: Sighting,
  eyes: Eyes,
  flags: ScanFlags,
  io: Io,
): Promise<readonly Finding[]> {
  if (flags.baseline === false) return sighting.findings;
  const file = baselineFile(eyes, flags, io);
  const before = sighting.accepted ?? (await readBaseline(file, typeof flags.baseline === 'string'));
  const view = await toView(sighting, before, { eyes, io, folder: dirname(file) });
  const findings = withBaseline(sighting.findings, before, view);
  if (flags.writeBaseline !== true) return findings;
  const wanted = findings.filter((finding) => finding.state === 'baseline' || isAcceptable(finding, flags));
  const next = toBaseline(wanted, before, toWhy(flags, view.today), view);
  await writeWhole(file, renderBaseline(next), 0o644);
  if (typeof flags.baseline !== 'string') await mergeByLine(eyes.top, io);
  return withBaseline(findings, next, view);
}

function baselineFile(eyes: Eyes, flags: ScanFlags, io: Io): string {
  return typeof flags.baseline === 'string' ? resolve(io.cwd, flags.baseline) : join(eyes.top, baselineName);
}

/** A use is accepted only where uses make the scan fail. */
function isAcceptable(finding: Finding, flags: ScanFlags): boolean {
  const certain = flags.minConfidence === 'low' || finding.confidence !== 'low';
  return certain && (finding.kind === 'literal' || flags.failOn === 'any');
}

interface Scene {
  readonly eyes: Eyes;
  readonly io: Io;
  readonly folder: string;
}

/** A path of the baseline is settled when this scan looked at it or nothing is there any more. */
async function toView(
  { seen }: Sighting,
  { accepted }: Baseline,
  { eyes, io, folder }: Scene,
): Promise<BaselineView> {
  const toBaselinePath = (path: string): string => toRelative(folder, join(eyes.root, path));
  const entries = Object.values(accepted);
  const settled = new Set(entries.length === 0 ? [] : [...seen].map(toBaselinePath));
  const gone = new Set<string>();
  for (const path of new Set(entries.map((entry) => entry.path))) {
    if ((await kindOf(join(folder, path))) === undefined) gone.add(path);
  }
  return {
    fingerprint: createFingerprint(eyes.key),
    today: toTimestamp(io.clock()).slice(0, 10),
    pathOf: (finding) => toBaselinePath(finding.location.path),
    isSettled: (path) => settled.has(path) || gone.has(path),
    isGone: (path) => gone.has(path),
  };
}
