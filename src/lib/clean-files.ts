import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync, type Stats } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { makeFolders } from './folder.ts';

/** What tells one content of a file from the next: size in bytes, times in milliseconds since 1970, number of its node. */
export type FileState = readonly [size: number, modified: number, changed: number, node: number];

/** Gives the state of a file. Nobody but the system sets the second of its times. */
export function toFileState({ size, mtimeMs, ctimeMs, ino }: Stats): FileState {
  return [size, mtimeMs, ctimeMs, ino];
}

/** A folder, and how it is looked at. */
export interface CleanPlace {
  readonly root: string;
  readonly stamp: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly isPart?: boolean;
}

/** Nobody has looked at a folder for so long: what is known of it goes. */
const FORGET_MS = 60 * 24 * 60 * 60 * 1000;
/** A change so short before a look at the file may have left its times as they are. */
const RACE_MS = 2_000;
const FIELDS = 4;

/**
 * Files of a folder in which nothing was found, as they were then: names, sizes and times, never contents. One that
 * has not changed since need not be read again. What cannot be read or written is as if nothing were known.
 */
export class CleanFiles {
  readonly #root: string;
  readonly #place: string;
  readonly #head: string;
  readonly #before: number;
  readonly #paths: readonly string[];
  readonly #states: Float64Array;
  readonly #kept: number[] = [];
  /** Those that have changed. */
  readonly #lost = new Set<number>();
  readonly #isPart: boolean;
  readonly #added: { readonly path: string; readonly state: FileState }[] = [];
  #next = 0;
  #numbers: ReadonlyMap<string, number> | undefined;

  /**
   * Opens what is known of a folder. `stamp` names all that has a say in what is found: what was known under
   * another one is forgotten. Who looks at a part of the folder only forgets nothing of the rest.
   */
  constructor(cache: string, { root, stamp, now, isPart = false }: CleanPlace) {
    this.#root = root;
    this.#place = join(cache, createHash('sha256').update(root).digest('hex').slice(0, 32));
    this.#head = JSON.stringify({ root, stamp });
    this.#before = now - RACE_MS;
    this.#isPart = isPart;
    const { paths, states } = read(this.#place, this.#head);
    this.#paths = paths;
    this.#states = states;
  }

  /** Gives the size of a file in which nothing is found, since it has not changed; undefined where it must be read. */
  sizeOf(path: string): number | undefined {
    const at = this.#numberOf(path);
    if (at === undefined) return undefined;
    const stat = lstat(`${this.#root}${sep}${path}`);
    if (stat === undefined || !stat.isFile() || !this.#isSame(at, toFileState(stat))) {
      this.#lost.add(at);
      return undefined;
    }
    this.#kept.push(at);
    return stat.size;
  }

  /** Adds a file in which nothing was found, with its state before it was read. */
  add(path: string, state: FileState): void {
    if (state[1] < this.#before && state[2] < this.#before) this.#added.push({ path, state });
  }

  /** Keeps what is known for the next time. */
  save(): void {
    const kept = this.#isPart ? [...this.#paths.keys()].filter((at) => !this.#lost.has(at)) : this.#kept;
    if (this.#added.length === 0 && kept.length === this.#paths.length) return;
    const paths = [...kept.map((at) => this.#paths[at] ?? ''), ...this.#added.map(({ path }) => path)];
    const states = new Float64Array(paths.length * FIELDS);
    for (const [n, at] of kept.entries())
      states.set(this.#states.subarray(at * FIELDS, (at + 1) * FIELDS), n * FIELDS);
    for (const [n, { state }] of this.#added.entries()) states.set(state, (kept.length + n) * FIELDS);
    write(this.#place, [`${this.#head}\n${paths.length}\n`, Buffer.from(states.buffer), paths.join('\0')]);
    forget(dirname(this.#place), this.#before - FORGET_MS);
  }

  /** Files mostly come in the order of the last time. */
  #numberOf(path: string): number | undefined {
    if (this.#paths[this.#next] === path) return this.#next++;
    this.#numbers ??= new Map(this.#paths.map((one, at) => [one, at]));
    const at = this.#numbers.get(path);
    if (at !== undefined) this.#next = at + 1;
    return at;
  }

  #isSame(at: number, state: FileState): boolean {
    return state.every((value, field) => this.#states[at * FIELDS + field] === value);
  }
}

interface Known {
  readonly paths: readonly string[];
  readonly states: Float64Array;
}

const nothingKnown: Known = { paths: [], states: new Float64Array(0) };

/** Reads two lines, the states, and the names. */
function read(place: string, head: string): Known {
  try {
    const bytes = readFileSync(place);
    const start = Buffer.byteLength(head);
    if (bytes.toString('utf8', 0, start + 1) !== `${head}\n`) return nothingKnown;
    const end = bytes.indexOf('\n', start + 1) + 1;
    const count = Number(bytes.toString('latin1', start + 1, end));
    const names = end + count * FIELDS * 8;
    const paths = bytes.toString('utf8', names).split('\0');
    const states = new Float64Array(new Uint8Array(bytes.subarray(end, names)).buffer);
    return paths.length === count && states.length === count * FIELDS ? { paths, states } : nothingKnown;
  } catch {
    return nothingKnown;
  }
}

/** Renamed into place, so that nobody reads a half of it. What a crash leaves of it matches no file. */
function write(place: string, parts: readonly [string, Buffer, string]): void {
  const [head, states, names] = parts;
  const temporary = `${place}.${randomBytes(6).toString('hex')}`;
  try {
    makeFolders(dirname(place), 0o700);
    writeFileSync(temporary, Buffer.concat([Buffer.from(head), states, Buffer.from(names)]), { mode: 0o600 });
    renameSync(temporary, place);
  } catch {
    remove(temporary);
  }
}

function forget(cache: string, before: number): void {
  try {
    for (const name of readdirSync(cache)) {
      const place = join(cache, name);
      if ((lstat(place)?.mtimeMs ?? Infinity) < before) remove(place);
    }
  } catch {
    // Another one may be doing the same.
  }
}

/** What cannot be removed stays: even `force` fails where a folder's place is taken by a file, or may not be entered. */
function remove(place: string): void {
  try {
    rmSync(place, { force: true });
  } catch {
    // It is in nobody's way.
  }
}

function lstat(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
