import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scan } from '../commands/scan-kit.ts';
import {
  blob,
  commitOf,
  copy,
  delta,
  forge,
  makeFiles,
  makePacked,
  tree,
  type Entry,
  type Forged,
} from './pack-kit.ts';
import { commit, leak, makeRepo, plainLines } from './repo.ts';

const SECOND = 1000;
const text = plainLines(40);
const base = blob(text);
const [one, other] = [Buffer.alloc(20, 0x11), Buffer.alloc(20, 0x22)];

/** Scans, and gives which files had findings and why others were skipped. */
async function seen(
  root: string,
): Promise<{ found: readonly string[]; skipped: Readonly<Record<string, string>> }> {
  const { findings, skipped, code } = await scan(root, '--history');
  expect(code).toBeLessThan(2);
  return {
    found: findings.map(({ location }) => location.path).sort(),
    skipped: Object.fromEntries(skipped.map(({ path, reason }) => [path, reason])),
  };
}

/** Files that cannot be read, each in a pack that also holds one that can. */
const broken: Readonly<Record<string, readonly Entry[]>> = {
  'deltas that lead to each other': [
    { type: 7, base: other, name: one, body: delta(10, 10, copy(0, 10)) },
    { type: 7, base: one, name: other, body: delta(10, 10, copy(0, 10)) },
  ],
  'a delta of itself, by name': [{ type: 7, base: one, name: one, body: delta(10, 10, copy(0, 10)) }],
  'a delta of itself, by distance': [{ type: 6, base: 1, body: delta(10, 10, copy(0, 10)) }],
  'a delta of what begins before the pack': [{ type: 6, base: 99, body: delta(10, 10, copy(0, 10)) }],
  'a delta of what is not here': [{ type: 7, base: one, body: delta(10, 10, copy(0, 10)) }],
  'a copy of what its base does not have': [
    { type: 6, base: 0, body: delta(text.length, 100, copy(text.length - 50, 100)) },
  ],
  'a copy from beyond 4 GiB': [{ type: 6, base: 0, body: delta(text.length, 100, copy(0xffffffff, 100)) }],
  'a result of a terabyte': [{ type: 6, base: 0, body: delta(text.length, 2 ** 40, copy(0, 100)) }],
  'a result that is longer than said': [{ type: 6, base: 0, body: delta(text.length, 10, copy(0, 100)) }],
  'a result that is shorter than said': [{ type: 6, base: 0, body: delta(text.length, 200, copy(0, 100)) }],
  'a base of another length': [{ type: 6, base: 0, body: delta(7, 100, copy(0, 100)) }],
  'an instruction that git keeps for later': [
    { type: 6, base: 0, body: delta(text.length, 10, Buffer.alloc(1)) },
  ],
  'an instruction that is cut off': [
    { type: 6, base: 0, body: delta(text.length, 10, Buffer.from([0xff, 0])) },
  ],
  'a length of 2 ** 60': [{ ...blob('x'), size: 2 ** 60 }],
  'a length of 60 MB and a stream of one byte': [{ ...blob('x'), size: 60_000_000 }],
  'a stream of 60 MB and a length of one byte': [
    { ...blob('y'), size: 1, packed: deflateSync(Buffer.alloc(60_000_000)) },
  ],
  'a stream of other bytes': [{ ...blob('x'), packed: Buffer.alloc(40, 0x5a) }],
  'a stream that is cut off': [{ ...blob(text + text), packed: deflateSync(text + text).subarray(0, 40) }],
  'no stream': [{ ...blob('z'), packed: Buffer.alloc(0) }],
  'a kind that there is not': [
    { type: 0, body: Buffer.from('a') },
    { type: 5, body: Buffer.from('b') },
  ],
  'a header without an end': [{ ...blob('h'), packed: Buffer.alloc(200, 0xff), size: 2 ** 52 }],
};

