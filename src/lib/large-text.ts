import { isUtf8 } from 'node:buffer';
import { setFlagsFromString } from 'node:v8';
import { openRandomFile, type RandomFile } from './random-file.ts';
import { brokenness, writingOf } from './text.ts';

/** A text that is too large to be held whole. */
export type LargeText = Iterable<Buffer> | { readonly reason: string };

/** Bytes that are read at a time. */
const CHUNK = 1 << 20;
const HEAD = 8192;

/**
 * Opens a file to be read as UTF-8 from its start to its end, decoded as `decodeText` does: where it is UTF-8 as it
 * is, its own bytes are given. Each chunk is good until the next one; the file is closed after the last. Undefined where
 * it cannot be read; a link is not followed.
 */
export function openLargeText(path: string): LargeText | undefined {
  const file = openRandomFile(path, false);
  if (file === undefined) return undefined;
  const head = Buffer.alloc(HEAD);
  const { writing, mark } = writingOf(head.subarray(0, file.read(head, 0)));
  if (writing === 'packed' || writing === 'binary') {
    file.close();
    return { reason: writing === 'packed' ? 'archive too large to be unpacked' : 'binary' };
  }
  // Each window leaves megabytes behind: they are to be collected now, not when memory has grown by as much.
  setFlagsFromString('--optimize-for-size');
  const encoding = writing === 'bytes' ? bytesEncoding(file) : writing;
  return readText(file, mark, encoding);
}

function* readText(file: RandomFile, mark: number, encoding: Encoding): Generator<Buffer> {
  try {
    const chunks = readChunks(file, mark);
    yield* encoding === 'utf-8' ? chunks : transcoded(chunks, encoding);
  } finally {
    file.close();
  }
}

function* readChunks(file: RandomFile, from: number): Generator<Buffer> {
  const chunk = Buffer.allocUnsafeSlow(CHUNK);
  for (let at = from; at < file.bytes;) {
    const count = file.read(chunk, at);
    if (count === 0) return;
    yield chunk.subarray(0, count);
    at += count;
  }
}

function* transcoded(chunks: Iterable<Buffer>, encoding: Encoding): Generator<Buffer> {
  const decoder = encoding === 'latin1' ? undefined : new TextDecoder(encoding, { ignoreBOM: true });
  for (const chunk of chunks)
    yield Buffer.from(decoder?.decode(chunk, { stream: true }) ?? chunk.toString('latin1'));
}

type Encoding = 'utf-8' | 'latin1' | 'utf-16le' | 'utf-16be';

/** Text with more broken than whole places is Latin-1: only the whole file tells. */
function bytesEncoding(file: RandomFile): Encoding {
  if (isWhollyUtf8(file)) return 'utf-8';
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let broken = 0;
  for (const chunk of readChunks(file, 0)) broken += brokenness(decoder.decode(chunk, { stream: true }));
  return broken + brokenness(decoder.decode()) > 0 ? 'latin1' : 'utf-8';
}

function isWhollyUtf8(file: RandomFile): boolean {
  let rest = Buffer.alloc(0);
  for (const chunk of readChunks(file, 0)) {
    const cut = lastCharacter(chunk);
    const whole = rest.length === 0 ? chunk.subarray(0, cut) : Buffer.concat([rest, chunk.subarray(0, cut)]);
    if (!isUtf8(whole)) return false;
    rest = Buffer.from(chunk.subarray(cut));
  }
  return isUtf8(rest);
}

/** Gives where the last character begins, or the end where that one is ASCII. */
function lastCharacter(bytes: Buffer): number {
  if ((bytes[bytes.length - 1] ?? 0) < 0x80) return bytes.length;
  return characterStart(bytes, bytes.length - 1);
}

/** Gives where the UTF-8 character begins that a byte is part of; a byte of none begins by itself. */
export function characterStart(bytes: Buffer, at: number): number {
  for (let start = at; start > at - 4 && start >= 0; start -= 1)
    if (((bytes[start] ?? 0) & 0xc0) !== 0x80) return start;
  return at;
}
