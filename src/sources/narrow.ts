import type { TextSource } from './types.ts';

/** Keeps some paths of a source, also of those that it lists later. */
export function keepPaths(source: TextSource, isKept: (path: string) => boolean): TextSource {
  const { later } = source;
  return {
    ...source,
    paths: source.paths.filter(isKept),
    ...(later === undefined
      ? {}
      : { later: later.then((listing) => ({ ...listing, paths: listing.paths.filter(isKept) })) }),
  };
}
