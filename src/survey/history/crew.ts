import type { Forest } from '../../sources/git/forest.ts';
import { toForest } from '../../sources/git/forest.ts';
import type { Objects } from '../../sources/git/objects.ts';
import { runJob, type Common, type Done, type Job } from './job.ts';

/** Those who do jobs: this thread, and others where they are worth their start. */
export interface Crew {
  readonly run: (job: Job) => Promise<readonly Done[]>;
  readonly close: () => Promise<void>;
}

/** Makes a crew of this thread alone. */
export function createCrew(): Crew {
  return { run: (job) => Promise.resolve([runJob(job, 0)]), close: () => Promise.resolve() };
}

/** Makes what a job over one kind of packed objects shares. */
export function toCommon(objects: Objects, kind: number): Common {
  const packs = objects.packs.map(({ table, first }) => ({ table, first }));
  const forests: readonly Forest[] = packs.map(({ table }) => toForest(table, kind));
  return {
    packs,
    loose: objects.loose.map(([name]) => name),
    nameBytes: objects.nameBytes,
    forests,
    taken: new Int32Array(new SharedArrayBuffer(Math.max(4, packs.length * 4))),
  };
}
