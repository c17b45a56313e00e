import type { Match, RuleSet } from '../../detect/index.ts';
import { letHeapGrow } from '../../lib/heap.ts';
import { startThread, threadCount } from '../../lib/threads.ts';
import type { Rule } from '../../model/rule.ts';
import { Secret } from '../../model/secret.ts';
import type { TextSource } from '../../sources/types.ts';
import type { Looked, Looker, Yield } from './looker.ts';

/** Files of a tree that several threads look at; they take stretches of them in turn. */
export interface Shared {
  readonly rules: readonly Rule[];
  readonly kind: TextSource['kind'];
  readonly root: string;
  readonly maxBytes: number;
  readonly below: string;
  readonly paths: readonly string[];
  /** Number of the next file that nobody has taken, in memory that all threads see. */
  readonly next: Int32Array;
}

/** What a thread found, as it goes to another one: a rule by its id, a value as it is. */
export interface Packed extends Omit<Yield, 'looked'> {
  readonly looked: readonly (Omit<Looked, 'seen'> & { readonly seen: readonly PackedSeen[] })[];
}

type PackedSeen = Omit<Looked['seen'][number], 'matches'> & { readonly matches: readonly PackedMatch[] };
type PackedMatch = Omit<Match, 'rule' | 'value'> & { readonly rule: string; readonly value: string | null };

/** Files from which on a second thread is worth its start. */
const MANY = 6_000;
const STRETCH = 32;

/** Looks at the files that nobody has taken, until there are none. */
export async function lookInTurn(
  looker: Looker,
  { paths, next }: Pick<Shared, 'paths' | 'next'>,
): Promise<void> {
  for (let from = take(next); from < paths.length; from = take(next)) {
    for (let at = from; at < Math.min(from + STRETCH, paths.length); at += 1) {
      const looking = looker.look(paths[at] ?? '', at);
      if (looking !== undefined) await looking;
    }
  }
}

function take(next: Int32Array): number {
  return Atomics.add(next, 0, STRETCH);
}

/** A thread that looks at its part of the files. */
export interface Second {
  /** Shared with it: number of the next file that nobody has taken. */
  readonly next: Int32Array;
  /** Gives what it found, once no file is left; undefined where it failed. */
  readonly found: () => Promise<Packed | undefined>;
}

/** Starts a second thread for a large tree; undefined where it is not worth it, or where there is none. */
export function startSecond(
  { files, kind }: Pick<TextSource, 'files' | 'kind'>,
  {
    paths,
    rules,
    below,
  }: { readonly paths: readonly string[]; readonly rules: RuleSet; readonly below: string },
): Second | undefined {
  // Rules of other scanners cannot be handed on.
  const isWorth = paths.length >= MANY && threadCount(2) > 1 && rules.foreign.length === 0;
  if (files === undefined || !isWorth) return undefined;
  letHeapGrow();
  const thread = startThread<Shared, Packed>('look');
  if (thread === undefined) return undefined;
  const next = new Int32Array(new SharedArrayBuffer(4));
  const answer = thread.ask({ rules: rules.all, kind, ...files, below, paths, next }).catch(() => undefined);
  return { next, found: () => answer.finally(thread.close) };
}

/** Makes what was found ready for another thread of this process. */
export function pack({ looked, ...others }: Yield): Packed {
  return {
    ...others,
    looked: looked.map(({ seen, ...rest }) => ({
      ...rest,
      seen: seen.map((one) => ({
        ...one,
        matches: one.matches.map((match) => ({
          ...match,
          rule: match.rule.id,
          value: match.value?.open() ?? null,
        })),
      })),
    })),
  };
}

/** Takes what another thread found, by the rules that both know. */
export function unpack({ looked, ...others }: Packed, rules: RuleSet): Yield {
  const known = (id: string): Rule => {
    const rule = rules.byId(id);
    if (rule === undefined) throw new TypeError(`a thread found something by the unknown rule ${id}`);
    return rule;
  };
  const unpacked = looked.map(({ seen, ...rest }) => ({
    ...rest,
    seen: seen.map((one) => ({
      ...one,
      matches: one.matches.map(({ rule, value, ...match }) => ({
        ...match,
        rule: known(rule),
        value: value === null ? null : new Secret(value),
      })),
    })),
  }));
  return { ...others, looked: unpacked };
}
