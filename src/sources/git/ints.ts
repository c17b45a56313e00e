/** A list of 32-bit integers that grows by pieces: nothing is copied, and threads may share them. */
export interface Ints {
  readonly push: (value: number) => void;
  readonly set: (at: number, value: number) => void;
  readonly get: (at: number) => number;
  readonly length: number;
  readonly done: () => IntList;
}

/** What was gathered, in memory that threads share. */
export interface IntList {
  readonly pieces: readonly Int32Array[];
  readonly length: number;
}

const PIECE_BITS = 16;
const PIECE = 1 << PIECE_BITS;
const WITHIN = PIECE - 1;

export function createInts(): Ints {
  const pieces: Int32Array[] = [];
  let length = 0;
  const get = (at: number): number => pieces[at >>> PIECE_BITS]?.[at & WITHIN] ?? 0;
  const set = (at: number, value: number): void => {
    const piece = pieces[at >>> PIECE_BITS];
    if (piece !== undefined) piece[at & WITHIN] = value;
  };
  return {
    push: (value) => {
      if ((length & WITHIN) === 0) pieces.push(new Int32Array(new SharedArrayBuffer(PIECE * 4)));
      set(length++, value);
    },
    set,
    get,
    get length() {
      return length;
    },
    done: () => ({ pieces: pieces.map((piece, n) => piece.subarray(0, length - n * PIECE)), length }),
  };
}

/** One integer of a list; 0 beyond its end. */
export function intAt({ pieces }: IntList, at: number): number {
  return pieces[at >>> PIECE_BITS]?.[at & WITHIN] ?? 0;
}
