import { startWasm } from '../../lib/wasm.ts';

/**
 * Lists the lines around a change that are to be looked at. What was looked at before in the same neighbourhood, and
 * settled, is left out while that is remembered, and so are lines in which no value can stand.
 */
export interface Lines {
  /** Says which texts count; before the first list. */
  readonly watch: (marks: LineMarks) => void;
  /** Lists stretches of lines around bytes `from` to `to` of an object at `at`; gives how many. */
  readonly list: (object: Stretch, from: number, to: number) => number;
  /** From and to of each stretch, within the object, four integers apart. */
  readonly stretches: Int32Array;
  /** Says that nothing was found in a stretch of the last list. */
  readonly settle: (stretch: number) => void;
}

/** Texts that count beside a value, each with what it says: bits 8 to 256, as `lines.as.ts` names them. */
export interface LineMarks {
  readonly tables: {
    readonly first: Uint16Array;
    readonly links: Int32Array;
    readonly letters: Uint8Array;
    readonly starts: Int32Array;
  };
  readonly classes: Uint16Array;
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
const SEXTETS_AT = 256;
const GRAMS_AT = 512;
const TEXTS_ROOM = 512 << 10;
const LINES_AT = TEXTS_ROOM;
const TABLES_AT = LINES_AT + (2 << 20);
/** Bytes that it takes. */
export const LINES_ROOM = TABLES_AT + 2 * 8 * TABLE_SIZE;

/**
 * What a byte is to a value: 0 ends it, 1 is a letter, 2 a digit or a sign that words do not hold, 3 joins words; 16
 * more where it may stand in a token.
 */
const kinds = Uint8Array.from({ length: 256 }, (_, code) => {
  const letter = String.fromCharCode(code);
  const inToken = Number(code < 128 && /[\w+/=-]/.test(letter)) * 16;
  if (code >= 128 || /\w/.test(letter)) return inToken + (/\d/.test(letter) ? 2 : 1);
  return inToken + ('-./~:'.includes(letter) ? 3 : Number('+@!#%^&*?$'.includes(letter)) * 2);
});

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const sextets = Uint8Array.from({ length: 256 }, (_, code) => {
  const letter = String.fromCharCode(code);
  const sign = '+/-_'.indexOf(letter);
  const value = sign === -1 ? alphabet.indexOf(letter) : 62 + (sign % 2);
  return value === -1 ? 255 : value;
});

/** What `lines.as.ts` exports. */
interface Compiled {
  readonly initTexts: (...numbers: readonly number[]) => void;
  readonly initLines: (...numbers: readonly number[]) => void;
  readonly stretchesAt: () => number;
  readonly listStretches: (at: number, length: number, from: number, to: number) => number;
  readonly settle: (stretch: number) => void;
}

/** Makes the compiled one, in a memory from an offset on; undefined where it is not there. */
export function createCompiledLines(memory: WebAssembly.Memory, at: number): Lines | undefined {
  const exports = startWasm<Compiled>('lines', memory);
  if (exports === undefined) return undefined;
  exports.initLines(at + LINES_AT, LINE_ROOM, at + TABLES_AT, TABLE_SIZE);
  const { settle, listStretches } = exports;
  return {
    watch: (marks) => exports.initTexts(...placeTexts(new Uint8Array(memory.buffer, at, TEXTS_ROOM), marks)),
    list: (object, from, to) => listStretches(object.at, object.length, from, to),
    stretches: new Int32Array(memory.buffer, exports.stretchesAt(), LINE_ROOM * STRETCH),
    settle,
  };
}

/** Gives where each table is, in the order of `initTexts`. Too many texts throw a `RangeError`. */
function placeTexts(room: Uint8Array<ArrayBuffer>, { tables, classes }: LineMarks): readonly number[] {
  room.set(kinds, 0);
  room.set(sextets, SEXTETS_AT);
  let next = GRAMS_AT;
  const parts = [tables.first, tables.links, tables.letters, tables.starts, classes, tailsOf(tables)];
  const places = parts.map((table) => {
    const place = next;
    room.set(bytesOf(table), place);
    next = (place + table.byteLength + 3) & ~3;
    return room.byteOffset + place;
  });
  return [room.byteOffset, room.byteOffset + SEXTETS_AT, ...places];
}

/** Bits of hashes of three bytes: those with which a gram of some text ends. */
function tailsOf({ links, letters, starts }: LineMarks['tables']): Uint8Array {
  const bits = new Uint8Array(1 << 13);
  for (let link = 3; link < links.length; link += 3) {
    const last = (starts[links[link + 1] ?? 0] ?? 0) + (links[link + 2] ?? 0);
    const at = (back: number): number => (letters[last - back] ?? 0) | 0x20;
    const bit = Math.imul((at(2) << 16) | (at(1) << 8) | at(0), MULTIPLIER) >>> 16;
    bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
  return bits;
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

const MULTIPLIER = 0x9e3779b1;

/** Bytes around a change within which its neighbours stand. */
const REACH = 2000;

/** Makes one that lists every change with all that may be near: the same is found, in more time. */
export function createPlainLines(): Lines {
  const stretches = new Int32Array(STRETCH);
  return {
    watch: () => undefined,
    list: ({ length }, from, to) => {
      stretches[0] = Math.max(0, from - REACH);
      stretches[1] = Math.min(length, to + REACH);
      return 1;
    },
    stretches,
    settle: () => undefined,
  };
}
