import { join } from 'node:path';
import { listNames } from '../../lib/folder.ts';
import { openRandomFile, readBounded, type RandomFile } from '../../lib/random-file.ts';
import { applyDelta, createWindows } from './delta.ts';
import { tryInflate } from './kernel.ts';
import { createFind } from './find.ts';
import { readPackIndex } from './pack-index.ts';
import { kinds, readPackTable, type PackTable } from './pack-table.ts';
import type { Repository } from './repository.ts';

/** One pack that can be read, with the number of its first object among all objects. */
export interface Pack {
  readonly table: PackTable;
  readonly file: RandomFile;
  readonly first: number;
}

export interface LooseObject {
  readonly kind: number;
  readonly body: Buffer;
}

/** All objects of a repository, numbered: those of packs first, by pack and offset, then loose ones. */
export interface Objects {
  readonly nameBytes: number;
  readonly packs: readonly Pack[];
  /** Names in hex of loose objects, with the folder each lies in. */
  readonly loose: readonly (readonly [name: string, folder: string])[];
  readonly count: number;
  /** Packs that are broken: name and reason. */
  readonly broken: readonly (readonly [path: string, reason: string])[];
  /** Number of an object by its name; -1 where it is not here. */
  readonly find: (name: Uint8Array) => number;
  /** Name of an object in hex. */
  readonly nameOf: (number: number) => string;
  /** Kind of an object in a pack; unknown for a loose one. */
  readonly kindOf: (number: number) => number;
  /** Reads one object; undefined where it is broken, larger than 64 MiB or not here. */
  readonly read: (number: number) => LooseObject | undefined;
  readonly close: () => void;
}

const MOST_BYTES = 64 << 20;
/** Objects of packs that are read at most: each takes some 60 bytes of memory. */
const MOST_OBJECTS = 1 << 24;
/** Bytes of an entry that holds nothing. */
const LEAST_ENTRY = 9;
/** The longest chain of deltas that git makes, and bytes that the objects of a chain may have together. */
const LONGEST_CHAIN = 4095;
const MOST_BUILT = 4 * 2 ** 30;

/** Opens the objects of a repository, alternates included. */
export function openObjects(repository: Repository): Objects {
  const { nameBytes } = repository;
  const packs: Pack[] = [];
  const broken: (readonly [string, string])[] = [];
  let count = 0;
  for (const path of packPaths(repository)) {
    const pack = openPack(path, nameBytes, count);
    if (typeof pack === 'string') broken.push([`${path}.pack`, pack]);
    else {
      packs.push(pack);
      count += pack.table.count;
    }
  }
  const loose = listLoose(repository);
  const objects: Omit<Objects, 'read'> = {
    nameBytes,
    packs,
    loose,
    broken,
    count: count + loose.length,
    find: createFind({ packs, loose: loose.map(([name]) => name), nameBytes }),
    nameOf: (number) => nameIn(packs, loose, number),
    kindOf: (number) => {
      const pack = packOf(packs, number);
      return pack?.table.kinds[number - pack.first] ?? kinds.unknown;
    },
    close: () => packs.forEach(({ file }) => file.close()),
  };
  return { ...objects, read: (number) => readObject(objects, number) };
}

/** Without the ending. A pack that has no index, or an index without its pack, is one too. */
function packPaths({ objectFolders }: Repository): readonly string[] {
  const paths = objectFolders.flatMap((folder) =>
    listNames(join(folder, 'pack'))
      .filter((name) => /\.(?:idx|pack)$/.test(name))
      .map((name) => join(folder, 'pack', name.replace(/\.\w+$/, ''))),
  );
  return [...new Set(paths)];
}

function openPack(path: string, nameBytes: number, first: number): Pack | string {
  const file = openRandomFile(`${path}.pack`);
  if (file === undefined) return 'the pack cannot be read';
  const table = readTable(path, file, nameBytes, first);
  if (typeof table !== 'string') return { table, file, first };
  file.close();
  return table;
}

function readTable(path: string, file: RandomFile, nameBytes: number, first: number): PackTable | string {
  const indexFile = openRandomFile(`${path}.idx`);
  if (indexFile === undefined) return 'the pack has no index that can be read';
  const most = Math.min(MOST_OBJECTS - first, Math.floor(file.bytes / LEAST_ENTRY));
  const index = readPackIndex(indexFile, nameBytes, most);
  indexFile.close();
  if (index === undefined) return 'its index is broken, or lists more objects than there can be';
  return readPackTable(`${path}.pack`, file, index, nameBytes) ?? 'the pack is broken';
}

function listLoose({ objectFolders, nameBytes }: Repository): readonly (readonly [string, string])[] {
  const rest = new RegExp(`^[0-9a-f]{${2 * nameBytes - 2}}$`);
  const found = objectFolders.flatMap((folder) =>
    listNames(folder)
      .filter((name) => /^[0-9a-f]{2}\/$/.test(name))
      .flatMap((name) =>
        listNames(join(folder, name))
          .filter((file) => rest.test(file))
          .map((file) => [`${name.slice(0, 2)}${file}`, folder] as const),
      ),
  );
  return [...new Map(found)];
}

