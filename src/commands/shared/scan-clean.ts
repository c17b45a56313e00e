import { CleanFiles } from '../../lib/clean-files.ts';
import type { Io } from '../../lib/io.ts';
import { readStamp } from '../../lib/rules.ts';
import { statePaths } from '../../lib/state.ts';
import type { TextSource } from '../../sources/types.ts';
import { toMaxBytes, type ScanFlags } from './scan-flags.ts';
import type { Eyes } from './survey.ts';

/** Fewer files are read in no time. */
const MANY = 1_000;

/**
 * Opens what earlier scans of a folder know of its clean files; undefined where that does not count, as with a
 * person's own rules, or where there is no place for it: a scan needs none.
 */
export async function openClean(
  { kind, files, paths }: Pick<TextSource, 'kind' | 'files' | 'paths'>,
  { own, now }: Eyes,
  flags: ScanFlags,
  { env }: Io,
): Promise<CleanFiles | undefined> {
  const isOwn = own.rules.length + own.foreign.length > 0;
  if (flags.cache === false || flags.since !== undefined || isOwn) return undefined;
  if (kind !== 'tree' || files === undefined || paths.length < MANY) return undefined;
  const built = await readStamp();
  const cache = cacheOf(env);
  if (built === undefined || cache === undefined) return undefined;
  const isPart = (flags.include ?? flags.exclude) !== undefined || flags.config !== undefined;
  return new CleanFiles(cache, { root: files.root, stamp: `${built} ${toMaxBytes(flags)}`, now, isPart });
}

function cacheOf(env: Io['env']): string | undefined {
  try {
    return statePaths(env).cache;
  } catch {
    return undefined;
  }
}
