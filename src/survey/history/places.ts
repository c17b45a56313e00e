import type { LooseObject, Objects } from '../../sources/git/objects.ts';
import { parseTag } from '../../sources/git/commit.ts';
import { kinds } from '../../sources/git/pack-table.ts';
import { createCommitCollector, type Commits } from '../../sources/history/collect-commits.ts';
import { createNamedCollector } from '../../sources/history/collect-named.ts';
import { createTreeCollector, type Sought, type TreePart } from '../../sources/history/collect-trees.ts';
import { blobsIn, findOccurrences, type Occurrence } from '../../sources/history/occurrences.ts';
import { toNameTest } from '../../sources/history/name-test.ts';
import { orderCommits, type Reached } from '../../sources/history/order-commits.ts';
import { toCommon, type Crew } from './crew.ts';
import type { Done } from './job.ts';

/** All that a repository's refs, stash, reflogs and notes reach. */
export interface Reachable {
  readonly order: Reached;
  /** Blobs that a tag names directly. */
  readonly blobs: ReadonlySet<number>;
  /** How many commits could not be read. */
  readonly broken: number;
}

/** Follows tips to commits, in an order in which parents come first. */
export async function reach(objects: Objects, tips: Iterable<string>, crew: Crew): Promise<Reachable> {
  const done = await crew.run({ task: 'commits', common: toCommon(objects, kinds.commit) });
  const parts: Commits[] = done.flatMap((one) => (one.task === 'commits' ? [one.commits] : []));
  const loose = createCommitCollector(objects.find);
  const broken = readRest(objects, done, (number, { kind, body }) => {
    if (kind === kinds.commit) loose.add(number, body);
  });
  const commits: number[] = [];
  const trees: number[] = [];
  const blobs = new Set<number>();
  for (const tip of tips) {
    const { number, kind } = peel(objects, tip);
    if (kind === kinds.commit) commits.push(number);
    else if (kind === kinds.tree) trees.push(number);
    else if (kind === kinds.blob) blobs.add(number);
  }
  return { order: orderCommits([...parts, loose.done()], commits, trees), blobs, broken };
}

interface Peeled {
  readonly number: number;
  readonly kind: number;
}

/** Follows annotated tags, also tags of tags. */
function peel(objects: Objects, tip: string): Peeled {
  let name: string | undefined = tip;
  for (let hops = 0; name !== undefined && hops < 10; hops += 1) {
    const number = objects.find(Buffer.from(name, 'hex'));
    if (number === -1) break;
    const known = objects.kindOf(number);
    const object = known === kinds.unknown || known === kinds.tag ? objects.read(number) : undefined;
    const kind = object?.kind ?? known;
    if (kind !== kinds.tag) return { number, kind };
    name = object === undefined ? undefined : parseTag(object.body);
  }
  return { number: -1, kind: kinds.unknown };
}

/** Finds the blobs that ever stood under a name which some pattern of paths may match; gives their numbers. */
export async function findNamed(
  objects: Objects,
  patterns: readonly RegExp[],
  crew: Crew,
): Promise<ReadonlySet<number>> {
  const done = await crew.run({ task: 'names', common: toCommon(objects, kinds.tree), patterns });
  const rest = createNamedCollector(toNameTest(patterns), objects.nameBytes, objects.find);
  readRest(objects, done, (_, { kind, body }) => {
    if (kind === kinds.tree) rest.add(body, 0, body.length);
  });
  const lists = [...done.flatMap((one) => (one.task === 'names' ? [one.named] : [])), rest.done()];
  return new Set(lists.flatMap(({ pieces }) => pieces.flatMap((piece) => [...piece])));
}

/** Objects that are tried again at most: what is broken is, and each may take long. */
const MOST_TRIED = 1000;

/** Reads loose objects, and those that could not be built with the others of their pack; gives how many are broken. */
function readRest(
  objects: Objects,
  done: readonly Done[],
  take: (number: number, object: LooseObject) => void,
): number {
  for (let number = objects.count - objects.loose.length; number < objects.count; number += 1) {
    const object = objects.read(number);
    if (object !== undefined) take(number, object);
  }
  const failed = done.flatMap((one) => one.failed);
  let broken = Math.max(0, failed.length - MOST_TRIED);
  for (const number of failed.slice(0, MOST_TRIED)) {
    const object = objects.read(number);
    if (object === undefined) broken += 1;
    else take(number, object);
  }
  return broken;
}

/** A blob at a path, by its name and number; the number of one that is not here is -1. */
export interface Placed extends Occurrence {
  readonly name: string;
  readonly number: number;
}

/** Where blobs stand. */
export interface Places {
  readonly occurrences: readonly Placed[];
  /** Numbers of those that are there now. */
  readonly atHead: ReadonlySet<number>;
  /** How many trees could not be read. */
  readonly broken: number;
}

/** What is to be placed, and in what. */
export interface ToPlace {
  /** Names of blobs. */
  readonly blobs: Iterable<string>;
  readonly order: Reached;
  /** The tree that is there now. */
  readonly head: number;
}

/** Finds the paths and commits of blobs. */
export async function placeBlobs(
  objects: Objects,
  { blobs, order, head }: ToPlace,
  crew: Crew,
): Promise<Places> {
  const names = [...blobs].sort();
  const sought: Sought = {
    nameBytes: objects.nameBytes,
    blobs: Buffer.from(names.join(''), 'hex'),
    starts: new Int32Array(new SharedArrayBuffer(objects.count * 4)),
    parts: new Uint8Array(new SharedArrayBuffer(objects.count)),
    labels: new Int32Array(new SharedArrayBuffer(objects.count * 4)),
  };
  const done = await crew.run({ task: 'trees', common: toCommon(objects, kinds.tree), sought });
  const parts: TreePart[] = done.flatMap((one) => (one.task === 'trees' ? [one.part] : []));
  const rest = createTreeCollector(sought, parts.length, objects.find);
  const broken = readRest(objects, done, (number, { kind, body }) => {
    if (kind === kinds.tree) rest.add(number, body, 0, body.length);
  });
  parts.push(rest.done());
  const numbers = names.map((name) => objects.find(Buffer.from(name, 'hex')));
  return {
    occurrences: findOccurrences(order, sought, parts).map((occurrence) => ({
      ...occurrence,
      name: names[occurrence.blob] ?? '',
      number: numbers[occurrence.blob] ?? -1,
    })),
    atHead: new Set([...blobsIn(head, sought, parts)].map((row) => numbers[row] ?? -1)),
    broken,
  };
}
