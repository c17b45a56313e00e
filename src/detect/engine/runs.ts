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
