/** A list of 32-bit integers that grows. */
export interface Ints {
  readonly push: (value: number) => void;
  readonly set: (at: number, value: number) => void;
  readonly get: (at: number) => number;
  length: number;
  /** The integers, in memory of their own. */
  readonly done: () => Int32Array;
}

export function createInts(room = 1024): Ints {
  let held = new Int32Array(room);
  const ints: Ints = {
    length: 0,
    push: (value) => {
      if (ints.length === held.length) {
        const larger = new Int32Array(held.length * 2);
        larger.set(held);
        held = larger;
      }
      held[ints.length++] = value;
    },
    set: (at, value) => {
      held[at] = value;
    },
    get: (at) => held[at] ?? 0,
    done: () => held.slice(0, ints.length),
  };
  return ints;
}
