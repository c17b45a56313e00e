/**
 * A file's text, or why it has none; `packed` holds the bytes of an archive, whose entries may have some. One that is
 * `isLarge` can be read in windows.
 */
export type Decoded =
  | { readonly text: string }
  | { readonly reason: string; readonly packed?: Buffer; readonly isLarge?: boolean };

/** How the beginning of a file says that its characters are written. */
export type Writing = 'bytes' | 'utf-16le' | 'utf-16be' | 'packed' | 'binary';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** What is looked at to tell text from other content. */
const HEAD = 8192;

/**
 * Decodes bytes: UTF-8, UTF-16 with its mark or plainly without, else UTF-8 with few broken places, else Latin-1.
 * Binary content has no text. A mark of UTF-8 stays in the text.
 */
export function decodeText(bytes: Buffer): Decoded {
  const { writing, mark } = writingOf(bytes);
  if (writing === 'packed') return { reason: 'archive', packed: bytes };
  if (writing === 'binary') return { reason: 'binary' };
  if (writing === 'utf-16le') return { text: bytes.subarray(mark).toString('utf16le') };
  if (writing === 'utf-16be') return { text: decodeBigEndian(bytes.subarray(mark)) };
  try {
    return { text: strict.decode(bytes) };
  } catch {
    return { text: decodeBroken(bytes) };
  }
}

/**
 * Tells by its first bytes how a file is written, and how many of them are only a mark that says so. UTF-32, which begins
 * as UTF-16 does, is not read.
 */
export function writingOf(bytes: Buffer): { readonly writing: Writing; readonly mark: number } {
  if (isPacked(bytes)) return { writing: 'packed', mark: 0 };
  if (bytes[0] === 0xff && bytes[1] === 0xfe && bytes[2] === 0 && bytes[3] === 0)
    return { writing: 'binary', mark: 0 };
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { writing: 'utf-16le', mark: 2 };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { writing: 'utf-16be', mark: 2 };
  const head = bytes.subarray(0, HEAD);
  return { writing: head.includes(0) ? wideWriting(head) : 'bytes', mark: 0 };
}

/** Says whether bytes are not plainly text of one byte a character: packed, UTF-16 or binary. */
export function isUnusual(bytes: Buffer): boolean {
  const mark = bytes[0] === 0xff || bytes[0] === 0xfe;
  return mark || bytes.subarray(0, HEAD).includes(0) || isPacked(bytes);
}

/** Says whether bytes begin as a zip, gzip or tar file does. */
function isPacked(bytes: Buffer): boolean {
  const [first, second, third] = bytes;
  if (first === 0x50 && second === 0x4b)
    return (third === 3 && bytes[3] === 4) || (third === 5 && bytes[3] === 6);
  if (first === 0x1f) return second === 0x8b && third === 8;
  return bytes[257] === 0x75 && bytes.subarray(257, 262).toString('latin1') === 'ustar';
}

/** UTF-16 without its mark: every second byte is nearly always zero, the others never. */
function wideWriting(head: Buffer): Writing {
  const zeros: [number, number] = [0, 0];
  for (const [at, byte] of head.entries()) if (byte === 0) zeros[at % 2 === 0 ? 0 : 1] += 1;
  const most = head.length * 0.4;
  if (zeros[0] === 0 && zeros[1] > most) return 'utf-16le';
  return zeros[1] === 0 && zeros[0] > most ? 'utf-16be' : 'binary';
}

/** A stray byte in UTF-8 must not move the columns of all other lines; text without any UTF-8 is Latin-1. */
function decodeBroken(bytes: Buffer): string {
  const text = lenient.decode(bytes);
  return brokenness(text) > 0 ? bytes.toString('latin1') : text;
}

/** Counts what could not be decoded in a text, less what is there and no ASCII. */
export function brokenness(text: string): number {
  let broken = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0xfffd) broken += 1;
    else if (code > 0x7f) broken -= 1;
  }
  return broken;
}

function decodeBigEndian(bytes: Buffer): string {
  const even = Buffer.from(bytes.subarray(0, bytes.length & ~1));
  return even.swap16().toString('utf16le');
}

/** Gives the offset at which each line starts; CRLF counts as one break. */
export function toLineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
