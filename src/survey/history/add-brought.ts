import type { Keep, RuleSet } from '../../detect/index.ts';
import { toTimestamp } from '../../lib/clock.ts';
import type { Content } from '../../lib/tree-reader.ts';
import { catFiles } from '../../sources/git/cat-file.ts';
import type { Brought } from '../../sources/history/since.ts';
import type { ScanResult } from '../scan-tree.ts';
import { findInVersions, type VersionReader } from './rounds.ts';

export interface BroughtOptions {
  readonly rules: RuleSet;
  readonly key: string;
  /** The top of the repository. */
  readonly top: string;
  /** Path from the top to the root, ending in `/`; empty at the top. */
  readonly below: string;
  readonly maxBytes: number;
  readonly keep?: Keep;
  readonly isWanted: (path: string) => boolean;
}

/** Adds to what is in changed files what is in the versions that came since, where it is not there any more. */
export async function addBrought(
  now: ScanResult,
  brought: readonly Brought[],
  options: BroughtOptions,
): Promise<ScanResult> {
  const { below, isWanted } = options;
  const wanted = brought.filter(({ path }) => isWanted(path));
  const versions = toVersions(wanted.map((one) => ({ ...one, path: one.path.slice(below.length) })));
  const reader: VersionReader<Brought> = {
    read: (round) => readVersions(round, options),
    locate: (location, { commit, author, authoredAt }) => ({
      ...location,
      commit,
      author,
      date: toTimestamp(authoredAt * 1000),
    }),
  };
  const then = await findInVersions(versions, reader, options, now.findings);
  return {
    findings: [...now.findings, ...then.findings],
    skipped: [...now.skipped, ...then.skipped],
    stats: {
      ...now.stats,
      blobs: new Set(wanted.map(({ blob }) => blob)).size,
      commits: new Set(brought.map(({ commit }) => commit)).size,
    },
  };
}

function toVersions(brought: readonly Brought[]): ReadonlyMap<string, readonly Brought[]> {
  const versions = new Map<string, Brought[]>();
  for (const one of brought) {
    const before = versions.get(one.path);
    if (before === undefined) versions.set(one.path, [one]);
    else if (before.every(({ blob }) => blob !== one.blob)) before.push(one);
  }
  return versions;
}

async function readVersions(
  wanted: ReadonlyMap<string, Brought>,
  { top, maxBytes }: BroughtOptions,
): Promise<(path: string) => Content> {
  const given = new Map<string, Content>();
  await catFiles(top, [...new Set([...wanted.values()].map(({ blob }) => blob))], maxBytes, (name, one) => {
    given.set(
      name,
      'blob' in one ? { bytes: one.blob } : { reason: 'reason' in one ? one.reason : one.kind },
    );
  });
  return (path) => given.get(wanted.get(path)?.blob ?? '') ?? { reason: 'unreadable' };
}