function nameIn(packs: readonly Pack[], loose: Objects['loose'], number: number): string {
  const pack = packOf(packs, number);
  if (pack === undefined) return loose[number - packed(packs)]?.[0] ?? '';
  const { names, nameAt, nameBytes } = pack.table;
  const row = (nameAt[number - pack.first] ?? 0) * nameBytes;
  return Buffer.from(names.subarray(row, row + nameBytes)).toString('hex');
}

function packed(packs: readonly Pack[]): number {
  const last = packs.at(-1);
  return last === undefined ? 0 : last.first + last.table.count;
}

/** Finds the pack of a numbered object; undefined for a loose one. */
export function packOf(packs: readonly Pack[], number: number): Pack | undefined {
  return packs.find(({ first, table }) => number >= first && number < first + table.count);
}

function readObject(objects: Omit<Objects, 'read'>, number: number): LooseObject | undefined {
  const pack = packOf(objects.packs, number);
  if (pack !== undefined) return readPacked(pack, number - pack.first);
  const [name = '', folder = ''] = objects.loose[number - packed(objects.packs)] ?? [];
  return readLoose(join(folder, name.slice(0, 2), name.slice(2)));
}

function readPacked({ table, file }: Pack, position: number): LooseObject | undefined {
  const kind = table.kinds[position] ?? kinds.unknown;
  const [root, ...deltas] = kind === kinds.unknown ? [] : chainOf(table, position).reverse();
  let body = root === undefined ? undefined : readEntry(table, file, root);
  let built = 0;
  for (const at of deltas) {
    built += body?.length ?? 0;
    if (body === undefined || built > MOST_BUILT) return undefined;
    body = patch(body, readEntry(table, file, at));
  }
  return body === undefined ? undefined : { kind, body };
}

/** Positions from an object to the whole one that it hangs on; none where it hangs on none, or is too far from it. */
function chainOf(table: PackTable, position: number): number[] {
  const chain = [position];
  for (let at = table.bases[position] ?? -2; at !== -1; at = table.bases[at] ?? -2) {
    if (at < 0 || chain.length > LONGEST_CHAIN) return [];
    chain.push(at);
  }
  return chain;
}

function readEntry(table: PackTable, file: RandomFile, position: number): Buffer | undefined {
  const start = (table.offsets[position] ?? 0) + (table.headers[position] ?? 0);
  const size = (table.offsets[position + 1] ?? 0) - start;
  const length = table.lengths[position] ?? 0;
  if (size <= 0 || size > MOST_BYTES || length > MOST_BYTES) return undefined;
  const packed = Buffer.allocUnsafe(size);
  if (file.read(packed, start) !== size) return undefined;
  const body = tryInflate(packed, length);
  return body?.length === length ? body : undefined;
}

const windows = createWindows(1);

function patch(base: Buffer, delta: Buffer | undefined): Buffer | undefined {
  if (delta === undefined) return undefined;
  const target = base.length + delta.length;
  const declared = targetLength(delta);
  if (declared > MOST_BYTES) return undefined;
  const bytes = Buffer.allocUnsafe(target + declared);
  base.copy(bytes, 0);
  delta.copy(bytes, base.length);
  const job = { bytes, base: 0, baseLength: base.length, delta: base.length, deltaLength: delta.length };
  const length = applyDelta({ ...job, target, room: declared, context: 0 }, windows);
  return length < 0 ? undefined : bytes.subarray(target, target + length);
}

/** The second number of a delta. */
function targetLength(delta: Buffer): number {
  let at = 0;
  while (at < delta.length && (delta[at] ?? 0) >= 128) at += 1;
  at += 1;
  let length = 0;
  for (let scale = 1; at < delta.length; scale *= 128) {
    const byte = delta[at++] ?? 0;
    length += (byte & 127) * scale;
    if (byte < 128) break;
  }
  return length;
}

/** Reads a loose object: a kind, a length, a NUL and the body, deflated as one. */
export function readLoose(path: string): LooseObject | undefined {
  const packed = readBounded(path, MOST_BYTES);
  const whole = packed === undefined ? undefined : tryInflate(packed, MOST_BYTES);
  const end = whole?.indexOf(0) ?? -1;
  if (whole === undefined || end < 0 || end > 32) return undefined;
  const [, name = '', length] = /^(commit|tree|blob|tag) (\d+)$/.exec(whole.toString('latin1', 0, end)) ?? [];
  const body = whole.subarray(end + 1);
  if (Number(length) !== body.length) return undefined;
  return { kind: kinds[name as keyof typeof kinds], body };
}
