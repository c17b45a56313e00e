import type { Placed } from './places.ts';

/** A blob at a path in which a value is for the first time. */
export interface Version {
  readonly path: string;
  readonly number: number;
  /** Place of the commit in the order. */
  readonly first: number;
}

/** How long the values that a version brought in were at its path. */
export interface Stay {
  /** Place in the order of the last commit that has one of them there. */
  readonly last: number;
  /** All blobs that hold one of them, wherever they are. */
  readonly numbers: ReadonlySet<number>;
}

/** Gives, by path, the versions of a file that are to be looked at closely: those that brought a value in. */
export function firstVersions(
  occurrences: readonly Placed[],
  values: ReadonlyMap<number, ReadonlySet<string>>,
): ReadonlyMap<string, readonly Version[]> {
  const versions = new Map<string, Version[]>();
  const known = new Set<string>();
  for (const { path, number, first } of occurrences.toSorted((a, b) => a.first - b.first)) {
    const fresh = [...(values.get(number) ?? [])].filter((value) => !known.has(`${path}\0${value}`));
    if (fresh.length === 0) continue;
    for (const value of fresh) known.add(`${path}\0${value}`);
    const before = versions.get(path);
    if (before === undefined) versions.set(path, [{ path, number, first }]);
    else before.push({ path, number, first });
  }
  return versions;
}

/** Makes the look-up of how long the values that a version brought in stayed. */
export function toStays(
  occurrences: readonly Placed[],
  values: ReadonlyMap<number, ReadonlySet<string>>,
): (version: Version) => Stay {
  const lasts = new Map<string, number>();
  const holders = new Map<string, Set<number>>();
  for (const [number, all] of values)
    for (const value of all) holders.set(value, (holders.get(value) ?? new Set()).add(number));
  for (const { path, number, last } of occurrences)
    for (const value of values.get(number) ?? []) {
      const key = `${path}\0${value}`;
      lasts.set(key, Math.max(lasts.get(key) ?? -1, last));
    }
  return ({ path, number, first }) => {
    const own = [...(values.get(number) ?? [])];
    return {
      last: own.reduce((last, value) => Math.max(last, lasts.get(`${path}\0${value}`) ?? -1), first),
      numbers: new Set(own.flatMap((value) => [...(holders.get(value) ?? [])])),
    };
  };
}
