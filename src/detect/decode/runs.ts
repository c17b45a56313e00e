import type { Span } from '../../model/place.ts';
import { hexDigit, isSextet, startsAsHexText, startsAsText } from './alphabet.ts';

/** Fewer characters hold no token. */
const LEAST = 24;
const LEAST_HEX = 32;

export interface Run extends Span {
  readonly isHex: boolean;
}

/** Finds the next run that begins as base64 or hexadecimal of text does. */
export function nextRun(bytes: Uint8Array, from: number, end: number): Run | undefined {
  for (let start = from; start + LEAST <= end;) {
    const stranger = lastStranger(bytes, start);
    if (stranger !== -1) {
      start = stranger + 1;
      continue;
    }
    const stop = runEnd(bytes, start + LEAST, end);
    const isHex = startsAsHexText(bytes, start) && isHexRun(bytes, start, stop);
    if (isHex || startsAsText(bytes, start)) return { start, end: stop, isHex };
    start = stop + 1;
  }
  return undefined;
}

/** Looks from the far end, so that most bytes of ordinary text are never looked at. */
function lastStranger(bytes: Uint8Array, from: number): number {
  for (let at = from + LEAST - 1; at >= from; at -= 1) if (!isSextet(bytes[at])) return at;
  return -1;
}

export function runEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isSextet(bytes[at])) at += 1;
  return at;
}

function isHexRun(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < LEAST_HEX || (end - start) % 2 !== 0) return false;
  for (let at = start; at < end; at += 1) if (hexDigit(bytes[at]) > 15) return false;
  return true;
}
