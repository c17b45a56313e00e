import { doubled } from './grow.ts';

/** What a byte is to a value: 0 ends it, 1 is a letter, 2 a digit or a sign that words do not hold, 3 joins words. */
const kinds = toKinds();

/** A word beyond this is worth a look whatever it holds. */
const LONG = 24;
const SHORT = 8;

function toKinds(): Uint8Array {
  const table = new Uint8Array(256);
  const set = (letters: string, kind: number): void => {
    for (const letter of letters) table[letter.charCodeAt(0)] = kind;
  };
  for (let code = 65; code <= 90; code += 1) table[code] = table[code + 32] = 1;
  set('_', 1);
  set('-./~', 3);
  set('0123456789+@!#%^&*?$', 2);
  table.fill(1, 128);
  return table;
}

/** Tells whether a run of bytes that may be a value begins within a range; asked with rising offsets. */
export class RunFinder {
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;
  #from = 0;
  #next = -1;

  reset(bytes: Uint8Array, end: number): void {
    this.#bytes = bytes;
    this.#end = end;
    this.#from = 0;
    this.#next = -1;
  }

  /** What was passed over before is not looked at again. */
  has(from: number, to: number): boolean {
    if (this.#next < from) this.#search(Math.max(from, this.#from), to);
    return this.#next >= from && this.#next < to;
  }

  #search(from: number, to: number): void {
    const bytes = this.#bytes;
    let at = from;
    while (at < to) {
      const end = this.#runEnd(at);
      if (end < 0) {
        this.#next = at;
        this.#from = at;
        return;
      }
      at = end + 1;
    }
    this.#from = Math.min(at, bytes.length);
  }

  /** Where a run ends that is no value; -1 for one that may be. */
  #runEnd(start: number): number {
    const bytes = this.#bytes;
    let marked = false;
    let word = start;
    let at = start;
    for (; at < this.#end; at += 1) {
      const kind = kinds[bytes[at] ?? 0];
      if (kind === 0) break;
      if (kind === 2) marked = true;
      if (kind === 3) word = at + 1;
      if (at - word >= LONG || (marked && at - start >= SHORT)) return -1;
    }
    return marked && at - start >= SHORT ? -1 : at;
  }
}

/** Shorter runs are too common to tell anything. */
const LEAST_LONG = 16;

/** What tokens are made of. */
const inToken = Uint8Array.from({ length: 256 }, (_, code) =>
  Number(/[\w+/=-]/.test(String.fromCharCode(code))),
);

/** Knows where many characters of tokens stand in a row; finds them out when first asked. */
export class LongRuns {
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #count = -1;
  #starts = new Int32Array(256);
  #ends = new Int32Array(256);

  reset(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#count = -1;
  }

  /** Says whether as many characters in a row stand within a range; of few, it is not known and taken as true. */
  covers(from: number, to: number, least: number): boolean {
    if (least < LEAST_LONG) return true;
    if (this.#count < 0) this.#findAll();
    for (let n = this.#firstEndingAfter(from); n < this.#count; n += 1) {
      const start = this.#starts[n] ?? 0;
      if (start >= to) return false;
      if (Math.min(this.#ends[n] ?? 0, to) - Math.max(start, from) >= least) return true;
    }
    return false;
  }

  #firstEndingAfter(at: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Every long run holds one of each sixteenth bytes: most of the others are never looked at. */
  #findAll(): void {
    const bytes = this.#bytes;
    this.#count = 0;
    for (let at = this.#start + LEAST_LONG - 1; at < this.#end; at += LEAST_LONG) {
      if (inToken[bytes[at] ?? 0] === 0) continue;
      let from = at;
      while (from > this.#start && inToken[bytes[from - 1] ?? 0] === 1) from -= 1;
      let to = at + 1;
      while (to < this.#end && inToken[bytes[to] ?? 0] === 1) to += 1;
      if (to - from >= LEAST_LONG) this.#add(from, to);
      at += Math.floor((to - at) / LEAST_LONG) * LEAST_LONG;
    }
  }

  #add(start: number, end: number): void {
    if (this.#count > 0 && this.#starts[this.#count - 1] === start) return;
    if (this.#count === this.#starts.length) {
      this.#starts = doubled(this.#starts);
      this.#ends = doubled(this.#ends);
    }
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = end;
    this.#count += 1;
  }
}
