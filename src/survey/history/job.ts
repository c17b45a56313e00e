import { openRandomFile } from '../../lib/random-file.ts';
import { pause } from '../../lib/threads.ts';
import { toAnyPath, toRuleSet, toTextMarks, type ForeignRule, type RuleSet } from '../../detect/index.ts';
import type { Rule } from '../../model/rule.ts';
import { createKernel, type Kernel } from '../../sources/git/kernel.ts';
import { createPlainLines } from '../../sources/git/lines.ts';
import { createFind, type NamedObjects } from '../../sources/git/find.ts';
import type { IntList } from '../../sources/git/ints.ts';
import type { Forest } from '../../sources/git/forest.ts';
import { createWalk, WALK_ROOM, type Visitor } from '../../sources/git/walk-forest.ts';
import {
  createCommitCollector,
  type CommitCollector,
  type Commits,
} from '../../sources/history/collect-commits.ts';
import { createNamedCollector, type NamedCollector } from '../../sources/history/collect-named.ts';
import {
  createTreeCollector,
  type Sought,
  type TreeCollector,
  type TreePart,
} from '../../sources/history/collect-trees.ts';
import { toNameTest } from '../../sources/history/name-test.ts';
import { createBlobLook, nothing, type BlobHits, type BlobLook, type BlobState } from './blob-look.ts';

/** What a thread needs for any job; all that is large lies in shared memory. */
export interface Common extends NamedObjects {
  readonly forests: readonly Forest[];
  /** Per pack: the next root that no thread has taken yet. */
  readonly taken: Int32Array;
}

export type Job =
  | { readonly task: 'blobs'; readonly common: Common; readonly eyes: BlobEyes }
  | { readonly task: 'trees'; readonly common: Common; readonly sought: Sought }
  | { readonly task: 'names'; readonly common: Common; readonly patterns: readonly RegExp[] }
  | { readonly task: 'commits'; readonly common: Common };

export interface BlobEyes {
  readonly rules: readonly Rule[];
  /** Those of other scanners; they cannot be handed to another thread. */
  readonly foreign: readonly ForeignRule[];
  readonly maxBytes: number;
  readonly tooLarge: string;
  /** Bytes around a change that are looked at with it. */
  readonly context: number;
}

export type Done =
  | { readonly task: 'blobs'; readonly hits: BlobHits; readonly failed: readonly number[] }
  | { readonly task: 'trees'; readonly part: TreePart; readonly failed: readonly number[] }
  | { readonly task: 'names'; readonly named: IntList; readonly failed: readonly number[] }
  | { readonly task: 'commits'; readonly commits: Commits; readonly failed: readonly number[] };

const tooMuchReason = 'its pack holds more than 256 GiB unpacked';

/** Roots that a thread takes at once. */
const BATCH = 16;
const TELL_MS = 100;

let ownKernel: Kernel | undefined;

/** Lets the memory go that jobs of this thread were done in. */
export function releaseKernel(): void {
  ownKernel = undefined;
}

/** A job for one thread, as the part of it that its results belong to. */
export interface Question {
  readonly job: Job;
  readonly part: number;
}

/** Told now and then how much of a job has been taken on, from 0 to 1. */
export type Tell = (share: number) => void;

/** Does a job in this thread, as the given part, sharing the work with all who run the same job. */
export async function runJob(job: Job, part: number, tell?: Tell): Promise<Done> {
  const failed: number[] = [];
  ownKernel ??= createKernel(WALK_ROOM);
  const round = { ...job.common, tell };
  if (job.task === 'blobs') {
    const look = openLook(job.eyes);
    ownKernel.lines.watch(toTextMarks(rulesOf(job.eyes)));
    await walkBlobs(round, job.eyes, look, failed);
    return { task: 'blobs', hits: look.done(), failed };
  }
  const find = createFind(job.common);
  if (job.task === 'trees') {
    const collector = createTreeCollector(job.sought, part, find);
    await walkAll(round, 0, ({ first }, kernel) => treeVisitor(collector, first, kernel, failed), -1);
    return { task: 'trees', part: collector.done(), failed };
  }
  if (job.task === 'names') {
    // Each entry counts that a tree's base does not have.
    ownKernel.trees?.filter.fill(0xff);
    const collector = createNamedCollector(toNameTest(job.patterns), job.common.nameBytes, find);
    await walkAll(round, 0, ({ first }, kernel) => nameVisitor(collector, first, kernel, failed), undefined);
    return { task: 'names', named: collector.done(), failed };
  }
  const collector = createCommitCollector(find);
  await walkAll(round, 0, ({ first }) => commitVisitor(collector, first, failed), undefined);
  return { task: 'commits', commits: collector.done(), failed };
}

