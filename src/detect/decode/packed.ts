import type { Span } from '../../model/place.ts';
import { nextRun, runEnd, type Run } from './runs.ts';

/** Text that a whole run of characters stands for. */
export interface Unwrapped {
  readonly text: string;
  readonly encoding: 'base64' | 'hex';
  readonly span: Span;
}

/** Longest run that is decoded; longer ones are pictures and fonts. */
const MOST = 200_000;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Finds base64 and hexadecimal that stand for readable text. */
export function findPacked(text: string): readonly Unwrapped[] {
  // One byte a character keeps offsets; what is no ASCII is told by decoding.
  const bytes = Buffer.from(text, 'latin1');
  const found: Unwrapped[] = [];
  let run = nextRun(bytes, 0, bytes.length);
  while (run !== undefined) {
    const unwrapped = unwrap(text, bytes, run);
    if (unwrapped !== undefined) found.push(unwrapped);
    run = nextRun(bytes, (unwrapped?.span ?? run).end + 1, bytes.length);
  }
  return found;
}

function unwrap(text: string, bytes: Uint8Array, { start, end, isHex }: Run): Unwrapped | undefined {
  if (end - start > MOST || isTokenPart(text, start, end)) return undefined;
  if (isHex) {
    const plain = toText(Buffer.from(text.slice(start, end), 'hex'));
    return plain === undefined ? undefined : { text: plain, encoding: 'hex', span: { start, end } };
  }
  const last = withoutPadding(text, wrappedEnd(bytes, start, end));
  const written = text.slice(start, last);
  const plain = /[^\w+/=\s-]/.test(written) ? undefined : toText(Buffer.from(written, 'base64'));
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
function wrappedEnd(bytes: Uint8Array, start: number, end: number): number {
  const width = end - start;
  if (width !== 64 && width !== 76) return end;
  let last = end;
  while (last - start < MOST) {
    const next = nextLine(bytes, last);
    const stop = next === undefined ? last : runEnd(bytes, next, Math.min(bytes.length, next + width + 1));
    const length = next === undefined ? 0 : stop - next;
    if (length === 0 || length > width) return last;
    last = stop;
    if (length < width) return last;
  }
  return end;
}

/** Gives where the text of the next line begins, behind its blanks. */
function nextLine(bytes: Uint8Array, from: number): number | undefined {
  let at = bytes[from] === 13 ? from + 1 : from;
  if (bytes[at] !== 10) return undefined;
  at += 1;
  while (bytes[at] === 32 || bytes[at] === 9) at += 1;
  return at;
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
