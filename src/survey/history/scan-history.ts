import type { Keep, RuleSet } from '../../detect/index.ts';
import { toTimestamp } from '../../lib/clock.ts';
import type { Finding } from '../../model/finding.ts';
import type { Location, Skipped } from '../../model/place.ts';
import type { Rule } from '../../model/rule.ts';
import { parseCommit, type Commit } from '../../sources/git/commit.ts';
import { brokenReason, listMissing, tooLargeBlob } from '../../sources/git/cat-file.ts';
import { openObjects, type Objects } from '../../sources/git/objects.ts';
import type { Repository } from '../../sources/git/repository.ts';
import { readHead, readTips } from '../../sources/git/tips.ts';
import { truePath } from '../../sources/history/true-path.ts';
import type { ScanResult } from '../scan-tree.ts';
import { lookAtBlobs, type SeenBlobs } from './blobs.ts';
import { createCrew, type Crew } from './crew.ts';
import { pathsOfInterest, valuesByPath } from './filed.ts';
import { findNamed, placeBlobs, reach, type Places, type Reachable } from './places.ts';
import { findInVersions, type VersionReader } from './rounds.ts';
import { firstVersions, toStays, type Version } from './versions.ts';

export interface HistoryOptions {
  readonly rules: RuleSet;
  readonly ruleList: readonly Rule[];
  readonly key: string;
  readonly maxBytes: number;
  /** How many threads work on it; as many as are worth it where nothing is said. */
  readonly threads?: number;
  readonly keep?: Keep;
  readonly isWanted: (path: string) => boolean;
  /** Told what is being done, for a person who waits. */
  readonly say: (text: string) => void;
}

/** Bytes around a change that are looked at with it. */
const CONTEXT = 64;

/** What is known of one repository while its findings are made. */
interface Scene {
  readonly objects: Objects;
  readonly reached: Reachable;
  readonly missing: readonly string[];
  readonly seen: SeenBlobs;
  readonly places: Places;
  readonly options: HistoryOptions;
}

/**
 * Looks at every blob that a ref, the stash, a reflog or a note reaches, each once. A secret is one finding for each
 * path that it was at, where it came in. Blobs that nothing reaches any more are left out, and counted as skipped
 * where they look as if they held a secret.
 */
export async function scanHistory(repository: Repository, options: HistoryOptions): Promise<ScanResult> {
  const objects = openObjects(repository);
  const threads = options.rules.foreign.length > 0 ? 1 : options.threads;
  const crew = createCrew(objects, threads, options.say);
  try {
    return await scanObjects(repository, objects, crew, options);
  } finally {
    objects.close();
    await crew.close();
  }
}

async function scanObjects(
  repository: Repository,
  objects: Objects,
  crew: Crew,
  options: HistoryOptions,
): Promise<ScanResult> {
  const looked = await lookAtBlobs(repository, objects, crew, {
    rules: options.ruleList,
    foreign: options.rules.foreign,
    maxBytes: options.maxBytes,
    tooLarge: tooLargeBlob(options.maxBytes),
    context: CONTEXT,
  });
  const reached = await reach(objects, await readTips(repository), crew);
  const missing = await listMissing(repository);
  const head = headTree(objects, readHead(repository));
  const named = await findNamed(objects, pathsOfInterest(options.rules), crew);
  const places = await placeAll({ objects, crew, seen: looked, reached, missing, head, named });
  // What follows takes memory of its own.
  await crew.close();
  const seen = { ...looked, values: await valuesByPath(objects, places.occurrences, looked, options) };
  const scene = { objects, reached, seen, places, missing, options };
  return {
    findings: await findingsOf(scene),
    skipped: [...skippedOf(scene), ...leftOut(scene, repository)],
    stats: {
      files: 0,
      bytes: seen.bytes,
      parsed: 0,
      asText: 0,
      blobs: seen.blobs,
      commits: reached.order.commits.filter((commit) => commit !== -1).length,
    },
  };
}

interface Unplaced extends Pick<Scene, 'objects' | 'reached' | 'missing' | 'seen'> {
  readonly crew: Crew;
  readonly head: number;
  /** Blobs of which the path may say that they hold something. */
  readonly named: ReadonlySet<number>;
}

async function placeAll({ objects, crew, seen, reached, missing, head, named }: Unplaced): Promise<Places> {
  const sought = new Set([...seen.skipped.keys(), ...missing]);
  for (const number of [...seen.values.keys(), ...named]) sought.add(objects.nameOf(number));
  if (sought.size === 0) return { occurrences: [], atHead: new Set(), broken: 0 };
  const places = await placeBlobs(objects, { blobs: sought, order: reached.order, head }, crew);
  // A blob that a tag names directly has no path: its name stands for it.
  const tagged = [...reached.blobs]
    .map((number) => ({ number, name: objects.nameOf(number) }))
    .filter(({ name }) => sought.has(name))
    .map(({ number, name }) => ({ blob: -1, number, name, path: name, first: -1, last: -1 }));
  return { ...places, occurrences: [...places.occurrences, ...tagged] };
}

