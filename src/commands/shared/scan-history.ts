import { resolveCommit } from '../../lib/git-commit.ts';
import type { Finding } from '../../model/finding.ts';
import type { Skipped } from '../../model/place.ts';
import type { Repository } from '../../sources/git/repository.ts';
import { listSubmodules } from '../../sources/git/submodules.ts';
import { toPathFilter } from '../../sources/glob.ts';
import { isOfFolders } from '../../sources/history/name-test.ts';
import { broughtSince } from '../../sources/history/since.ts';
import { scanHistory } from '../../survey/history/scan-history.ts';
import { addBrought } from '../../survey/history/add-brought.ts';
import type { ScanResult } from '../../survey/scan-tree.ts';
import { toMaxBytes, toThreads, type ScanFlags } from './scan-flags.ts';
import type { Eyes } from './survey.ts';

/** Looks at all that a repository ever held, its submodules as repositories of their own. */
export async function scanHistoryOf(
  repository: Repository,
  eyes: Eyes,
  flags: ScanFlags,
  say: (text: string) => void,
): Promise<ScanResult> {
  const isWanted = toFilter(eyes, flags);
  const threads = toThreads(flags);
  const options = {
    ...(threads === undefined ? {} : { threads }),
    rules: eyes.rules,
    ruleList: eyes.ruleList,
    key: eyes.key,
    ...(eyes.keep === undefined ? {} : { keep: eyes.keep }),
    maxBytes: toMaxBytes(flags),
  };
  const results: { readonly prefix: string; readonly result: ScanResult }[] = [];
  const open = [{ prefix: '', repository }];
  for (const { prefix, repository: one } of open) {
    const result = await scanHistory(one, {
      ...options,
      isWanted: (path) => isWanted(`${prefix}${path}`),
      say: (text) => say(`${prefix}${text}`),
    });
    results.push({ prefix, result });
    for (const { path, repository: inner } of listSubmodules(one))
      open.push({ prefix: `${prefix}${path}/`, repository: inner });
  }
  const { skipped, ...joined } = join(results);
  return { ...joined, skipped: [...skipped, ...untried(eyes)] };
}

/** Names of files are asked for, folders are not. */
function untried({ own: { rules, foreign } }: Eyes): readonly Skipped[] {
  const ours = rules.filter(({ files = [] }) => files.some((source) => isOfFolders(new RegExp(source, 'i'))));
  const theirs = foreign.filter(
    ({ pattern, path }) => pattern === undefined && path !== undefined && isOfFolders(path),
  );
  return [...ours, ...theirs].map(({ id }) => ({
    path: '.git',
    reason: `rule ${id} is about folders alone: not tried on a history`,
  }));
}

/** Paths of a submodule are those below it. */
function join(results: readonly { readonly prefix: string; readonly result: ScanResult }[]): ScanResult {
  const findings: Finding[] = [];
  const skipped: Skipped[] = [];
  const stats = { files: 0, bytes: 0, parsed: 0, asText: 0, blobs: 0, commits: 0 };
  for (const { prefix, result } of results) {
    for (const finding of result.findings) {
      const path = `${prefix}${finding.location.path}`;
      findings.push({ ...finding, location: { ...finding.location, path } });
    }
    for (const { path, reason } of result.skipped) skipped.push({ path: `${prefix}${path}`, reason });
    stats.bytes += result.stats.bytes;
    stats.blobs += result.stats.blobs ?? 0;
    stats.commits += result.stats.commits ?? 0;
  }
  return { findings, skipped, stats };
}

/** Adds to the findings in changed files those in versions that came and went since a ref. */
export async function withBrought(
  now: ScanResult,
  ref: string,
  eyes: Eyes,
  flags: ScanFlags,
): Promise<ScanResult> {
  const brought = await broughtSince(eyes.top, await resolveCommit(eyes.top, ref));
  const isWanted = toFilter(eyes, flags);
  return addBrought(now, brought, {
    ...eyes,
    maxBytes: toMaxBytes(flags),
    isWanted: (path) => path.startsWith(eyes.below) && isWanted(path),
  });
}

function toFilter({ config }: Eyes, flags: ScanFlags): (path: string) => boolean {
  const named = toPathFilter(flags.include ?? [], flags.exclude ?? []);
  const settled = toPathFilter(config.include, config.exclude);
  return (path) => named(path) && settled(path);
}
