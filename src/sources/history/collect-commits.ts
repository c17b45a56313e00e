import { createInts, type IntList } from '../git/ints.ts';
import { parseCommit } from '../git/commit.ts';

/** Commits with numbers of objects in place of names. */
export interface Commits {
  /** For each: its number, its tree's number, how many parents, and their numbers; -1 for what is not here. */
  readonly rows: IntList;
  /** Seconds since 1970 at which each was committed, in the same order. */
  readonly times: Float64Array;
}

export interface CommitCollector {
  readonly add: (number: number, body: Buffer) => void;
  readonly done: () => Commits;
}

/** Makes a collector of commits. `find` gives the number of an object by its name. */
export function createCommitCollector(find: (name: Uint8Array) => number): CommitCollector {
  const rows = createInts();
  const times: number[] = [];
  return {
    add: (number, body) => {
      const commit = parseCommit(body);
      if (commit === undefined) return;
      rows.push(number);
      rows.push(find(Buffer.from(commit.tree, 'hex')));
      rows.push(commit.parents.length);
      for (const parent of commit.parents) rows.push(find(Buffer.from(parent, 'hex')));
      times.push(commit.committedAt);
    },
    done: () => ({ rows: rows.done(), times: Float64Array.from(times) }),
  };
}
