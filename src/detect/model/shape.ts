/** Counts over one value that features are made of. */
export interface Shape {
  readonly length: number;
  readonly digits: number;
  readonly lower: number;
  readonly upper: number;
  readonly symbols: number;
  /** How often a letter meets a digit. */
  readonly alternations: number;
  /** How often the case changes between neighbouring letters. */
  readonly caseChanges: number;
  readonly distinct: number;
  /** Longest run of one character. */
  readonly repeated: number;
  /** Longest run of neighbours in the alphabet or on the number line. */
  readonly sequence: number;
}

/** Measures a text in one pass. */
export function shapeOf(text: string): Shape {
  const count = [0, 0, 0, 0];
  let [alternations, caseChanges, repeated, sequence, same, run] = [0, 0, 1, 1, 1, 1];
  let before = -1;
  let kindBefore = SYMBOL;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const kind = kindOf(code);
    count[kind] = (count[kind] ?? 0) + 1;
    alternations += Number(isAlternation(kind, kindBefore));
    caseChanges += Number(isCaseChange(kind, kindBefore));
    same = code === before ? same + 1 : 1;
    run = Math.abs(code - before) === 1 ? run + 1 : 1;
    repeated = Math.max(repeated, same);
    sequence = Math.max(sequence, run);
    before = code;
    kindBefore = kind;
  }
  const [digits = 0, lower = 0, upper = 0, symbols = 0] = count;
  const distinct = new Set(text).size;
  return {
    length: text.length,
    digits,
    lower,
    upper,
    symbols,
    alternations,
    caseChanges,
    distinct,
    repeated,
    sequence,
  };
}

const DIGIT = 0;
const LOWER = 1;
const UPPER = 2;
const SYMBOL = 3;

function kindOf(code: number): 0 | 1 | 2 | 3 {
  if (code >= 48 && code <= 57) return DIGIT;
  if (code >= 97 && code <= 122) return LOWER;
  return code >= 65 && code <= 90 ? UPPER : SYMBOL;
}

function isAlternation(a: number, b: number): boolean {
  return a !== SYMBOL && b !== SYMBOL && (a === DIGIT) !== (b === DIGIT);
}

/** Gives the longest part between separators: what is random in `sk-live-9f8…` is its last part. */
export function longestRun(text: string): string {
  return text.split(/[-_./:@=+~, \\]/).reduce((best, part) => (part.length > best.length ? part : best), '');
}

function isCaseChange(kind: number, before: number): boolean {
  return kind + before === LOWER + UPPER && kind !== before && kind !== SYMBOL;
}
