import type { Objects } from '../git/objects.ts';
import { kinds } from '../git/pack-table.ts';
import { parseTree, type TreeEntry } from '../git/tree.ts';

/** Trees that are read in the search for a path at most. */
const MOST_TREES = 20_000;

/**
 * Gives the path of a blob in a tree: the one that is supposed where it is right. Folders of equal content share one
 * tree, so that the name which one of them was seen under may be another's.
 */
export function truePath(objects: Objects, tree: number, blob: string, supposed: string): string {
  return isAt(objects, tree, supposed.split('/'), blob)
    ? supposed
    : (search(objects, tree, blob) ?? supposed);
}

function isAt(objects: Objects, tree: number, parts: readonly string[], blob: string): boolean {
  let at = tree;
  for (const [n, part] of parts.entries()) {
    const entry = entriesOf(objects, at).find(({ name }) => name === part);
    if (entry === undefined) return false;
    if (n === parts.length - 1) return entry.object.toString('hex') === blob;
    at = objects.find(entry.object);
  }
  return false;
}

function search(objects: Objects, root: number, blob: string): string | undefined {
  const open = [{ tree: root, prefix: '' }];
  const seen = new Set<number>();
  for (let next = open.pop(); next !== undefined && seen.size < MOST_TREES; next = open.pop()) {
    if (seen.has(next.tree)) continue;
    seen.add(next.tree);
    for (const { kind, name, object } of entriesOf(objects, next.tree)) {
      if (kind === 'blob' && object.toString('hex') === blob) return `${next.prefix}${name}`;
      if (kind === 'tree') open.push({ tree: objects.find(object), prefix: `${next.prefix}${name}/` });
    }
  }
  return undefined;
}

function entriesOf(objects: Objects, number: number): readonly TreeEntry[] {
  const object = number < 0 ? undefined : objects.read(number);
  return object?.kind === kinds.tree ? parseTree(object.body, objects.nameBytes) : [];
}