function headTree(objects: Objects, head: string | undefined): number {
  const commit = head === undefined ? undefined : readCommit(objects, objects.find(Buffer.from(head, 'hex')));
  return commit === undefined ? -1 : objects.find(Buffer.from(commit.tree, 'hex'));
}

function readCommit(objects: Objects, number: number): Commit | undefined {
  const object = number < 0 ? undefined : objects.read(number);
  return object === undefined ? undefined : parseCommit(object.body);
}

async function findingsOf(scene: Scene): Promise<readonly Finding[]> {
  const { options, places, seen } = scene;
  const versions = firstVersions(places.occurrences, seen.values);
  const placed = new Map<string, Version[]>();
  for (const version of [...versions.values()].flat()) {
    const path = pathOf(version, scene);
    if (options.isWanted(path)) placed.set(path, [...(placed.get(path) ?? []), version]);
  }
  return (await findInVersions(placed, toReader(scene), options)).findings;
}

function pathOf({ path, number, first }: Version, { objects, reached }: Scene): string {
  const tree = reached.order.trees[first];
  return tree === undefined ? path : truePath(objects, tree, objects.nameOf(number), path);
}

function toReader({ objects, reached: { order }, places, seen }: Scene): VersionReader<Version> {
  const stayOf = toStays(places.occurrences, seen.values);
  return {
    read: (versions) =>
      Promise.resolve((path) => {
        const object = objects.read(versions.get(path)?.number ?? -1);
        return object === undefined ? { reason: 'unreadable' } : { bytes: object.body };
      }),
    locate: (location, version) => {
      const { last, numbers } = stayOf(version);
      return {
        ...location,
        ...firstOf(objects, order.commits[version.first] ?? -1),
        ...lastOf(objects, order.commits[last] ?? -1),
        atHead: [...numbers].some((number) => places.atHead.has(number)),
      };
    },
  };
}

function firstOf(objects: Objects, number: number): Partial<Location> {
  const commit = readCommit(objects, number);
  if (commit === undefined) return {};
  return { commit: objects.nameOf(number), author: commit.author, date: dateOf(commit) };
}

function lastOf(objects: Objects, number: number): Partial<Location> {
  const commit = readCommit(objects, number);
  return commit === undefined ? {} : { lastCommit: objects.nameOf(number), lastDate: dateOf(commit) };
}

function dateOf({ authoredAt }: Commit): string {
  return toTimestamp(Math.min(Math.max(authoredAt, 0), 253_402_300_799) * 1000);
}

function skippedOf({ places, seen, missing, options, objects }: Scene): readonly Skipped[] {
  const absent = new Set(missing);
  const told = new Map<string, Skipped>();
  for (const { path, name } of places.occurrences) {
    const reason = absent.has(name)
      ? 'a partial clone lacks a version of it, which is not fetched'
      : seen.skipped.get(name);
    if (reason !== undefined && options.isWanted(path)) told.set(`${path}\0${reason}`, { path, reason });
  }
  return [...objects.broken.map(([path, reason]) => ({ path, reason })), ...told.values()];
}

/** What has no path of its own. */
function leftOut({ seen, places, reached }: Scene, repository: Repository): readonly Skipped[] {
  const placed = new Set(places.occurrences.map(({ name }) => name));
  const numbers = new Set(places.occurrences.map(({ number }) => number));
  const lost = [...seen.values.keys()].filter((number) => !numbers.has(number)).length;
  const broken = [...seen.skipped].filter(([name, reason]) => reason === brokenReason && !placed.has(name));
  const reasons = [
    counted(lost, 'blob looks as if it held a secret', 'blobs look as if they held a secret', unreached),
    counted(broken.length, 'object is missing or broken', 'objects are missing or broken'),
    counted(reached.broken, 'commit cannot be read', 'commits cannot be read', lostPaths),
    counted(places.broken, 'tree cannot be read', 'trees cannot be read', lostPaths),
    repository.isShallow ? 'a shallow clone: commits before its edge are not here' : '',
  ];
  return reasons.filter((reason) => reason !== '').map((reason) => ({ path: '.git', reason }));
}

const unreached = ', and no ref, stash, reflog or note reaches that any more';
const lostPaths = ': what only that leads to was not placed';

function counted(n: number, one: string, many: string, rest = ''): string {
  if (n === 0) return '';
  return n === 1 ? `1 ${one}${rest}` : `${n} ${many}${rest}`;
}
