import type { Skipped } from '../model/place.ts';
import { toRelative } from './listing.ts';
import type { TextSource } from './types.ts';

/** Makes one source of several, with paths relative to one root; what two of them hold is looked at once. */
export function joinSources(root: string, sources: readonly TextSource[]): TextSource {
  const [first] = sources;
  if (first === undefined || (sources.length === 1 && (first.root === null || first.root === root)))
    return first ?? { kind: 'tree', root, paths: [], read: () => Promise.resolve({ reason: 'unreadable' }) };
  const readers = new Map<string, { readonly source: TextSource; readonly path: string }>();
  const unlisted: Skipped[] = [];
  for (const source of sources) {
    const prefix = prefixOf(root, source);
    for (const path of source.paths) readers.set(`${prefix}${path}`, { source, path });
    for (const { path, reason } of source.unlisted ?? []) unlisted.push({ path: `${prefix}${path}`, reason });
  }
  return {
    kind: first.kind,
    root,
    paths: [...readers.keys()],
    unlisted,
    ...(sources.every(({ bytes }) => bytes !== undefined)
      ? {
          bytes: (path) => {
            const reader = readers.get(path);
            return reader?.source.bytes?.(reader.path) ?? { reason: 'unreadable' };
          },
        }
      : {}),
    large: (path) => {
      const reader = readers.get(path);
      return reader?.source.large?.(reader.path);
    },
    read: (path) => {
      const reader = readers.get(path);
      return reader === undefined
        ? Promise.resolve({ reason: 'unreadable' })
        : reader.source.read(reader.path);
    },
  };
}

function prefixOf(root: string, source: TextSource): string {
  const below = source.root === null ? '' : toRelative(root, source.root);
  return below === '' ? '' : `${below}/`;
}
