/** How words of code are written: from `language.json`, made by `bench/accuracy/language.ts`. */
export interface Language {
  /** Mean log-likelihood of a text's letters under trigrams of code words, less the uniform value; 0 without letters. */
  readonly likelihood: (text: string) => number;
  /** Share of a text's letters that words cover, taken greedily, 0 to 1. */
  readonly coverage: (text: string) => number;
}

export interface LanguageData {
  /** Words of code in order, apart by a space. */
  readonly words: string;
  /** One printable character for each three of 27 letters (`a` to `z`, edge): the log-likelihood in steps. */
  readonly trigrams: string;
}

export const EDGE = 26;
export const LETTERS = 27;
/** A step of the trigram table, in nats; the first step is `FIRST`. */
export const STEP = 0.1;
export const FIRST_CODE = 40;
/** Log-likelihood of the table's first step. */
export const LEAST = -8;

const SHORTEST_WORD = 3;
const LONGEST_WORD = 14;

/** Unpacks the tables when they are first asked. */
export function toLanguage(data: LanguageData): Language {
  let words: ReadonlySet<string> | undefined;
  return {
    likelihood: (text) => likelihood(text, data.trigrams),
    coverage: (text) => coverage(text, (words ??= new Set(data.words.split(' ')))),
  };
}

/** Splits into words as code writes them, in lower case: `getHTTPToken_2` gives get, http, token. */
export function wordsOf(text: string): readonly string[] {
  return (
    text
      .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
      .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1 $2')
      .toLowerCase()
      .match(/[a-z]+/g) ?? []
  );
}

function likelihood(text: string, trigrams: string): number {
  let sum = 0;
  let letters = 0;
  for (const word of wordsOf(text)) {
    let [a, b] = [EDGE, EDGE];
    for (let at = 0; at < word.length; at += 1) {
      const c = word.charCodeAt(at) - 97;
      sum += (trigrams.charCodeAt((a * LETTERS + b) * LETTERS + c) - FIRST_CODE) * STEP + LEAST;
      [a, b] = [b, c];
    }
    letters += word.length;
  }
  return letters === 0 ? 0 : sum / letters + Math.log(LETTERS);
}

function coverage(text: string, words: ReadonlySet<string>): number {
  let covered = 0;
  let letters = 0;
  for (const part of text.toLowerCase().match(/[a-z]+/g) ?? []) {
    letters += part.length;
    for (let at = 0; at < part.length;) {
      const length = wordAt(part, at, words);
      covered += length;
      at += Math.max(1, length);
    }
  }
  return letters === 0 ? 0 : covered / letters;
}

function wordAt(part: string, at: number, words: ReadonlySet<string>): number {
  for (let length = Math.min(LONGEST_WORD, part.length - at); length >= SHORTEST_WORD; length -= 1) {
    if (words.has(part.slice(at, at + length))) return length;
  }
  return 0;
}
