import { toRuleSet, type RuleSet } from '../../detect/index.ts';
import { startThread, threadCount } from '../../lib/threads.ts';
import { TreeReader } from '../../lib/tree-reader.ts';
import type { Rule } from '../../model/rule.ts';
import type { TextSource } from '../../sources/types.ts';
import { createSieve, type Sieve } from '../sieve.ts';

/** Files of a tree that several threads sift together; they take stretches of them in turn. */
export interface Sifting {
  readonly rules: readonly Rule[];
  readonly root: string;
  readonly maxBytes: number;
  readonly paths: readonly string[];
  /** Shared: number of the next file that nobody has taken. */
  readonly next: Int32Array;
  /** Shared: by file, 1 where nothing is in it. */
  readonly empty: Uint8Array;
}

/** Files from which on a second thread is worth its start. */
const MANY = 6_000;
const STRETCH = 128;

/** Marks files in which nothing is, and gives how many bytes they have. One that cannot be read is left unmarked. */
export function sift({ rules, root, maxBytes, paths, next, empty }: Sifting, known?: Sieve): number {
  const sieve = known ?? createSieve(toRuleSet(rules));
  const reader = new TreeReader();
  let bytes = 0;
  for (let from = take(next); from < paths.length; from = take(next)) {
    for (let n = from; n < Math.min(from + STRETCH, paths.length); n += 1) {
      const path = paths[n] ?? '';
      const content = reader.read(`${root}/${path}`, maxBytes);
      if (!('bytes' in content) || sieve(content.bytes, path) !== undefined) continue;
      empty[n] = 1;
      bytes += content.bytes.length;
    }
  }
  return bytes;
}

function take(next: Int32Array): number {
  return Atomics.add(next, 0, STRETCH);
}

/**
 * Sifts the files of a large tree with a second thread: gives which are empty, and their bytes. Undefined for a tree
 * that is too small, is no plain folder, or where there is no thread. What a thread that fails had taken is unmarked.
 */
export async function siftTogether(
  { files }: TextSource,
  paths: readonly string[],
  rules: RuleSet,
  sieve: Sieve,
): Promise<{ readonly empty: Uint8Array; readonly bytes: number } | undefined> {
  // Rules of other scanners leave nothing to sift.
  const isWorth = paths.length >= MANY && threadCount(2) > 1 && rules.foreign.length === 0;
  if (files === undefined || !isWorth) return undefined;
  const thread = startThread<Sifting, number>('sift');
  if (thread === undefined) return undefined;
  const job = {
    rules: rules.all,
    ...files,
    paths,
    next: new Int32Array(new SharedArrayBuffer(4)),
    empty: new Uint8Array(new SharedArrayBuffer(paths.length)),
  };
  const theirs = thread.ask(job).catch(() => 0);
  const own = sift(job, sieve);
  const bytes = own + (await theirs);
  await thread.close();
  return { empty: job.empty, bytes };
}
