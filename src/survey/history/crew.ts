import { startThread, threadCount, type Thread } from '../../lib/threads.ts';
import { toForest } from '../../sources/git/forest.ts';
import type { Objects } from '../../sources/git/objects.ts';
import { releaseKernel, runJob, type Common, type Done, type Job, type Question } from './job.ts';

/** Those who do jobs: this thread, and others where they are worth their start. */
export interface Crew {
  /** Gives what each of them has done, this thread first. */
  readonly run: (job: Job) => Promise<readonly Done[]>;
  /** Ends the other threads and gives memory back. Safe to repeat. */
  readonly close: () => Promise<void>;
}

/** Objects from which on a second thread is worth its start and its memory. */
const MANY = 20_000;
/** More of them need more memory than most machines that check code have. */
const USUAL = 2;

const telling = {
  blobs: 'looking at every version of every file',
  commits: 'following commits',
  names: 'finding files that their names tell of',
  trees: 'finding where and when secrets came',
} as const;

/** Makes a crew for a repository, of so many threads where that is said. What is being done is said now and then. */
export function createCrew(objects: Objects, threads: number | undefined, say: (text: string) => void): Crew {
  const count = threads ?? (objects.count < MANY ? 1 : threadCount(USUAL));
  const others: Thread<Question, Done>[] = [];
  for (let n = 1; n < count; n += 1) {
    const thread = startThread<Question, Done>('history');
    if (thread !== undefined) others.push(thread);
  }
  return {
    run: async (job) => {
      const theirs = Promise.all(others.map((thread, n) => thread.ask({ job, part: n + 1 })));
      const own = await runJob(job, 0, (share) => say(`${telling[job.task]}: ${Math.floor(share * 100)} %`));
      return [own, ...(await theirs)];
    },
    close: async () => {
      releaseKernel();
      await Promise.all(others.map((thread) => thread.close()));
    },
  };
}

/** Makes what a job over one kind of packed objects shares. */
export function toCommon(objects: Objects, kind: number): Common {
  const packs = objects.packs.map(({ table, first }) => ({ table, first }));
  return {
    packs,
    loose: objects.loose.map(([name]) => name),
    nameBytes: objects.nameBytes,
    forests: packs.map(({ table }) => toForest(table, kind)),
    taken: new Int32Array(new SharedArrayBuffer(Math.max(4, packs.length * 4))),
  };
}
