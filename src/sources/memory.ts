import { decodeText } from '../lib/text.ts';
import type { Source } from '../model/place.ts';
import type { TextSource } from './types.ts';

/** Opens texts that are in memory already: standard input, or files as a migration will write them. */
export function openTexts(texts: ReadonlyMap<string, string>, kind: Source): TextSource {
  return {
    kind,
    root: null,
    paths: [...texts.keys()],
    read: (path) => Promise.resolve({ text: texts.get(path) ?? '' }),
  };
}

/** Opens what somebody pipes in: a text in any way to write one, or an archive. Zeros between texts make it no binary file. */
export function openPiped(path: string, bytes: Buffer): TextSource {
  const decoded = decodeText(bytes);
  const isBinary = 'reason' in decoded && decoded.packed === undefined;
  const content = isBinary ? { text: bytes.toString('utf8') } : decoded;
  return { kind: 'stdin', root: null, paths: [path], read: () => Promise.resolve(content) };
}
