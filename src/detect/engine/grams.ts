import { doubled } from './grow.ts';

/** Where texts were found, in the order in which they end. Good until the next search. */
export interface Hits {
  readonly count: number;
  /** Number of each text, and offset of its first byte. */
  readonly texts: Int32Array;
  readonly offsets: Int32Array;
}

/** Looks for many texts at once, each whole within bytes `start` to `end`. Not safe to share between threads. */
export interface Finder {
  readonly find: (bytes: Uint8Array, start: number, end: number) => Hits;
}

/** Bits of a hash of four bytes. */
const GRAM_BITS = 15;
const MULTIPLIER = 0x9e3779b1;
/** Bits that a product is moved by to be a hash. */
export const SHIFT = 32 - GRAM_BITS;
const LONGEST_GRAM = 4;
/** The last three bytes of a gram, and where their hashes are. */
const TAIL = 0xffffff;
const SHORT = 1 << GRAM_BITS;

/** What looking for texts needs: for each hash of some bytes a chain of texts that hold them at a known place. */
export interface GramTables {
  /** By hash of four bytes, and behind those by hash of three: number of the first link, 0 for none. */
  readonly first: Uint16Array;
  /** By link: next link, text, and place of the gram's last byte in the text. */
  readonly links: Int32Array;
  /** All texts, one after the other, in lower case, and where each begins. */
  readonly letters: Uint8Array;
  readonly starts: Int32Array;
}

/** Lower case of a byte, ASCII only. */
const lower = Uint8Array.from({ length: 256 }, (_, code) => (code >= 65 && code <= 90 ? code + 32 : code));

/** Hashes up to four bytes, the last in the lowest eight bits, each with the bit of lower case set. */
function hashOf(gram: number): number {
  return Math.imul(gram, MULTIPLIER) >>> SHIFT;
}

/** Bytes that stand seldom in text come first; the gram of a text is where they gather. */
const rarity = toRarity('etaoinsr_lcdhupmf.-"g/yb= wkvx0123456789jqz');

function toRarity(byCommonness: string): Uint8Array {
  const rare = new Uint8Array(256).fill(byCommonness.length);
  for (let at = 0; at < byCommonness.length; at += 1) rare[byCommonness.charCodeAt(at)] = at;
  return rare;
}

/** Makes tables for lower-case ASCII texts of three bytes at least. */
export function toGramTables(texts: readonly string[]): GramTables {
  const first = new Uint16Array(2 << GRAM_BITS);
  const links: number[] = [0, 0, 0];
  for (const [number, text] of texts.entries()) {
    const bytes = Buffer.from(text, 'latin1');
    const last = lastOfGram(bytes);
    const hash = placeOf(bytes, last);
    links.push(first[hash] ?? 0, number, last);
    first[hash] = links.length / 3 - 1;
  }
  return withLetters({ first, links: Int32Array.from(links) }, texts);
}

/** Puts the texts that tables were made for to them. */
export function withLetters(
  tables: Pick<GramTables, 'first' | 'links'>,
  texts: readonly string[],
): GramTables {
  const starts = new Int32Array(texts.length + 1);
  for (const [number, text] of texts.entries()) starts[number + 1] = (starts[number] ?? 0) + text.length;
  return { ...tables, letters: Buffer.from(texts.join(''), 'latin1'), starts };
}

/** Takes the four bytes in a row that stand most seldom in text. */
function lastOfGram(bytes: Uint8Array): number {
  let best = Math.min(LONGEST_GRAM, bytes.length) - 1;
  let bestScore = -1;
  for (let last = LONGEST_GRAM - 1; last < bytes.length; last += 1) {
    let score = 0;
    for (let at = last - LONGEST_GRAM + 1; at <= last; at += 1) score += rarity[bytes[at] ?? 0] ?? 0;
    if (score > bestScore) {
      best = last;
      bestScore = score;
    }
  }
  return best;
}

/** Where the chain of a gram begins. */
function placeOf(bytes: Uint8Array, last: number): number {
  const at = (back: number): number => (bytes[last - back] ?? 0) | 0x20;
  const tail = (at(2) << 16) | (at(1) << 8) | at(0);
  return last >= LONGEST_GRAM - 1 ? hashOf((at(3) << 24) | tail) : SHORT + hashOf(tail);
}

/** Makes a finder in plain JavaScript. Of `idle` texts, given by number, the first hit of each search is enough. */
export function toFinder(tables: GramTables, idle: readonly number[] = []): Finder {
  const hits = new HitList();
  const flags = new Uint8Array(tables.starts.length);
  return {
    find: (bytes, start, end) => {
      for (const text of idle) flags[text] = WANTED_ONCE;
      return findIn(tables, { bytes, start, end, flags }, hits);
    },
  };
}

const WANTED_ONCE = 1;
const HAD = 2;

class HitList implements Hits {
  count = 0;
  texts = new Int32Array(4096);
  offsets = new Int32Array(4096);

  push(text: number, offset: number): void {
    if (this.count === this.texts.length) {
      this.texts = doubled(this.texts);
      this.offsets = doubled(this.offsets);
    }
    this.texts[this.count] = text;
    this.offsets[this.count] = offset;
    this.count += 1;
  }
}

interface Stretch {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** By text: 1 where one hit is enough, 2 where that was had. */
  readonly flags: Uint8Array;
}

/** The loop that every byte of a scan passes; all else happens at a thousandth of them. */
function findIn(tables: GramTables, stretch: Stretch, hits: HitList): Hits {
  const { first } = tables;
  const { bytes, start, end } = stretch;
  hits.count = 0;
  let gram = 0x20202020;
  for (let at = start; at < end; at += 1) {
    gram = (gram << 8) | (bytes[at] ?? 0) | 0x20;
    const link = first[Math.imul(gram, MULTIPLIER) >>> SHIFT] ?? 0;
    if (link !== 0) verify(tables, stretch, { at, link }, hits);
    const short = first[SHORT + (Math.imul(gram & TAIL, MULTIPLIER) >>> SHIFT)] ?? 0;
    if (short !== 0) verify(tables, stretch, { at, link: short }, hits);
  }
  return hits;
}

interface Spot {
  /** Offset of the last byte of a gram. */
  readonly at: number;
  readonly link: number;
}

function verify(tables: GramTables, stretch: Stretch, { at, link }: Spot, hits: HitList): void {
  const { links, starts } = tables;
  for (let next = link; next !== 0; next = links[next * 3] ?? 0) {
    const text = links[next * 3 + 1] ?? 0;
    const from = at - (links[next * 3 + 2] ?? 0);
    const length = (starts[text + 1] ?? 0) - (starts[text] ?? 0);
    if (from < stretch.start || from + length > stretch.end) continue;
    const flag = stretch.flags[text];
    if (flag === HAD || !isThere(tables, text, stretch.bytes, from)) continue;
    if (flag === WANTED_ONCE) stretch.flags[text] = HAD;
    hits.push(text, from);
  }
}

function isThere({ letters, starts }: GramTables, text: number, bytes: Uint8Array, from: number): boolean {
  const start = starts[text] ?? 0;
  const length = (starts[text + 1] ?? 0) - start;
  for (let n = 0; n < length; n += 1) {
    if (lower[bytes[from + n] ?? 0] !== letters[start + n]) return false;
  }
  return true;
}
