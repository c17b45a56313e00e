import { findName } from './pack-index.ts';
import type { PackTable } from './pack-table.ts';

/** Objects by name and number: those of packs first, then loose ones. */
export interface NamedObjects {
  readonly packs: readonly { readonly table: PackTable; readonly first: number }[];
  /** Names in hex. */
  readonly loose: readonly string[];
  readonly nameBytes: number;
}

/** Makes the look-up of an object's number by its name; -1 for one that is not here. */
export function createFind({ packs, loose, nameBytes }: NamedObjects): (name: Uint8Array) => number {
  const last = packs.at(-1);
  const packed = last === undefined ? 0 : last.first + last.table.count;
  const looseAt = new Map(loose.map((name, n) => [name, packed + n]));
  return (name) => {
    for (const { table, first } of packs) {
      const row = findName(table.names, nameBytes, name);
      if (row !== -1) return first + (table.positionOf[row] ?? 0);
    }
    return looseAt.size === 0 ? -1 : (looseAt.get(Buffer.from(name).toString('hex')) ?? -1);
  };
}
