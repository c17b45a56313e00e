import { startWasm } from '../../lib/wasm.ts';

/**
 * Lists the lines around a change that are to be looked at. What was looked at before in the same neighbourhood, and
 * settled, is left out while that is remembered, and so are lines in which no value can stand.
 */
export interface Lines {
  /** Lists stretches of lines around bytes `from` to `to` of an object at `at`; gives how many. */
  readonly list: (object: Stretch, from: number, to: number) => number;
  /** From and to of each stretch, within the object, four integers apart. */
  readonly stretches: Int32Array;
  /** Says that nothing was found in a stretch of the last list. */
  readonly settle: (stretch: number) => void;
}

interface Stretch {
  readonly at: number;
  readonly length: number;
}

/** Integers from one stretch to the next. */
export const STRETCH = 4;
/** Bytes of a change that are listed at once. */
export const MOST_LISTED = 60_000;

const LINE_ROOM = 1 << 16;
const TABLE_SIZE = 1 << 20;
const TABLE_AT = 4096;
const LINES_AT = TABLE_AT + TABLE_SIZE * 8;
/** Bytes that it takes. */
export const LINES_ROOM = LINES_AT + (2 << 20);

/** What a byte is to a value: 0 ends it, 1 is a letter, 2 a digit or a sign that words do not hold, 3 joins words. */
const kinds = Uint8Array.from({ length: 256 }, (_, code) => {
  const letter = String.fromCharCode(code);
  if (code >= 128 || /\w/.test(letter)) return /\d/.test(letter) ? 2 : 1;
  return '-./~:'.includes(letter) ? 3 : Number('+@!#%^&*?$'.includes(letter)) * 2;
});

/** What `lines.as.ts` exports. */
interface Compiled {
  readonly initLines: (...numbers: readonly number[]) => void;
  readonly stretchesAt: () => number;
  readonly listStretches: (at: number, length: number, from: number, to: number) => number;
  readonly settle: (stretch: number) => void;
}

/** Makes the compiled one, in a memory from an offset on; undefined where it is not there. */
export function createCompiledLines(memory: WebAssembly.Memory, at: number): Lines | undefined {
  const exports = startWasm<Compiled>('lines', memory);
  if (exports === undefined) return undefined;
  new Uint8Array(memory.buffer, at, kinds.length).set(kinds);
  exports.initLines(at, at + LINES_AT, LINE_ROOM, at + TABLE_AT, TABLE_SIZE);
  const { settle, listStretches } = exports;
  return {
    list: (object, from, to) => listStretches(object.at, object.length, from, to),
    stretches: new Int32Array(memory.buffer, exports.stretchesAt(), LINE_ROOM),
    settle,
  };
}

/** Bytes around a change within which its neighbours stand. */
const REACH = 2000;

/** Makes one that lists every change with all that may be near: the same is found, in more time. */
export function createPlainLines(bytes: Buffer): Lines {
  const stretches = new Int32Array(STRETCH);
  return {
    list: ({ length }, from, to) => {
      stretches[0] = Math.max(0, from - REACH);
      stretches[1] = Math.min(length, to + REACH);
      return bytes.length > 0 ? 1 : 0;
    },
    stretches,
    settle: () => undefined,
  };
}
