import type { Unpacked } from './archive/index.ts';
import type { TextSource } from './types.ts';

/**
 * Reads every text of a source, one at a time; those in archives come as `outer.zip!inner/path`.
 *
 * @yields one text, or why there is none
 */
export async function* readTexts(source: TextSource): AsyncGenerator<Unpacked> {
  for (const path of source.paths) {
    const decoded = await source.read(path);
    if ('text' in decoded) yield { path, text: decoded.text };
    else if (decoded.packed === undefined) yield { path, reason: decoded.reason };
    else yield* await unpackLater(path, decoded.packed);
  }
}

/** Most trees hold no archive. */
async function unpackLater(path: string, bytes: Buffer): Promise<Iterable<Unpacked>> {
  const { unpack } = await import('./archive/index.ts');
  return unpack(path, bytes);
}
