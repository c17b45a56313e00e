import { KERNEL_ROOM, SLACK, type Kernel } from './kernel.ts';
import type { Forest } from './forest.ts';
import { createPackReader, READER_ROOM, type PackReader } from './pack-reader.ts';
import type { PackTable } from './pack-table.ts';
import type { RandomFile } from '../../lib/random-file.ts';

/** An object while it lies in the bytes of the kernel. */
export interface Built<State> {
  position: number;
  at: number;
  length: number;
  /** Next of its children to be built. */
  next: number;
  state: State;
}

/** What is done with each object of a forest. */
export interface Visitor<State> {
  /** Looks at an object; the windows of the kernel say what its base does not have. No base: all of it is new. */
  readonly visit: (object: Built<State>, base: Built<State> | undefined) => State;
  /**
   * Told of an object that could not be built, and then of each that hangs on it; or that was not, because the pack holds
   * more than is built.
   */
  readonly fail: (position: number, isTooMuch: boolean) => void;
}

export interface Walk<State> {
  readonly table: PackTable;
  readonly forest: Forest;
  readonly file: RandomFile;
  readonly kernel: Kernel;
  readonly visitor: Visitor<State>;
  /** Bytes around a change that belong to its window; asked before each delta is applied. */
  readonly contextFor: (base: Built<State>) => number;
  readonly initial: State;
  /** Bytes that are built at most; 256 GiB where nothing is said. */
  readonly mostBuilt?: number;
}

const DELTA_ROOM = 32 << 20;
const DELTA_AT = KERNEL_ROOM + READER_ROOM;
const ARENA_AT = DELTA_AT + DELTA_ROOM + SLACK;
const ARENA_ROOM = 224 << 20;
/** Above this an only heir is moved into its base's place. */
const CROWDED = ARENA_AT + (8 << 20);
/** Bytes of the largest object that is built. */
export const LARGEST_OBJECT = 64 << 20;
/** Bytes that are built of one pack: a few bytes of a delta may make as much as the largest object. */
const MOST_BUILT = 2 ** 38;
/** Bytes of a kernel that a walk needs. */
export const WALK_ROOM = ARENA_AT + ARENA_ROOM;

/** Makes a function that builds every object of the delta tree of one root, each once, and shows it to the visitor. */
export function createWalk<State>(walk: Walk<State>): (root: number) => void {
  const { table, forest, kernel, visitor } = walk;
  const reader = createPackReader(walk.file, table, kernel, KERNEL_ROOM);
  const pool: Built<State>[] = [];
  let left = walk.mostBuilt ?? MOST_BUILT;
  return (root) => {
    if (!buildRoot(root)) return;
    for (let depth = 0; depth >= 0;) {
      const base = take(depth);
      if (base.next >= endOf(base)) {
        depth -= 1;
        continue;
      }
      const child = take(depth + 1);
      if (!buildChild(base, child) || child.next >= endOf(child)) continue;
      if (base.next >= endOf(base) && child.at > CROWDED) replace(depth);
      else depth += 1;
    }
  };

  function endOf({ position }: Built<State>): number {
    return forest.starts[position + 1] ?? 0;
  }

  function buildRoot(root: number): boolean {
    const built = take(0);
    built.at = ARENA_AT;
    return show(left > 0 && inflateWhole(walk, reader, root, built), root, built);
  }

  function buildChild(base: Built<State>, child: Built<State>): boolean {
    const position = forest.children[base.next++] ?? 0;
    return show(left > 0 && buildDelta(walk, reader, position, { base, child }), position, child, base);
  }

  function show(isBuilt: boolean, position: number, built: Built<State>, base?: Built<State>): boolean {
    if (isBuilt) {
      left -= built.length;
      built.state = visitor.visit(built, base);
    } else failBelow(walk, position, left <= 0);
    return isBuilt;
  }

  /** The base has no further child: its heir takes its place. */
  function replace(depth: number): void {
    const base = take(depth);
    const child = take(depth + 1);
    kernel.bytes.copyWithin(base.at, child.at, child.at + child.length);
    child.at = base.at;
    pool[depth] = child;
    pool[depth + 1] = base;
  }

  function take(depth: number): Built<State> {
    return (pool[depth] ??= { position: 0, at: 0, length: 0, next: 0, state: walk.initial });
  }
}

function inflateWhole<State>(
  { table, forest, kernel }: Walk<State>,
  reader: PackReader,
  position: number,
  built: Built<State>,
): boolean {
  const length = table.lengths[position] ?? 0;
  if (length > LARGEST_OBJECT || !reader.locate(position)) return false;
  built.position = position;
  built.length = length;
  built.next = forest.starts[position] ?? 0;
  return kernel.inflate(reader.from, reader.end, built.at, length);
}

function buildDelta<State>(
  walk: Walk<State>,
  reader: PackReader,
  position: number,
  { base, child }: { readonly base: Built<State>; readonly child: Built<State> },
): boolean {
  const { table, forest, kernel } = walk;
  const deltaLength = table.lengths[position] ?? 0;
  if (deltaLength > DELTA_ROOM || !reader.locate(position)) return false;
  if (!kernel.inflate(reader.from, reader.end, DELTA_AT, deltaLength)) return false;
  child.position = position;
  child.at = (base.at + base.length + SLACK + 63) & ~63;
  child.next = forest.starts[position] ?? 0;
  child.length = kernel.applyDelta({
    base: base.at,
    baseLength: base.length,
    delta: DELTA_AT,
    deltaLength,
    target: child.at,
    room: Math.max(0, Math.min(LARGEST_OBJECT, ARENA_AT + ARENA_ROOM - SLACK - child.at)),
    context: walk.contextFor(base),
  });
  return child.length >= 0;
}

function failBelow<State>({ forest, visitor }: Walk<State>, position: number, isTooMuch: boolean): void {
  const open = [position];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    visitor.fail(at, isTooMuch);
    for (let child = forest.starts[at] ?? 0; child < (forest.starts[at + 1] ?? 0); child += 1)
      open.push(forest.children[child] ?? 0);
  }
}
