import { constants, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createCompiledKernel,
  createPlainKernel,
  KERNEL_ROOM,
  type Kernel,
} from '../../src/sources/git/kernel.ts';
import { createFind } from '../../src/sources/git/find.ts';
import { createTreeCollector } from '../../src/sources/history/collect-trees.ts';

const SIZE = KERNEL_ROOM + (4 << 20);
const FROM = KERNEL_ROOM + (1 << 20);
const TO = KERNEL_ROOM + (2 << 20);
const BASE = KERNEL_ROOM + (3 << 20);

const compiled = createCompiledKernel(SIZE);
const plain = createPlainKernel(SIZE);

/** Text with repetitions near and far, noise, or one byte over and over. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc
    .array(fc.constantFrom('token: ', 'secret ', 'a', '\n', '0123456789abcdef'), { maxLength: 3000 })
    .map((words) => Buffer.from(words.join(''))),
  fc.tuple(fc.nat(40_000), fc.nat(255)).map(([length, byte]) => Buffer.alloc(length, byte)),
);

describe('the compiled kernel', () => {
  it('is there', () => {
    expect(compiled?.trees, 'only the compiled kernel lists trees').toHaveProperty('list');
    expect(plain.trees).toBeUndefined();
  });

  it('inflates to the same bytes as zlib, and refuses what zlib refuses', () => {
    const stream = fc.record({
      data: content,
      level: fc.integer({ min: 0, max: 9 }),
      strategy: fc.constantFrom(constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY),
      flips: fc.array(fc.tuple(fc.nat(), fc.nat(7)), { maxLength: 2 }),
      more: fc.integer({ min: -1, max: 1 }),
    });
    fc.assert(
      fc.property(stream, ({ data, level, strategy, flips, more }) => {
        const bytes = deflateSync(data, { level, strategy });
        for (const [at, bit] of flips)
          bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << bit);
        const length = Math.max(0, data.length + more);
        expect(inflated(compiled, bytes, length)).toEqual(inflated(plain, bytes, length));
      }),
      { numRuns: 500 },
    );
  });

  it('applies deltas, broken ones included, to the same bytes and windows', () => {
    const instruction = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 127 }).map((bytes) => [bytes.length, ...bytes]),
      fc
        .tuple(fc.nat(2000), fc.nat(700))
        .map(([offset, size]) => [0xb3, offset & 255, offset >> 8, size & 255, size >> 8]),
      fc.uint8Array({ maxLength: 3 }).map((bytes) => [...bytes]),
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1500, maxLength: 2500 }),
        fc.array(instruction, { maxLength: 12 }),
        fc.nat(6000),
        fc.nat(40),
        (base, instructions, length, context) => {
          const head = [base.length, length].flatMap((number) => [(number & 127) | 128, number >> 7]);
          const delta = Buffer.from([...head, ...instructions.flat()]);
          expect(applied(compiled, base, delta, context)).toEqual(applied(plain, base, delta, context));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('applies deltas that say their length truly', () => {
    const base = Buffer.from('one two three four five six seven eight nine ten\n'.repeat(4));
    const delta = Buffer.from([196, 1, 60, 0x90, 30, 10, ...Buffer.from('new bytes!'), 0x91, 50, 20]);
    const result = applied(plain, base, delta, 2);
    expect(result.length).toBe(60);
    expect(result.windows).toEqual([28, 42, 58, 60]);
    expect(applied(compiled, base, delta, 2)).toEqual(result);
  });

  it('lists what trees lead to, as the plain walk does', () => {
    const name = fc.tuple(
      fc.stringMatching(/^[a-c]{1,3}$/),
      fc.constantFrom('100644', '40000', '160000'),
      fc.nat(6),
    );
    const tree = fc.array(name, { maxLength: 12 });
    fc.assert(
      fc.property(tree, tree, (before, after) => {
        expect(listed(compiled, before, after)).toEqual(listed(plain, before, after));
      }),
      { numRuns: 500 },
    );
  });
});

function inflated(kernel: Kernel | undefined, stream: Buffer, length: number): Buffer | null {
  kernel?.bytes.set(stream, FROM);
  const works = kernel?.inflate(FROM, FROM + stream.length, TO, length) ?? false;
  return works && kernel !== undefined ? Buffer.from(kernel.bytes.subarray(TO, TO + length)) : null;
}

function applied(
  kernel: Kernel | undefined,
  base: Uint8Array,
  delta: Buffer,
  context: number,
): { readonly length: number; readonly bytes: string; readonly windows: readonly number[] } {
  if (kernel === undefined) return { length: -9, bytes: '', windows: [] };
  kernel.bytes.set(base, BASE);
  kernel.bytes.set(delta, FROM);
  const job = { base: BASE, baseLength: base.length, delta: FROM, deltaLength: delta.length };
  const length = kernel.applyDelta({ ...job, target: TO, room: 100_000, context });
  if (length < 0) return { length, bytes: '', windows: [] };
  const bytes = kernel.bytes.toString('hex', TO, TO + length);
  return { length, bytes, windows: [...kernel.windows.bounds.subarray(0, 2 * kernel.windows.count)] };
}

type Entry = readonly [name: string, mode: string, object: number];

/** Edges of a tree and of one that is made from it. */
function listed(
  kernel: Kernel | undefined,
  ...trees: readonly [readonly Entry[], readonly Entry[]]
): unknown {
  if (kernel === undefined) return undefined;
  const objectOf = (n: number): Buffer => Buffer.alloc(20, n);
  const sought = {
    nameBytes: 20,
    blobs: Buffer.concat([2, 4].map(objectOf)),
    starts: new Int32Array(16),
    parts: new Uint8Array(16),
    labels: new Int32Array(16),
  };
  const loose = [1, 2, 3, 4, 5].map((n) => objectOf(n).toString('hex'));
  const collector = createTreeCollector(sought, 0, createFind({ packs: [], loose, nameBytes: 20 }));
  let base: { at: number; length: number; state: number } | undefined;
  for (const [number, entries] of trees.entries()) {
    const sorted = new Map(entries.map((entry) => [entry[0], entry]));
    const bytes = Buffer.concat(
      [...sorted.values()]
        .sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
        .flatMap(([name, mode, n]) => [Buffer.from(`${mode} ${name}\0`), objectOf(n)]),
    );
    const at = number === 0 ? BASE : TO;
    kernel.bytes.set(bytes, at);
    const tree = { at, length: bytes.length, state: -1 };
    base = { ...tree, state: collector.addBuilt(10 + number, kernel, tree, base) };
  }
  return collector.done();
}

function sortKey([name, mode]: Entry): string {
  return mode === '40000' ? `${name}/` : name;
}
