import { createFingerprint, groupOf, idOf, type Keep, type RuleSet } from '../../detect/index.ts';
import type { Decoded } from '../../lib/text.ts';
import type { Finding } from '../../model/finding.ts';
import type { Location } from '../../model/place.ts';
import { scanSource } from '../scan-tree.ts';

/** Versions of files by path, in the order in which they came. */
export type Versions<Version> = ReadonlyMap<string, readonly Version[]>;

export interface VersionReader<Version> {
  /** Reads one version of each of some paths. */
  readonly read: (versions: ReadonlyMap<string, Version>) => Promise<(path: string) => Decoded>;
  /** Adds when and by whom a version came. */
  readonly locate: (location: Location, version: Version) => Location;
}

interface Options {
  readonly rules: RuleSet;
  readonly key: string;
  readonly below?: string;
  readonly keep?: Keep;
}

/**
 * Looks at versions of files as one would at a work tree, in rounds with one version of each path. A secret under one
 * name at one path is one finding, where it came first; what is known already is none.
 */
export async function findInVersions<Version>(
  versions: Versions<Version>,
  reader: VersionReader<Version>,
  options: Options,
  before: readonly Finding[] = [],
): Promise<readonly Finding[]> {
  const fingerprint = createFingerprint(options.key);
  const known = new Set(before.map(placeOf));
  const counts = new Map<string, number>();
  for (const finding of before) counts.set(groupOf(finding), (counts.get(groupOf(finding)) ?? 0) + 1);
  const found: Finding[] = [];
  for (let round = 0, now = roundOf(versions, 0); now.size > 0; round += 1, now = roundOf(versions, round)) {
    const decoded = await reader.read(now);
    const source = {
      kind: 'history' as const,
      root: null,
      paths: [...now.keys()],
      read: (path: string) => Promise.resolve(decoded(path)),
    };
    const { findings } = await scanSource(source, options);
    for (const finding of findings) {
      const version = now.get(pathOf(finding));
      if (finding.kind !== 'literal' || version === undefined || known.has(placeOf(finding))) continue;
      known.add(placeOf(finding));
      const n = (counts.get(groupOf(finding)) ?? 0) + 1;
      counts.set(groupOf(finding), n);
      const location = reader.locate(finding.location, version);
      found.push({ ...finding, location, id: idOf(finding, n, fingerprint) });
    }
  }
  return found;
}

function roundOf<Version>(versions: Versions<Version>, round: number): ReadonlyMap<string, Version> {
  const now = new Map<string, Version>();
  for (const [path, all] of versions) {
    const version = all[round];
    if (version !== undefined) now.set(path, version);
  }
  return now;
}

function placeOf(finding: Finding): string {
  return `${groupOf(finding)}\0${finding.location.path}`;
}

/** Path of the file itself where the finding is in an archive. */
function pathOf({ location }: Finding): string {
  return location.path.split('!')[0] ?? location.path;
}
