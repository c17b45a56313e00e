import { decodeText, type Decoded } from '../lib/text.ts';
import { toWindows, type TextWindow } from '../lib/text-windows.ts';
import type { Content } from '../lib/tree-reader.ts';
import type { Unpacked } from './archive/index.ts';
import type { TextSource } from './types.ts';

/**
 * Decodes one file of a source, of which the content may have been read already; an archive gives several texts, as
 * `outer.zip!inner/path`.
 *
 * @yields one text, or why there is none
 */
export async function* readTexts(
  source: Pick<TextSource, 'large' | 'read'>,
  path: string,
  content: Content | undefined,
): AsyncGenerator<Unpacked | Large> {
  const decoded = content === undefined ? await source.read(path) : decode(content);
  if ('text' in decoded) yield { path, text: decoded.text };
  else if (decoded.isLarge === true) yield toLarge(path, source, decoded.reason);
  else if (decoded.packed === undefined) yield { path, reason: decoded.reason };
  else yield* await unpackLater(path, decoded.packed);
}

/** A text that comes in windows; a source that cannot give them says why it was skipped. */
export interface Large {
  readonly path: string;
  readonly windows: Iterable<TextWindow>;
}

function toLarge(path: string, source: Pick<TextSource, 'large'>, reason: string): Unpacked | Large {
  if (source.large === undefined) return { path, reason };
  const large = source.large(path);
  if (large === undefined) return { path, reason: 'unreadable' };
  return 'reason' in large ? { path, reason: large.reason } : { path, windows: toWindows(large) };
}

/** An archive outlives the buffer that it was read into. */
function decode(content: Content): Decoded {
  if ('reason' in content) return content;
  const decoded = decodeText(content.bytes);
  return 'packed' in decoded ? { reason: decoded.reason, packed: Buffer.from(content.bytes) } : decoded;
}

/** Most trees hold no archive. */
async function unpackLater(path: string, bytes: Buffer): Promise<Iterable<Unpacked>> {
  const { unpack } = await import('./archive/index.ts');
  return unpack(path, bytes);
}
