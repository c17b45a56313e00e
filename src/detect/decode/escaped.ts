import type { Span } from '../../model/place.ts';
import { hexDigit, isPrintable } from './alphabet.ts';

/** Text with the place of its characters in the text that it was written as. */
export interface Unescaped {
  readonly text: string;
  readonly encoding: 'percent' | 'escape';
  /** Gives where a character of the text is written; of its length, where what is written ends. */
  readonly placeOf: (at: number) => number;
}

/** Characters of one run at most, on either side of where it was noticed. */
const REACH = 4096;

/** Letters as numbers are always of interest. */
const numbered = /\\u00[2-7]|\\x[2-7]/i;
/** A quoted text within a quoted text is where it may name a secret. */
const telling = new RegExp(`${numbered.source}|token|secret|passw|key|ssws|bearer|authorization`, 'i');

/**
 * Finds text with `%41`, `\u0041`, `\x41`, and quoted text within quoted text; the last not in bundled code, where all
 * code may be quoted and names tell nothing.
 */
export function findEscaped(text: string, isCode: boolean): readonly Unescaped[] {
  const isTold = (run: string): boolean => (isCode && run.length >= REACH ? numbered : telling).test(run);
  return [
    ...scan(text, '%', { around: percentRun, read: percentAt, isTold: () => true }),
    ...scan(text, '\\', { around: lineAround, read: escapeAt, isTold }),
  ];
}

/** One written character: what it stands for and its length; none where it stands for itself. */
interface Written {
  readonly text: string;
  readonly length: number;
  /** Whether it makes decoding worth while. */
  readonly counts: boolean;
}

type Reader = (text: string, at: number) => Written | undefined;

/** How one kind of escape is written. */
interface Writing {
  readonly around: (text: string, at: number) => Span;
  readonly read: Reader;
  /** Says whether a run is worth decoding. */
  readonly isTold: (run: string) => boolean;
}

function scan(text: string, mark: '%' | '\\', { around, read, isTold }: Writing): readonly Unescaped[] {
  const found: Unescaped[] = [];
  for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at)) {
    const written = read(text, at);
    const next = at + (written?.length ?? 1);
    if (written?.counts !== true) {
      at = next;
      continue;
    }
    const run = around(text, at);
    if (isTold(text.slice(run.start, run.end)))
      found.push(unescape(text, run, mark === '%' ? 'percent' : 'escape', read));
    at = Math.max(run.end, next);
  }
  return found;
}

function unescape(text: string, run: Span, encoding: Unescaped['encoding'], read: Reader): Unescaped {
  const mark = encoding === 'percent' ? '%' : '\\';
  const steps = new Steps(run.start);
  let plain = '';
  let from = run.start;
  while (from < run.end) {
    const next = text.indexOf(mark, from);
    const at = next === -1 ? run.end : Math.min(next, run.end);
    plain += text.slice(from, at);
    if (at === run.end) break;
    const written = read(text, at);
    plain += written?.text ?? mark;
    from = at + (written?.length ?? 1);
    if (written !== undefined) steps.add(plain.length, from);
  }
  steps.end(plain.length, run.end);
  return { text: plain, encoding, placeOf: (at) => steps.placeOf(at) };
}

/** Where text and what it is written as go apart: after each escape, by as many characters as it takes more. */
class Steps {
  readonly #texts: number[] = [0];
  readonly #places: number[];
  #end = { text: 0, place: 0 };

  constructor(start: number) {
    this.#places = [start];
  }

  add(text: number, place: number): void {
    this.#texts.push(text);
    this.#places.push(place);
  }

  end(text: number, place: number): void {
    this.#end = { text, place };
  }

  placeOf(at: number): number {
    if (at >= this.#end.text) return this.#end.place;
    let low = 0;
    let high = this.#texts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#texts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return (this.#places[low] ?? 0) + at - (this.#texts[low] ?? 0);
  }
}

function percentAt(text: string, at: number): Written | undefined {
  if (text.charCodeAt(at) !== 37) return undefined;
  return byteAt(text, at + 1, 2, 3);
}

/** Only ASCII that can be read: all else stays as it is written. */
function byteAt(text: string, at: number, digits: number, length: number): Written | undefined {
  let code = 0;
  for (let n = 0; n < digits; n += 1) {
    const digit = digitAt(text, at + n);
    if (digit > 15) return undefined;
    code = code * 16 + digit;
  }
  return isPrintable(code) ? { text: String.fromCharCode(code), length, counts: true } : undefined;
}

function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? hexDigit(code) : 255;
}

function percentRun(text: string, at: number): Span {
  return expand(
    text,
    at,
    (code) => code > 32 && code !== 34 && code !== 39 && code !== 60 && code !== 62 && code !== 96,
  );
}

const controls: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function escapeAt(text: string, at: number): Written | undefined {
  if (text.charCodeAt(at) !== 92) return undefined;
  const next = text.charAt(at + 1);
  if (next === 'u') return byteAt(text, at + 2, 4, 6);
  if (next === 'x') return byteAt(text, at + 2, 2, 4);
  if (next === '"') return { text: '"', length: 2, counts: true };
  if (next === '\\' || next === '/') return { text: next, length: 2, counts: false };
  const control = controls[next];
  return control === undefined ? undefined : { text: control, length: 2, counts: false };
}

function lineAround(text: string, at: number): Span {
  return expand(text, at, (code) => code !== 10 && code !== 13);
}

function expand(text: string, at: number, belongs: (code: number) => boolean): Span {
  let start = at;
  let end = at;
  while (start > Math.max(0, at - REACH) && belongs(text.charCodeAt(start - 1))) start -= 1;
  while (end < Math.min(text.length, at + REACH) && belongs(text.charCodeAt(end))) end += 1;
  return { start, end };
}
