import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchFile, toTextMarks } from '../../src/detect/index.ts';
import {
  createCompiledKernel,
  createPlainKernel,
  KERNEL_ROOM,
  type Kernel,
} from '../../src/sources/git/kernel.ts';
import {
  createBlobLook,
  nothing,
  type BlobLook,
  type BlobState,
} from '../../src/survey/history/blob-look.ts';
import { rules } from '../detect/kit.ts';
import { fillIn } from '../detect/samples.ts';

const SIZE = KERNEL_ROOM + (2 << 20);
const BASE = KERNEL_ROOM + (1 << 16);
const DELTA = KERNEL_ROOM + (1 << 18);
const TARGET = KERNEL_ROOM + (1 << 20);
const CONTEXT = 64;

const kernels = [createCompiledKernel(SIZE), createPlainKernel(SIZE)].filter((one) => one !== undefined);
const marks = toTextMarks(rules);

/** Lines that hold a secret, or a part without which another line holds none. */
const planted = [
  'OKTA_API_TOKEN=00{url:40}',
  'client = Ably(key)  # ably',
  'key: {alnum:6}.{alnum:6}:{url:43}',
  '  password: "{alnum:14}9!"',
  'Authorization: SSWS 00{url:40}',
  'db = "postgres://app:{alnum:16}@db.internal:5432/app"',
  'abuseipdb:',
  '  key: {hex:80}',
  '-----BEGIN RSA PRIVATE KEY-----\n{base64:64}\n{base64:64}\n{base64:64}\n-----END RSA PRIVATE KEY-----',
  'github: ghp_{alnum:36}',
];
const plain = [
  '',
  'def run(self, value):',
  '    return self.connection.send(value, timeout=30)',
  'version: 1.2.3-4',
  '# see https://docs.example.org/reference/configuration#section-12',
  'import os, sys, json',
];

const line = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...plain) },
  { weight: 1, arbitrary: fc.constantFrom(...planted).map(fillIn) },
);
const text = fc.array(line, { maxLength: 60 });
const edit = fc.record({
  lines: text,
  at: fc.nat(60),
  removed: fc.nat(12),
  added: fc.array(line, { maxLength: 6 }),
});

describe('the look at what is new in a blob', () => {
  it.each(kernels.map((kernel) => ({ kernel })))('finds what a look at all of it finds', ({ kernel }) => {
    kernel.lines.watch(marks);
    const look = createBlobLook(rules, 1 << 20, 'too large');
    let number = 0;
    const wanted = new Map<number, readonly string[]>();
    fc.assert(
      fc.property(edit, ({ lines, at, removed, added }) => {
        const before = lines.join('\n');
        const after = lines.toSpliced(at, removed, ...added).join('\n');
        const state = lookAt(look, kernel, { number, text: before, at: BASE }, undefined);
        lookAtDelta(look, kernel, { number: number + 1, before, after }, state);
        wanted.set(number, valuesOf(before)).set(number + 1, valuesOf(after));
        number += 2;
      }),
      { numRuns: 300 },
    );
    const found = foundIn(look);
    const missed = [...wanted].filter(([blob, values]) =>
      values.some((value) => found.get(blob)?.has(value) !== true),
    );
    expect([...wanted.values()].flat().length).toBeGreaterThan(300);
    expect(missed).toEqual([]);
  });
});

/** Digests of the values that a look at the whole text reports. */
function valuesOf(content: string): readonly string[] {
  return matchFile(content, null, rules)
    .filter(({ kind, confidence }) => kind === 'literal' && confidence !== 'low')
    .map(({ span }) => digest(content.slice(span.start, span.end)));
}

function digest(value: string): string {
  return createHash('sha256').update(value).digest('base64');
}

function foundIn(look: BlobLook): ReadonlyMap<number, ReadonlySet<string>> {
  const { pairs, values } = look.done();
  const found = new Map<number, Set<string>>();
  for (let at = 0; at < pairs.length; at += 2) {
    const number = pairs[at] ?? 0;
    found.set(number, (found.get(number) ?? new Set()).add(values[pairs[at + 1] ?? 0] ?? ''));
  }
  return found;
}

interface Written {
  readonly number: number;
  readonly text: string;
  readonly at: number;
}

function lookAt(
  look: BlobLook,
  { bytes, lines }: Kernel,
  { number, text: content, at }: Written,
  state: BlobState = nothing,
): BlobState {
  const length = bytes.write(content, at, 'latin1');
  return look.look({ number, bytes, at, length, lines }, state);
}

function lookAtDelta(
  look: BlobLook,
  kernel: Kernel,
  { number, before, after }: { readonly number: number; readonly before: string; readonly after: string },
  state: BlobState,
): void {
  const delta = toDelta(Buffer.from(before, 'latin1'), Buffer.from(after, 'latin1'));
  kernel.bytes.set(delta, DELTA);
  const length = kernel.applyDelta({
    base: BASE,
    baseLength: before.length,
    delta: DELTA,
    deltaLength: delta.length,
    target: TARGET,
    room: 1 << 18,
    context: CONTEXT,
  });
  expect(kernel.bytes.toString('latin1', TARGET, TARGET + length)).toBe(after);
  const { bytes, lines, windows } = kernel;
  look.look({ number, bytes, at: TARGET, length, lines, windows }, state);
}

/** Copies what both begin and end with, and inserts the rest. */
function toDelta(before: Buffer, after: Buffer): Buffer {
  const least = Math.min(before.length, after.length);
  let head = 0;
  while (head < least && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < least - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const middle = after.subarray(head, after.length - tail);
  const inserts = Array.from({ length: Math.ceil(middle.length / 100) }, (_, n) => {
    const part = middle.subarray(n * 100, n * 100 + 100);
    return Buffer.concat([Buffer.from([part.length]), part]);
  });
  return Buffer.concat([
    size(before.length),
    size(after.length),
    copy(0, head),
    ...inserts,
    copy(before.length - tail, tail),
  ]);
}

function size(length: number): Buffer {
  return Buffer.from([(length & 127) | 128, ((length >> 7) & 127) | 128, length >> 14]);
}

function copy(from: number, length: number): Buffer {
  if (length === 0) return Buffer.alloc(0);
  return Buffer.from([0xb7, from & 255, (from >> 8) & 255, from >> 16, length & 255, length >> 8]);
}
