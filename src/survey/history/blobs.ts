import { brokenReason, catFiles } from '../../sources/git/cat-file.ts';
import { createPlainLines } from '../../sources/git/lines.ts';
import type { Objects } from '../../sources/git/objects.ts';
import { kinds } from '../../sources/git/pack-table.ts';
import type { Repository } from '../../sources/git/repository.ts';
import { nothing, type BlobHits, type BlobLook } from './blob-look.ts';
import { toCommon, type Crew } from './crew.ts';
import { openLook, type BlobEyes } from './job.ts';

/** What all blobs of a repository gave. */
export interface SeenBlobs {
  /** Digests of the values in a blob, by its number. */
  readonly values: ReadonlyMap<number, ReadonlySet<string>>;
  /** Why a blob was not looked at, by its name. */
  readonly skipped: ReadonlyMap<string, string>;
  readonly blobs: number;
  readonly bytes: number;
}

/** Objects that git is asked for at most. */
const MOST_ASKED = 2_000;

/** Looks at every blob: packed ones by their delta trees, then loose ones, then through git what could not be read. */
export async function lookAtBlobs(
  repository: Repository,
  objects: Objects,
  crew: Crew,
  eyes: BlobEyes,
): Promise<SeenBlobs> {
  const done = await crew.run({ task: 'blobs', common: toCommon(objects, kinds.blob), eyes });
  const look = openLook(eyes);
  const failed = [...done.flatMap((one) => one.failed), ...lookAtLoose(objects, look)];
  // What git would be asked for a delta that leads to itself has no end.
  for (const number of [...unknownObjects(objects), ...failed.slice(MOST_ASKED)])
    look.skip(number, brokenReason);
  const names = new Map(failed.slice(0, MOST_ASKED).map((number) => [objects.nameOf(number), number]));
  await catFiles(repository.gitFolder, [...names.keys()], eyes.maxBytes, (name, given) => {
    const number = names.get(name) ?? 0;
    if ('blob' in given) lookAtWhole(look, number, given.blob);
    else if ('reason' in given) look.skip(number, given.reason);
  });
  const parts = done.flatMap((one) => (one.task === 'blobs' ? [one.hits] : []));
  return merge(objects, [...parts, look.done()]);
}

/** Objects of packs of which not even the kind can be told: no header, no base, or a delta that leads to itself. */
function unknownObjects(objects: Objects): readonly number[] {
  return objects.packs.flatMap(({ table, first }) => {
    const found: number[] = [];
    for (let n = 0; n < table.count; n += 1) if (table.kinds[n] === kinds.unknown) found.push(first + n);
    return found;
  });
}

function lookAtLoose(objects: Objects, look: BlobLook): readonly number[] {
  const failed: number[] = [];
  for (let number = objects.count - objects.loose.length; number < objects.count; number += 1) {
    const object = objects.read(number);
    if (object === undefined) failed.push(number);
    else if (object.kind === kinds.blob) lookAtWhole(look, number, object.body);
  }
  return failed;
}

function lookAtWhole(look: BlobLook, number: number, bytes: Buffer): void {
  look.look({ number, bytes, at: 0, length: bytes.length, lines: createPlainLines() }, nothing);
}

/** An object that several packs hold has one number: that which its name leads to. */
function merge(objects: Objects, parts: readonly BlobHits[]): SeenBlobs {
  const values = new Map<number, Set<string>>();
  const skipped = new Map<string, string>();
  const numberOf = (number: number): number => objects.find(Buffer.from(objects.nameOf(number), 'hex'));
  for (const part of parts) {
    for (let at = 0; at < part.pairs.length; at += 2) {
      const number = numberOf(part.pairs[at] ?? 0);
      const value = part.values[part.pairs[at + 1] ?? 0] ?? '';
      values.set(number, (values.get(number) ?? new Set()).add(value));
    }
    for (const [number, reason] of part.skipped) skipped.set(objects.nameOf(number), reason);
  }
  const sum = (of: (part: BlobHits) => number): number => parts.reduce((total, part) => total + of(part), 0);
  return { values, skipped, blobs: sum((part) => part.blobs), bytes: sum((part) => part.bytes) };
}
