import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEdits, confirmEdits } from '../../src/formats/index.ts';
import type { Slot } from '../../src/model/facts.ts';
import { parsed } from './kit.ts';

/** Values as people write them, and worse: quotes, comments, colons, blanks, other alphabets. */
const value = fc.string({
  unit: fc.constantFrom(...'abzAZ09 -_.:/#\'"`$\\{}[],&*!%@=é😀'.split(''), 'é', '\n'),
  maxLength: 12,
});
const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/);
const names = fc.uniqueArray(name, { minLength: 1, maxLength: 6 });

const writers: Readonly<Record<string, (names: readonly string[]) => string>> = {
  '.env': (all) => all.map((one, at) => `${at % 2 === 0 ? '' : 'export '}${one}="v${at}"\n`).join('# c\n'),
  'a.json': (all) => `{\n${all.map((one, at) => `  "${one}": "v${at}"`).join(',\n')}\n}\n`,
  'a.yaml': (all) => `env:\n${all.map((one, at) => `  ${one}: v${at} # c\n`).join('')}after: 1\n`,
  'compose.yaml': (all) =>
    `services:\n  a:\n    environment:\n${all.map((one, at) => `      - ${one}=v${at}\n`).join('')}`,
};

describe.each(Object.keys(writers))('%s', (path) => {
  const write = writers[path] ?? (() => '');

  it('keeps all other values whatever is written, and reads back what was', async () => {
    await fc.assert(
      fc.asyncProperty(names, value, fc.nat(), async (all, written, pick) => {
        const text = write(all);
        const document = await parsed(text, path);
        const slot = document.facts.slots[pick % document.facts.slots.length];
        if (slot === undefined) return;
        const edits = [document.setValue(slot, written, 'test')];
        const after = applyEdits(text, edits);
        await confirmEdits(path, text, after, edits);
        const slots = (await parsed(after, path)).facts.slots;
        const expected = document.facts.slots.map((one) => (one === slot ? written : one.value));
        expect(slots.map((one) => one.value)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('takes entries out and adds them until nothing of the first is left', async () => {
    await fc.assert(
      fc.asyncProperty(names, fc.nat(), async (all, pick) => {
        const text = write(all);
        const document = await parsed(text, path);
        const slots = document.facts.slots.filter((one) => all.includes(one.name ?? ''));
        const slot = slots[pick % slots.length];
        if (slot === undefined) return;
        const added = applyEdits(text, [document.insertEntry(slot, 'ZZ_ADDED', 'x y', 'test')]);
        const between = await parsed(added, path);
        const again = find(between.facts.slots, slot);
        const edits = between.removeEntry(again, 'test');
        const after = applyEdits(added, edits);
        await confirmEdits(path, added, after, edits);
        const left = (await parsed(after, path)).facts.slots;
        expect(left.some((one) => one.name === 'ZZ_ADDED' && one.value === 'x y')).toBe(true);
        expect(left.some((one) => one.name === slot.name)).toBe(false);
        expect(left).toHaveLength(document.facts.slots.length);
      }),
      { numRuns: 100 },
    );
  });
});

function find(slots: readonly Slot[], wanted: Slot): Slot {
  const found = slots.find((one) => one.name === wanted.name);
  if (found === undefined) throw new Error(`${wanted.name ?? ''} is gone`);
  return found;
}
