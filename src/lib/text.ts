/** A file's text, or why it has none. */
export type Decoded = { readonly text: string } | { readonly reason: string };

/** Decodes bytes: UTF-8, UTF-16 with its mark, else Latin-1. Binary content has no text. A BOM stays in the text. */
export function decodeText(bytes: Buffer): Decoded {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { text: bytes.toString('utf16le') };
  if (bytes[0] === 0xfe && bytes[1] === 0xff)
    return {
      text: Buffer.from(bytes.subarray(0, bytes.length & ~1))
        .swap16()
        .toString('utf16le'),
    };
  if (bytes.subarray(0, 8192).includes(0)) return { reason: 'binary' };
  const text = bytes.toString('utf8');
  return { text: text.includes('\ufffd') ? bytes.toString('latin1') : text };
}

/** Gives the offset at which each line starts; CRLF counts as one break. */
export function toLineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