describe('scan --history of hostile packs', () => {
  it.each(Object.entries(broken))(
    'skips %s, and reads what lies beside',
    async (_, bad) => {
      const files = Object.fromEntries(bad.map((entry, n) => [`bad-${n}.env`, entry]));
      const root = makeFiles({ ...files, 'ok.env': blob(leak()) }, [base]);
      const { found, skipped } = await seen(root);
      expect(found).toEqual(['ok.env']);
      for (const path of Object.keys(files))
        expect(skipped[path], path).toMatch(/^(the object is missing or broken|larger than 10 MB)$/);
    },
    20 * SECOND,
  );

  it(
    'follows a chain of 20,000 deltas to its end',
    async () => {
      const last = leak();
      const chain: Entry[] = [base];
      for (let n = 0; n < 20_000; n += 1)
        chain.push({
          type: 6,
          base: n,
          body: delta(text.length, text.length, copy(0, text.length)),
          name: numbered(n),
        });
      const tip: Entry = { type: 6, base: 20_000, body: delta(text.length, last.length, last), name: one };
      const top = tree([['deep.env', tip]]);
      const head = commitOf(top);
      const { skipped } = await seen(makePacked([...chain, tip, top, head], head));
      expect(Object.values(skipped)).toEqual([]);
    },
    60 * SECOND,
  );

  it(
    'builds large objects on each other while there is room, and no further',
    async () => {
      const large = 64 << 20;
      const parts = [0, 1, 2, 3].map((n) => copy(n * 0xffffff, 0xffffff));
      const whole = (to: number): Buffer => delta(large, to, ...parts, copy(0, to - 4 * 0xffffff));
      const entries: Entry[] = [blob(Buffer.alloc(large))];
      const add = (level: number, at: number): void => {
        if (level === 3) return;
        for (let n = 0; n < 2; n += 1) {
          entries.push({ type: 6, base: at, body: whole(large), name: numbered(entries.length) });
          add(level + 1, entries.length - 1);
        }
      };
      add(0, 0);
      const root = makeFiles({ 'ok.env': blob(leak()) }, entries);
      expect((await seen(root)).found).toEqual(['ok.env']);
    },
    60 * SECOND,
  );

  it(
    'ends for folders and commits that hold themselves, and for very deep ones',
    async () => {
      const loop: Entry = { type: 2, name: one, body: Buffer.concat([Buffer.from('40000 again\0'), one]) };
      const good = blob(leak());
      const far = blob(leak());
      let deep = tree([['far.env', far]]);
      const trees = [deep];
      for (let n = 0; n < 3000; n += 1) trees.push((deep = tree([['d', deep]])));
      const top = tree([
        ['loop', loop],
        ['ok.env', good],
        ['deep', deep],
      ]);
      const head: Entry = { ...commitOf(top, [other]), name: other };
      const { found, skipped } = await seen(makePacked([loop, good, far, ...trees, top, head], head));
      expect(found).toEqual(['ok.env']);
      expect(skipped).toEqual({ '.git': expect.stringContaining('1 blob looks as if') as string });
    },
    60 * SECOND,
  );
});

/** A name of its own for each number. */
function numbered(n: number): Buffer {
  const name = Buffer.alloc(20, 0x33);
  name.writeUInt32BE(n, 0);
  return name;
}

