import type { Consumer } from '../model/consumer.ts';
import type { Slot } from '../model/facts.ts';

/** Gives the job, service or server that a slot belongs to: `jobs.sync`. */
export function partOf(slot: string): string | undefined {
  return /^(?:jobs|services|mcpServers|servers|context_servers)\.[^.[]+/.exec(slot)?.[0];
}

/** Gives the parts of a file that belong to one consumer. */
export function partsIn(path: string, { places }: Pick<Consumer, 'places'>): ReadonlySet<string> {
  const own = places.filter((place) => place.path === path);
  return new Set(own.flatMap((place) => partOf(place.slot ?? '') ?? []));
}

/** Finds where the first line below a part's own line begins, and how far it is indented. */
export function belowHeader(
  text: string,
  part: string,
  first: number,
): { readonly at: number; readonly indent: string } | undefined {
  const [section = '', name = ''] = part.split('.');
  const before = text.slice(0, first);
  const from = new RegExp(`^${section}:`, 'm').exec(before)?.index ?? 0;
  const header = new RegExp(`^([ ]+)(["']?)${name}\\2:[ ]*(#.*)?\\r?\\n`, 'gm');
  const found = [...before.slice(from).matchAll(header)].toSorted(
    (a, b) => (a[1] ?? '').length - (b[1] ?? '').length || b.index - a.index,
  )[0];
  if (found === undefined) return undefined;
  const at = from + found.index + found[0].length;
  const indent = /^(?:\s*#.*\r?\n)*([ ]+)/.exec(text.slice(at))?.[1];
  return indent === undefined ? undefined : { at, indent };
}

/** One entry of each map: a name may stand there once. */
export function firstOfEach(slots: readonly Slot[]): readonly Slot[] {
  const found = new Map<string, Slot>();
  for (const slot of slots) {
    const map = slot.path.replace(/(\.[^.[\]]+|\[\d+\](\..+)?)$/, '');
    if (!found.has(map)) found.set(map, slot);
  }
  return [...found.values()];
}
