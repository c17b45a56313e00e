/** A small generator of our own, so that the same seed draws the same on every machine (mulberry32). */
export interface Random {
  /** From 0 up to but not 1. */
  readonly next: () => number;
  /** A whole number from 0 up to but not `below`. */
  readonly below: (below: number) => number;
  readonly pick: <T>(list: readonly T[]) => T;
  readonly chance: (share: number) => boolean;
  readonly text: (alphabet: string, length: number) => string;
}

export function toRandom(seed: number): Random {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  function below(limit: number): number {
    return Math.floor(next() * limit);
  }
  function pick<T>(list: readonly T[]): T {
    const one = list[below(list.length)];
    if (one === undefined) throw new RangeError('nothing to pick from');
    return one;
  }
  return {
    next,
    below,
    pick,
    chance: (share) => next() < share,
    text: (alphabet, length) =>
      Array.from({ length }, () => alphabet.charAt(below(alphabet.length))).join(''),
  };
}
