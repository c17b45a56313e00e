/** A file's text, or why it has none. */
export type Decoded = { readonly text: string } | { readonly reason: string };

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes bytes: UTF-8, UTF-16 with its mark, else Latin-1. Binary content has no text. A mark of UTF-8 stays in the text. */
export function decodeText(bytes: Buffer): Decoded {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { text: bytes.subarray(2).toString('utf16le') };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { text: decodeBigEndian(bytes.subarray(2)) };
  if (bytes.subarray(0, 8192).includes(0)) return { reason: 'binary' };
  try {
    return { text: decoder.decode(bytes) };
  } catch {
    return { text: bytes.toString('latin1') };
  }
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
