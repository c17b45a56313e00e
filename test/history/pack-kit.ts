import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { makeRepo } from './repo.ts';

/** What is written into a pack; whatever is said here is written, true or not. */
export interface Entry {
  /** As packs number them: 1 commit, 2 tree, 3 blob, 6 delta by distance, 7 delta by name. */
  readonly type: number;
  /** The object, or a delta. */
  readonly body: Buffer;
  /** Place of the base among the entries, or its name. */
  readonly base?: number | Buffer;
  /** The name in the index; that of the content where nothing is said. */
  readonly name?: Buffer;
  /** Length that the header says. */
  readonly size?: number;
  /** The bytes behind the header. */
  readonly packed?: Buffer;
}

/** What a pack and its index say. */
export interface Forged {
  readonly pack: Buffer;
  readonly index: Buffer;
}

export interface Lies {
  /** Offset of an entry in the index. */
  readonly offsetOf?: (offset: number, n: number) => number;
  /** Changes the bytes once they are made. */
  readonly damage?: (forged: Forged) => Partial<Forged>;
}

const kindNames = ['', 'commit', 'tree', 'blob', 'tag'];

export function nameOf({ type, body, name }: Entry): Buffer {
  return (
    name ??
    createHash('sha1')
      .update(`${kindNames[type] ?? 'delta'} ${body.length}\0`)
      .update(body)
      .digest()
  );
}

export function blob(text: string | Buffer): Entry {
  return { type: 3, body: Buffer.from(text) };
}

export function tree(files: readonly (readonly [path: string, object: Entry])[]): Entry {
  const sorted = files.toSorted(([a], [b]) => (a < b ? -1 : 1));
  const rows = sorted.flatMap(([path, object]) => [
    Buffer.from(`${object.type === 2 ? '40000' : '100644'} ${path}\0`),
    nameOf(object),
  ]);
  return { type: 2, body: Buffer.concat(rows) };
}

export function commitOf(root: Entry, parents: readonly Buffer[] = []): Entry {
  const who = 'Ada <ada@acme.example> 1700000000 +0000';
  const lines = [
    `tree ${nameOf(root).toString('hex')}`,
    ...parents.map((parent) => `parent ${parent.toString('hex')}`),
    `author ${who}`,
    `committer ${who}`,
  ];
  return { type: 1, body: Buffer.from(`${lines.join('\n')}\n\nchange\n`) };
}

/** A delta: the lengths that it says, and its instructions. */
export function delta(from: number, to: number, ...instructions: readonly (Buffer | string)[]): Buffer {
  return Buffer.concat([toLength(from), toLength(to), ...instructions.map(toInstruction)]);
}

export function copy(offset: number, size: number): Buffer {
  const numbers = [0, 8, 16, 24].map((shift) => (offset >>> shift) & 255);
  const sizes = [0, 8, 16].map((shift) => (size >>> shift) & 255);
  return Buffer.from([0xff, ...numbers, ...sizes]);
}

function toInstruction(one: Buffer | string): Buffer {
  return typeof one === 'string' ? Buffer.concat([Buffer.from([one.length]), Buffer.from(one)]) : one;
}

function toLength(length: number): Buffer {
  const bytes: number[] = [];
  let left = length;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return Buffer.from([...bytes, left]);
}

function toHeader(type: number, size: number): Buffer {
  const rest = Math.floor(size / 16);
  const first = (type << 4) | (size % 16);
  return rest === 0 ? Buffer.from([first]) : Buffer.concat([Buffer.from([first | 128]), toLength(rest)]);
}

function toDistance(distance: number): Buffer {
  const bytes = [distance & 127];
  for (let left = Math.floor(distance / 128); left > 0; left = Math.floor(left / 128)) {
    left -= 1;
    bytes.unshift((left & 127) | 128);
  }
  return Buffer.from(bytes);
}

/** Makes a pack and its index. */
export function forge(entries: readonly Entry[], { offsetOf, damage }: Lies = {}): Forged {
  const parts = [Buffer.from('PACK'), words(2, entries.length)];
  const offsets: number[] = [];
  let at = 12;
  for (const entry of entries) {
    offsets.push(at);
    const { base, body } = entry;
    const to = typeof base === 'number' ? toDistance(at - (offsets[base] ?? 0)) : (base ?? Buffer.alloc(0));
    const bytes = Buffer.concat([
      toHeader(entry.type, entry.size ?? body.length),
      to,
      entry.packed ?? deflateSync(body),
    ]);
    parts.push(bytes);
    at += bytes.length;
  }
  const content = Buffer.concat(parts);
  const pack = Buffer.concat([content, createHash('sha1').update(content).digest()]);
  const rows = entries
    .map((entry, n) => ({ name: nameOf(entry), offset: offsetOf?.(offsets[n] ?? 0, n) ?? offsets[n] ?? 0 }))
    .sort((a, b) => a.name.compare(b.name));
  const fanout = Array.from({ length: 256 }, (_, n) => rows.filter(({ name }) => (name[0] ?? 0) <= n).length);
  const index = Buffer.concat([
    words(0xff744f63, 2, ...fanout),
    ...rows.map(({ name }) => name),
    Buffer.alloc(4 * rows.length),
    words(...rows.map(({ offset }) => offset)),
    pack.subarray(-20),
  ]);
  const forged = { pack, index: Buffer.concat([index, createHash('sha1').update(index).digest()]) };
  return { ...forged, ...damage?.(forged) };
}

function words(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  for (const [n, number] of numbers.entries()) bytes.writeUInt32BE(number, n * 4);
  return bytes;
}

/** Makes a repository of one pack, with `main` at a commit. */
export function makePacked(entries: readonly Entry[], head: Entry, lies: Lies = {}): string {
  const root = makeRepo();
  const { pack, index } = forge(entries, lies);
  const folder = join(root, '.git/objects/pack');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'pack-0.pack'), pack);
  writeFileSync(join(folder, 'pack-0.idx'), index);
  writeFileSync(join(root, '.git/refs/heads/main'), `${nameOf(head).toString('hex')}\n`);
  return root;
}

/** Makes a repository whose one commit has these files, by path; other entries lie beside them. */
export function makeFiles(
  files: Readonly<Record<string, Entry>>,
  rest: readonly Entry[] = [],
  lies: Lies = {},
): string {
  const top = tree(Object.entries(files));
  const head = commitOf(top);
  return makePacked([...rest, ...new Set(Object.values(files)), top, head], head, lies);
}
