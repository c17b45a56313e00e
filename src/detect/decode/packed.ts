import type { Span } from '../../model/place.ts';
import { hexDigit, isPrintable, isSextet, startsPrintable } from './alphabet.ts';

/** Text that a whole run of characters stands for. */
export interface Unwrapped {
  readonly text: string;
  readonly encoding: 'base64' | 'hex';
  readonly span: Span;
}

/** Fewer characters hold no token. */
const LEAST = 24;
const LEAST_HEX = 32;
/** Longest run that is decoded; longer ones are pictures and fonts. */
const MOST = 200_000;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Finds base64 and hexadecimal that stand for readable text. */
export function findPacked(text: string): readonly Unwrapped[] {
  const found: Unwrapped[] = [];
  for (let from = 0; from + LEAST <= text.length;) {
    const short = lastStranger(text, from);
    if (short !== -1) {
      from = short + 1;
      continue;
    }
    const end = runEnd(text, from + LEAST);
    const unwrapped = unwrap(text, from, end);
    if (unwrapped !== undefined) found.push(unwrapped);
    from = Math.max(end, unwrapped?.span.end ?? end) + 1;
  }
  return found;
}

/** Looks from the far end, so that most characters of ordinary text are never looked at. */
function lastStranger(text: string, from: number): number {
  for (let at = from + LEAST - 1; at >= from; at -= 1) if (!isSextet(text, at)) return at;
  return -1;
}

function runEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSextet(text, at)) at += 1;
  return at;
}

function unwrap(text: string, start: number, end: number): Unwrapped | undefined {
  if (end - start > MOST) return undefined;
  if (isHexRun(text, start, end)) {
    const plain = toText(Buffer.from(text.slice(start, end), 'hex'));
    if (plain !== undefined) return { text: plain, encoding: 'hex', span: { start, end } };
  }
  if (!startsPrintable(text, start) || isTokenPart(text, start, end)) return undefined;
  const last = withoutPadding(text, wrappedEnd(text, start, end));
  const plain = toText(Buffer.from(text.slice(start, last), 'base64'));
  return plain === undefined ? undefined : { text: plain, encoding: 'base64', span: { start, end: last } };
}

/** A JWT is judged as a whole. */
function isTokenPart(text: string, start: number, end: number): boolean {
  return text.startsWith('eyJ', start) && (text.charAt(end) === '.' || text.charAt(start - 1) === '.');
}

function withoutPadding(text: string, end: number): number {
  let at = end;
  while (at < end + 2 && text.charAt(at) === '=') at += 1;
  return at;
}

/** Follows base64 over line breaks, where every line but the last is as long as tools make them. */
function wrappedEnd(text: string, start: number, end: number): number {
  const width = end - start;
  if (width !== 64 && width !== 76) return end;
  let last = end;
  while (last - start < MOST) {
    const gap = /^\r?\n[ \t]{0,40}/.exec(text.slice(last, last + 42))?.[0].length ?? 0;
    if (gap === 0) return last;
    const next = runEnd(text, last + gap);
    const length = next - last - gap;
    if (length === 0 || length > width) return last;
    last = next;
    if (length < width) return last;
  }
  return end;
}

function isHexRun(text: string, start: number, end: number): boolean {
  if (end - start < LEAST_HEX || (end - start) % 2 !== 0) return false;
  for (let at = start; at < start + 8; at += 2) {
    if (!isPrintable(hexDigit(text.charCodeAt(at)) * 16 + hexDigit(text.charCodeAt(at + 1)))) return false;
  }
  for (let at = start; at < end; at += 1) if (hexDigit(text.charCodeAt(at)) === -1) return false;
  return true;
}

/** Gives bytes as text where all of it can be read. */
export function toText(bytes: Buffer): string | undefined {
  try {
    const isWide = bytes.length > 3 && bytes[1] === 0 && bytes[3] === 0;
    const text = isWide ? bytes.toString('utf16le') : decoder.decode(bytes);
    return /[^\P{Cc}\t\n\r]|\ufffd/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
