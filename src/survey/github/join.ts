import type { Skipped } from '../../model/place.ts';
import type { Stored, StoredUse } from '../../model/stored.ts';
import type { NamedSecret } from '../../sources/types.ts';
import type { Reference } from './references.ts';

/** References by repository and path. */
export type References = ReadonlyMap<string, readonly (Reference & { readonly path: string })[]>;

/** What is needed of a repository to say what it may read. */
export interface Reader {
  readonly name: string;
  readonly isPrivate: boolean;
}

/** Adds to what is kept the places that read it: those in repositories that may, by the nearest level that has the name. */
export function withUses(
  stored: readonly Stored[],
  references: References,
  readers: readonly Reader[],
): readonly Stored[] {
  return stored.map((one) => ({ ...one, uses: usesOf(one, stored, references, readers) }));
}

function usesOf(
  one: Stored,
  all: readonly Stored[],
  references: References,
  readers: readonly Reader[],
): readonly StoredUse[] {
  return readers
    .filter((reader) => mayRead(one, reader) && !isHidden(one, all, reader))
    .flatMap(({ name }) => references.get(name) ?? [])
    .filter(({ kind, name }) => kind === one.kind && (name === '*' || name === one.name.toUpperCase()))
    .map(({ path, line }) => ({ path, line }));
}

function mayRead({ readers }: Stored, { name, isPrivate }: Reader): boolean {
  if (readers === 'all') return true;
  return readers === 'private' ? isPrivate : readers.includes(name);
}

/** What a repository keeps under a name takes the place of what its organisation keeps. */
function isHidden(one: Stored, all: readonly Stored[], { name }: Reader): boolean {
  return (
    one.level === 'organization' &&
    all.some(
      (other) =>
        other.level === 'repository' &&
        other.owner === name &&
        other.kind === one.kind &&
        other.name.toUpperCase() === one.name.toUpperCase(),
    )
  );
}

/** Turns what is kept into names for the rules to judge: what is kept as a secret is one, whatever its name. */
export function toNamed(stored: readonly Stored[]): readonly NamedSecret[] {
  return stored.map((one) => ({
    path: one.path,
    name: one.name,
    store: one.kind === 'secret' ? 'github-secret' : 'github-variable',
    why: toWhy(one),
    ...(one.kind === 'secret' ? { certain: true } : {}),
  }));
}

const MOST_NAMED = 5;

function toWhy({ kind, level, owner, environment, readers, uses, updatedAt }: Stored): string {
  const where =
    level === 'environment' ? `the environment ${environment} of ${owner}` : `the ${level} ${owner}`;
  const who =
    readers === 'all'
      ? 'all its repositories may read it'
      : readers === 'private'
        ? 'its private and internal repositories may read it'
        : level === 'organization'
          ? `may be read by ${shorten(readers)}`
          : '';
  const at = uses.map(({ path, line }) => `${path}:${line}`);
  return [
    `kept as a ${kind} of ${where}`,
    ...(updatedAt === null ? [] : [`last set ${updatedAt.slice(0, 10)}`]),
    ...(who === '' ? [] : [who]),
    at.length === 0 ? 'no workflow that was read uses it' : `read at ${shorten(at)}`,
  ].join('; ');
}

function shorten(list: readonly string[]): string {
  if (list.length === 0) return 'no repository';
  const more = list.length - MOST_NAMED;
  return list.slice(0, MOST_NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Says once what was refused in the same way for several kinds. */
export function once(skipped: readonly Skipped[]): readonly Skipped[] {
  return [...new Map(skipped.map((one) => [`${one.path}\0${one.reason}`, one])).values()];
}
