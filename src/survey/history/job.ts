import { openRandomFile } from '../../lib/random-file.ts';
import { toRuleSet, type RuleSet } from '../../detect/index.ts';
import type { Rule } from '../../model/rule.ts';
import { createKernel, type Kernel } from '../../sources/git/kernel.ts';
import { createFind, type NamedObjects } from '../../sources/git/find.ts';
import type { Forest } from '../../sources/git/forest.ts';
import { createWalk, WALK_ROOM, type Visitor } from '../../sources/git/walk-forest.ts';
import {
  createCommitCollector,
  type CommitCollector,
  type Commits,
} from '../../sources/history/collect-commits.ts';
import {
  createTreeCollector,
  type Sought,
  type TreeCollector,
  type TreePart,
} from '../../sources/history/collect-trees.ts';
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
  | { readonly task: 'commits'; readonly common: Common };

export interface BlobEyes {
  readonly rules: readonly Rule[];
  readonly maxBytes: number;
  readonly tooLarge: string;
  /** Bytes around a change that are looked at with it. */
  readonly context: number;
}

export type Done =
  | { readonly task: 'blobs'; readonly hits: BlobHits; readonly failed: readonly number[] }
  | { readonly task: 'trees'; readonly part: TreePart; readonly failed: readonly number[] }
  | { readonly task: 'commits'; readonly commits: Commits; readonly failed: readonly number[] };

/** Roots that a thread takes at once. */
const BATCH = 16;

let ownKernel: Kernel | undefined;

/** Does a job in this thread, as the given part, sharing the work with all who run the same job. */
export function runJob(job: Job, part: number): Done {
  const failed: number[] = [];
  ownKernel ??= createKernel(WALK_ROOM);
  if (job.task === 'blobs') {
    const look = openLook(job.eyes);
    walkBlobs(job, look, failed);
    return { task: 'blobs', hits: look.done(), failed };
  }
  const find = createFind(job.common);
  if (job.task === 'trees') {
    const collector = createTreeCollector(job.sought, part, find);
    walkAll(job.common, 0, (first) => treeVisitor(collector, first, failed), undefined);
    return { task: 'trees', part: collector.done(), failed };
  }
  const collector = createCommitCollector(find);
  walkAll(job.common, 0, (first) => commitVisitor(collector, first, failed), undefined);
  return { task: 'commits', commits: collector.done(), failed };
}

let ruleSet: { readonly rules: readonly Rule[]; readonly set: RuleSet } | undefined;

export function openLook({ rules, maxBytes, tooLarge }: BlobEyes): BlobLook {
  if (ruleSet?.rules !== rules) ruleSet = { rules, set: toRuleSet(rules) };
  return createBlobLook(ruleSet.set, maxBytes, tooLarge);
}

function walkBlobs(job: Job & { readonly task: 'blobs' }, look: BlobLook, failed: number[]): void {
  walkAll<BlobState>(
    job.common,
    job.eyes.context,
    (first, { bytes, windows }) => ({
      visit: ({ position, at, length }, base) =>
        look.look(
          { number: first + position, bytes, at, length, ...(base === undefined ? {} : { windows }) },
          base?.state ?? nothing,
        ),
      fail: (position) => void failed.push(first + position),
    }),
    nothing,
  );
}

function treeVisitor(collector: TreeCollector, first: number, failed: number[]): Visitor<undefined> {
  const bytes = ownKernel?.bytes ?? Buffer.alloc(0);
  return {
    visit: ({ position, at, length }) => {
      collector.add(first + position, bytes, at, length);
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

function walkAll<State>(
  { packs, forests, taken }: Common,
  context: number,
  open: (first: number, kernel: Kernel) => Visitor<State>,
  initial: State,
): void {
  const kernel = ownKernel;
  packs.forEach(({ table, first }, n) => {
    const forest = forests[n];
    const file = openRandomFile(table.path);
    if (forest === undefined || kernel === undefined || file === undefined) return;
    const visitor = open(first, kernel);
    const walk = createWalk({
      table,
      forest,
      file,
      kernel,
      visitor,
      contextFor: () => context,
      initial,
    });
    for (let at = Atomics.add(taken, n, BATCH); at < forest.roots.length; at = Atomics.add(taken, n, BATCH))
      for (const root of forest.roots.subarray(at, at + BATCH)) walk(root);
    file.close();
  });
}
