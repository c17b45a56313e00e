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