type Round = Common & { readonly tell: Tell | undefined };

let ruleSet: { readonly rules: readonly Rule[]; readonly set: RuleSet } | undefined;

export function openLook(eyes: BlobEyes): BlobLook {
  return createBlobLook(rulesOf(eyes), eyes.maxBytes, eyes.tooLarge);
}

function rulesOf({ rules, foreign }: BlobEyes): RuleSet {
  if (ruleSet?.rules !== rules) ruleSet = { rules, set: toRuleSet(rules, toAnyPath(foreign)) };
  return ruleSet.set;
}

function walkBlobs(round: Round, eyes: BlobEyes, look: BlobLook, failed: number[]): Promise<void> {
  // Which lines count is only known of our own rules.
  const allLines = eyes.foreign.length === 0 ? undefined : createPlainLines();
  return walkAll<BlobState>(
    round,
    eyes.context,
    ({ first, table }, { bytes, windows, lines: likelyLines }) => ({
      visit: ({ position, at, length }, base) => {
        const lines = allLines ?? likelyLines;
        const fresh = base === undefined ? {} : { windows };
        return look.look(
          { number: first + position, bytes, at, length, lines, ...fresh },
          base?.state ?? nothing,
        );
      },
      fail: (position, isTooMuch) => {
        if (isTooMuch) look.skip(first + position, tooMuchReason);
        else if (table.bases[position] === -1 && (table.lengths[position] ?? 0) > eyes.maxBytes)
          look.skip(first + position, eyes.tooLarge);
        else failed.push(first + position);
      },
    }),
    nothing,
  );
}

function treeVisitor(
  collector: TreeCollector,
  first: number,
  kernel: Kernel,
  failed: number[],
): Visitor<number> {
  return {
    visit: (tree, base) => collector.addBuilt(first + tree.position, kernel, tree, base),
    fail: (position) => void failed.push(first + position),
  };
}

function nameVisitor(
  collector: NamedCollector,
  first: number,
  kernel: Kernel,
  failed: number[],
): Visitor<undefined> {
  return {
    visit: (tree, base) => {
      collector.addBuilt(kernel, tree, base);
      return undefined;
    },
    fail: (position) => void failed.push(first + position),
  };
}

function commitVisitor(collector: CommitCollector, first: number, failed: number[]): Visitor<undefined> {
  const bytes = ownKernel?.bytes ?? Buffer.alloc(0);
  return {
    visit: ({ position, at, length }) => {
      collector.add(first + position, bytes.subarray(at, at + length));
      return undefined;
    },
    fail: (position) => void failed.push(first + position),
  };
}

async function walkAll<State>(
  { packs, forests, taken, tell }: Round,
  context: number,
  open: (pack: Common['packs'][number], kernel: Kernel) => Visitor<State>,
  initial: State,
): Promise<void> {
  const kernel = ownKernel;
  const total = forests.reduce((sum, { roots }) => sum + roots.length, 0);
  let told = 0;
  for (const [n, pack] of packs.entries()) {
    const { table } = pack;
    const forest = forests[n];
    const file = openRandomFile(table.path);
    if (forest === undefined || kernel === undefined || file === undefined) continue;
    const visitor = open(pack, kernel);
    const walk = createWalk({ table, forest, file, kernel, visitor, contextFor: () => context, initial });
    for (let at = take(n); at < forest.roots.length; at = take(n)) {
      for (const root of forest.roots.subarray(at, at + BATCH)) walk(root);
      if (tell === undefined || performance.now() - told < TELL_MS) continue;
      told = performance.now();
      tell(taken.reduce((sum, count) => sum + count, 0) / total);
      await pause();
    }
    file.close();
  }

  function take(n: number): number {
    return Atomics.add(taken, n, BATCH);
  }
}
