import { isAscii } from 'node:buffer';
import { characterStart } from './large-text.ts';

/** A stretch of a text, as UTF-8, of which the inner part is this window's own. */
export interface TextWindow {
  /** Good until the next window. */
  readonly bytes: Buffer;
  /** The inner part, half-open, in bytes: each byte of the text is in that of one window. */
  readonly from: number;
  readonly to: number;
  /** Line of the first byte, from 0, and UTF-16 code units before it in that line. */
  readonly line: number;
  readonly column: number;
}

export interface WindowSizes {
  /** Bytes of an inner part. */
  readonly inner: number;
  /** Bytes that are seen on either side of it. */
  readonly margin: number;
}

/** Whoever looks at text takes no more than this into account on either side: encoded text is as long as 200,000. */
export const windowSizes: WindowSizes = { inner: 1 << 20, margin: 1 << 18 };

/** Bytes in which an end of a line is sought to begin a window behind. */
const LINE_REACH = 4096;
const NEWLINE = 10;

/**
 * Cuts a text into windows that overlap, in memory of about one of them. Windows begin where a line or at least a
 * character does, wherever its chunks end.
 *
 * @yields windows in order
 */
export function* toWindows(
  chunks: Iterable<Buffer>,
  { inner, margin }: WindowSizes = windowSizes,
): Generator<TextWindow> {
  const filler = new Filler(chunks, inner + 2 * margin + 2 * LINE_REACH);
  let [from, line, column] = [0, 0, 0];
  for (;;) {
    const bytes = filler.fill(from + inner + margin);
    const isLast = bytes.length <= from + inner;
    const to = isLast ? bytes.length : cutBefore(bytes, from + inner, from + 1);
    yield { bytes, from, to, line, column };
    if (isLast) return;
    const next = cutBefore(bytes, Math.max(0, to - margin), 0);
    const passed = bytes.subarray(0, next);
    const end = passed.lastIndexOf(NEWLINE) + 1;
    line += countLines(passed);
    column = unitsOf(passed.subarray(end)) + (end === 0 ? column : 0);
    filler.drop(next);
    from = to - next;
  }
}

/** Gives a place to cut at or before an offset, never before `least`. */
function cutBefore(bytes: Buffer, at: number, least: number): number {
  const reach = Math.max(least, at - LINE_REACH);
  const line = bytes.subarray(reach, at).lastIndexOf(NEWLINE);
  return line === -1 ? Math.max(least, characterStart(bytes, at)) : reach + line + 1;
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at] === NEWLINE) lines += 1;
  return lines;
}

function unitsOf(bytes: Buffer): number {
  return isAscii(bytes) ? bytes.length : bytes.toString('utf8').length;
}

/** Keeps as much of a stream of chunks at hand as is asked for. */
class Filler {
  readonly #chunks: Iterator<Buffer>;
  readonly #buffer: Buffer;
  #filled = 0;
  /** What did not fit. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: Iterable<Buffer>, room: number) {
    this.#chunks = chunks[Symbol.iterator]();
    this.#buffer = Buffer.allocUnsafeSlow(room);
  }

  /** Gives at least so many bytes, fewer only at the end of the text. */
  fill(least: number): Buffer {
    while (this.#filled < least) {
      if (this.#rest.length === 0) {
        const { done, value } = this.#chunks.next();
        if (done === true) break;
        this.#rest = value;
      }
      const count = this.#rest.copy(this.#buffer, this.#filled);
      this.#filled += count;
      this.#rest = this.#rest.subarray(count);
    }
    return this.#buffer.subarray(0, this.#filled);
  }

  drop(count: number): void {
    this.#buffer.copyWithin(0, count, this.#filled);
    this.#filled -= count;
  }
}
