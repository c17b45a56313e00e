import { byText } from './draft.ts';
import { baseOf, folderOf } from './paths.ts';

/** Turns a wish into a name that an agent's id may be: lower case, digits and hyphens, at most 63. */
export function toSlug(text: string): string {
  const slug = text
    .normalize('NFKD')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63)
    .replace(/-+$/, '');
  return slug === '' ? 'agent' : slug;
}

/**
 * Gives each consumer its own name. A name in the lock file stands; of two that wish the same one, both get
 * their folder or kind in front, so that a name does not depend on which was found first.
 */
export function toNames(
  wishes: ReadonlyMap<string, string>,
  locked: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const used = new Set<string>(locked.values());
  for (const id of wishes.keys()) if (locked.has(id)) names.set(id, locked.get(id) ?? '');
  const open = [...wishes].filter(([id]) => !names.has(id)).sort(([a], [b]) => byText(a, b));
  const counts = new Map<string, number>();
  for (const [, wish] of open) counts.set(toSlug(wish), (counts.get(toSlug(wish)) ?? 0) + 1);
  for (const [id, wish] of open) {
    const plain = toSlug(wish);
    const first = (counts.get(plain) ?? 0) > 1 ? toSlug(qualified(id, wish)) : plain;
    const name = free(first, used);
    used.add(name);
    names.set(id, name);
  }
  return names;
}

function qualified(id: string, wish: string): string {
  const colon = id.indexOf(':');
  const kind = id.slice(0, colon);
  const rest = id.slice(colon + 1);
  const path = rest.replace(/#.*$/, '');
  const parent = rest.includes('#') ? baseOf(path).replace(/\.[^.]*$/, '') : baseOf(folderOf(path));
  if (kind === 'code' || kind === 'script') return parent === '' ? wish : `${parent}-${wish}`;
  if (parent === wish) return wish;
  return parent === '' ? `${kind}-${wish}` : `${parent}-${wish}`;
}

function free(name: string, used: ReadonlySet<string>): string {
  if (!used.has(name)) return name;
  for (let number = 2; ; number += 1) {
    const next = `${name.slice(0, 60)}-${number}`;
    if (!used.has(next)) return next;
  }
}