describe('scan --history of hostile indexes', () => {
  const at = 8 + 4 * 256;
  const edit = (change: (index: Buffer) => void) => ({
    damage: ({ index }: Forged) => {
      change(index);
      return { index };
    },
  });
  const refused = {
    'a fan-out that falls': edit((index) => void index.writeUInt32BE(9, 8 + 4 * 100)),
    'a fan-out that is not that of the names': edit(
      (index) => void index.fill(index.subarray(at - 4, at), 8, at),
    ),
    'more objects than the pack can hold': edit((index) => void index.writeUInt32BE(0x7fffffff, at - 4)),
    'names in another order': edit((index) => void index.subarray(at, at + 60).reverse()),
    'an offset in a table that is not there': edit(
      (index) => void index.writeUInt32BE(0xffffffff, index.length - 44),
    ),
    'a pack that says another number of objects': {
      damage: ({ pack }: Forged) => {
        pack.writeUInt32BE(2, 8);
        return { pack };
      },
    },
    'a pack of another version': {
      damage: ({ pack }: Forged) => {
        pack.writeUInt32BE(9, 4);
        return { pack };
      },
    },
  };

  it.each(Object.entries(refused))('says that a pack cannot be read: %s', async (_, lies) => {
    const { found, skipped } = await seen(makeFiles({ 'ok.env': blob(leak()), 'a.txt': base }, [], lies));
    expect(found).toEqual([]);
    expect(Object.entries(skipped)).toEqual([
      [expect.stringContaining('pack-0.pack'), expect.stringMatching(/broken/)],
    ]);
  });

  const wrong = {
    'beyond the pack': () => 0x7ffffff0,
    'within another object': (offset: number) => offset + 3,
    'that of another one': () => 12,
  };

  it.each(Object.entries(wrong))('skips an object whose offset is %s', async (_, toWrong) => {
    const bad = blob(`${plainLines(20)}${leak()}`);
    const lies = { offsetOf: (offset: number, n: number) => (n === 1 ? toWrong(offset) : offset) };
    const { found, skipped } = await seen(
      makeFiles({ 'bad.env': bad, 'ok.env': blob(leak()) }, [base], lies),
    );
    expect(found).toEqual(['ok.env']);
    expect(skipped['bad.env'] ?? skipped['.git']).toMatch(/missing or broken|cannot be read/);
  });

  it('reports an index without its pack and a pack without its index', async () => {
    const root = makeFiles({ 'ok.env': blob(leak()) });
    const { pack, index } = forge([base]);
    writeFileSync(join(root, '.git/objects/pack/pack-1.pack'), pack);
    writeFileSync(join(root, '.git/objects/pack/pack-2.idx'), index);
    const { found, skipped } = await seen(root);
    expect(found).toEqual(['ok.env']);
    expect(Object.values(skipped).sort()).toEqual([
      'the pack cannot be read',
      'the pack has no index that can be read',
    ]);
  });
});

it('reads alternates once that lead to each other, by names and by links', async () => {
  const [a, b] = [makeRepo(), makeRepo()];
  commit(a, { 'a.env': leak() });
  commit(b, { 'b.env': leak() });
  mkdirSync(join(a, '.git/objects/info'), { recursive: true });
  symlinkSync(join(a, '.git/objects'), join(a, '.git/objects/again'));
  writeFileSync(join(a, '.git/objects/info/alternates'), `${join(b, '.git/objects')}\nagain\nagain/again\n`);
  writeFileSync(join(b, '.git/objects/info/alternates'), `${join(a, '.git/objects')}\n/nowhere\n`);
  const { findings, stats } = await scan(a, '--history');
  expect(findings.map(({ location }) => location.path)).toEqual(['a.env']);
  expect(stats).toMatchObject({ blobs: 2, commits: 1 });
});

it(
  'never throws and never hangs, whatever bytes a pack and its index have',
  async () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 });
    const files = Object.fromEntries(
      Array.from({ length: 6 }, (_, n) => [`f${n}.env`, blob(`${plainLines(9, `${n}`)}`)]),
    );
    const rest: Entry[] = [base, { type: 6, base: 0, body: delta(text.length, 60, copy(9, 60)), name: one }];
    const damaged = (bytes: Buffer, changes: readonly (readonly [number, number])[]): Buffer => {
      for (const [where, byte] of changes) bytes[where % bytes.length] = byte;
      return bytes;
    };
    await fc.assert(
      fc.asyncProperty(flips, flips, fc.boolean(), async (first, second, both) => {
        const root = makeFiles(files, rest, {
          damage: ({ pack, index }) => ({
            pack: damaged(pack, first),
            index: both ? damaged(index, second) : index,
          }),
        });
        expect((await scan(root, '--history')).code).toBeLessThan(2);
      }),
      { numRuns: 40 },
    );
  },
  120 * SECOND,
);
