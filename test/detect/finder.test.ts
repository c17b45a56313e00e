import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toFinder, toGramTables, type Finder, type Hits } from '../../src/detect/engine/grams.ts';
import { startFinder } from '../../src/detect/engine/kernel.ts';
import { startWasm } from '../../src/lib/wasm.ts';

const words = ['key', 'token', 'eyj', 'aaa', 'aaaa', 'pat', '://', 'github', 'x-api-key', '_p9', 'k9xyz'];
const idle = [words.indexOf('github'), words.indexOf('aaa')];
const tables = toGramTables(words);
const plain = toFinder(tables, idle);
const compiled = startFinder(tables, idle, startWasm);

/** Pieces of text in which words stand, begin, overlap and are cut. */
const text = fc
  .array(fc.oneof(fc.constantFrom(...words, 'KEY', 'toke', 'n', 'ghp', ' ', '\n'), fc.string()), {
    maxLength: 200,
  })
  .map((parts) => Buffer.from(parts.join('')));

function listOf({ count, texts, offsets }: Hits): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${String(texts[n])}@${String(offsets[n])}`);
}

/** What a search by the words one after the other finds. */
function expected(bytes: Buffer, start: number, end: number): readonly string[] {
  const lower = bytes.toString('latin1', start, end).replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  return words.flatMap((word, number) => {
    const found: string[] = [];
    for (let at = lower.indexOf(word); at !== -1; at = lower.indexOf(word, at + 1))
      found.push(`${String(number)}@${String(at + start)}`);
    return idle.includes(number) ? found.slice(0, 1) : found;
  });
}

function findsAll(finder: Finder): void {
  fc.assert(
    fc.property(text, fc.nat(20), fc.nat(20), (bytes, before, after) => {
      const start = Math.min(before, bytes.length);
      const end = Math.max(start, bytes.length - after);
      const found = listOf(finder.find(bytes, start, end));
      expect([...found].toSorted()).toEqual([...expected(bytes, start, end)].toSorted());
    }),
  );
}

describe('finder of texts', () => {
  it('finds what a search for each text finds', () => {
    findsAll(plain);
  });

  it('is compiled, and finds the same', () => {
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 64 });
    expect(Object.keys(startWasm<object>('grams', memory) ?? {})).toEqual(['init', 'find', 'memory']);
    findsAll(compiled);
  });

  it('finds the same across the ends of stretches, and where there are too many hits for one', () => {
    const long = Buffer.alloc(3_000_000, 'some words of a file, ');
    for (let at = 1_048_560; at < 1_048_600; at += 1) {
      const bytes = Buffer.from(long);
      bytes.write('X-Api-Key', at);
      expect(listOf(compiled.find(bytes, 0, bytes.length))).toEqual(
        listOf(plain.find(bytes, 0, bytes.length)),
      );
    }
    const many = Buffer.alloc(1_500_000, 'key');
    const hits = listOf(compiled.find(many, 0, many.length));
    expect(hits).toHaveLength(500_000);
    expect(hits).toEqual(listOf(plain.find(many, 0, many.length)));
  });
});
