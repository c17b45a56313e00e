import { createFingerprint, groupOf, idOf, type Keep, type RuleSet } from '../../detect/index.ts';
import { decodeText, type Decoded } from '../../lib/text.ts';
import type { Content } from '../../lib/tree-reader.ts';
import type { Finding } from '../../model/finding.ts';
import type { Location, Skipped } from '../../model/place.ts';
import { scanSource, type ScanResult } from '../scan-tree.ts';

/** Versions of files by path, in the order in which they came. */
export type Versions<Version> = ReadonlyMap<string, readonly Version[]>;

export interface VersionReader<Version> {
  /** Reads one version of each of some paths. */
  readonly read: (versions: ReadonlyMap<string, Version>) => Promise<(path: string) => Content>;
  /** Adds when and by whom a version came. */
  readonly locate: (location: Location, version: Version) => Location;
}

interface Options {
  readonly rules: RuleSet;
  readonly key: string;
  readonly below?: string;
  readonly keep?: Keep;
}

/** Files that are looked at together: what is kept of each until all are done is many times what is found. */
const TOGETHER = 64;

/**
 * Looks at versions of files as one would at a work tree, in rounds with one version of each path, some files at a
 * time. A secret under one name at one path is one finding, where it came first; what is known already is none.
 */
export async function findInVersions<Version>(
  versions: Versions<Version>,
  reader: VersionReader<Version>,
  options: Options,
  before: readonly Finding[] = [],
): Promise<Pick<ScanResult, 'findings' | 'skipped'>> {
  const fingerprint = createFingerprint(options.key);
  const known = new Set(before.map(placeOf));
  const counts = new Map<string, number>();
  for (const finding of before) counts.set(groupOf(finding), (counts.get(groupOf(finding)) ?? 0) + 1);
  const found: Finding[] = [];
  const skipped: Skipped[] = [];
  for (const now of roundsOf(versions)) {
    const bytes = await reader.read(now);
    const source = {
      kind: 'history' as const,
      root: null,
      paths: [...now.keys()],
      bytes,
      read: (path: string) => Promise.resolve(decoded(bytes(path))),
    };
    const scanned = await scanSource(source, options);
    skipped.push(...scanned.skipped);
    for (const finding of scanned.findings) {
      const version = now.get(pathOf(finding));
      if (finding.kind !== 'literal' || version === undefined || known.has(placeOf(finding))) continue;
      known.add(placeOf(finding));
      const n = (counts.get(groupOf(finding)) ?? 0) + 1;
      counts.set(groupOf(finding), n);
      const location = reader.locate(finding.location, version);
      found.push({ ...finding, location, id: idOf(finding, n, fingerprint) });
    }
  }
  return { findings: found, skipped };
}

function decoded(content: Content): Decoded {
  return 'reason' in content ? content : decodeText(content.bytes);
}

/** @yields one version of each of some paths, earlier ones of a path first */
function* roundsOf<Version>(versions: Versions<Version>): Generator<ReadonlyMap<string, Version>> {
  for (let round = 0, left = [...versions]; left.length > 0; round += 1) {
    left = left.filter(([, all]) => all.length > round);
    for (let from = 0; from < left.length; from += TOGETHER)
      yield new Map(
        left
          .slice(from, from + TOGETHER)
          .flatMap(([path, all]) => all.slice(round, round + 1).map((version) => [path, version] as const)),
      );
  }
}

function placeOf(finding: Finding): string {
  return `${groupOf(finding)}\0${finding.location.path}`;
}

/** Path of the file itself where the finding is in an archive. */
function pathOf({ location }: Finding): string {
  return location.path.split('!')[0] ?? location.path;
}
