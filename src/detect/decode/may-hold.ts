import { hexDigit, isPrintable } from './alphabet.ts';
import { nextRun } from './runs.ts';

const PERCENT = 0x25;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const LETTER_X = 0x78;

/**
 * Says whether bytes of a text may hold encoded text, so that decoding the file is worth while. Reads nothing
 * outside of `start` to `end`, and of most bytes only one in ten.
 */
export function mayHoldLayers(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    nextRun(bytes, start, end) !== undefined ||
    anyMark(bytes, PERCENT, start, end, (at) => isCode(bytes, at + 1, end)) ||
    anyMark(bytes, BACKSLASH, start, end, (at) => isEscape(bytes, at + 1, end))
  );
}

function anyMark(
  bytes: Uint8Array,
  mark: number,
  ...[start, end, test]: [number, number, (at: number) => boolean]
): boolean {
  for (let at = bytes.indexOf(mark, start); at !== -1 && at < end; at = bytes.indexOf(mark, at + 1)) {
    if (test(at)) return true;
  }
  return false;
}

function isEscape(bytes: Uint8Array, at: number, end: number): boolean {
  if (bytes[at] === LETTER_X) return isCode(bytes, at + 1, end);
  return (
    bytes[at] === LETTER_U &&
    hexDigit(bytes[at + 1]) === 0 &&
    hexDigit(bytes[at + 2]) === 0 &&
    isCode(bytes, at + 3, end)
  );
}

/** Two hexadecimal digits that stand for ASCII. */
function isCode(bytes: Uint8Array, at: number, end: number): boolean {
  return at + 2 <= end && isPrintable(hexDigit(bytes[at]) * 16 + hexDigit(bytes[at + 1]));
}
