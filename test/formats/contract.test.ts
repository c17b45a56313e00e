import { describe, expect, it } from 'vitest';
import { applyEdits, confirmEdits, formats } from '../../src/formats/index.ts';
import type { Slot } from '../../src/model/facts.ts';
import { asEdits, attempt, fixture, fixtures, parsed, readers, variants } from './kit.ts';

const reason = 'a test';

describe.each(fixtures)('$file', ({ file, path }) => {
  describe.each(variants)('with $name', ({ of }) => {
    const text = of(fixture(file));

    it('finds values by their exact place', async () => {
      const { facts } = await parsed(text, path);
      expect(facts.slots.length).toBeGreaterThan(3);
      for (const { span, entry } of facts.slots) {
        expect(span.start).toBeGreaterThanOrEqual(0);
        expect(span.end).toBeGreaterThanOrEqual(span.start);
        expect(span.end).toBeLessThanOrEqual(text.length);
        expect(entry.start).toBeLessThanOrEqual(span.start);
        expect(entry.end).toBeGreaterThanOrEqual(span.end);
      }
    });

    it('finds the same facts whatever the line breaks', async () => {
      const [{ facts }, plain] = [await parsed(text, path), await parsed(fixture(file), path)];
      const shown = (slots: readonly Slot[]): readonly unknown[] =>
        slots.map((slot) => [slot.path, slot.name, slot.value.replaceAll('\r', '').trimEnd()]);
      expect(shown(facts.slots)).toEqual(shown(plain.facts.slots));
      expect(facts.uses.map((use) => [use.name, use.store, use.slot, use.as, use.binding])).toEqual(
        plain.facts.uses.map((use) => [use.name, use.store, use.slot, use.as, use.binding]),
      );
      expect(facts.commands.map((command) => command.argv)).toEqual(
        plain.facts.commands.map((command) => command.argv),
      );
      expect(facts.imports.map((one) => one.module)).toEqual(plain.facts.imports.map((one) => one.module));
    });

    it('changes nothing when it sets what is there', async () => {
      const document = await parsed(text, path);
      for (const slot of document.facts.slots) {
        const edit = attempt(() => document.setValue(slot, slot.value, reason));
        if (edit !== 'unsupported') expect(applyEdits(text, [edit])).toBe(text);
      }
    });

    it('sets one value and nothing else', async () => {
      const document = await parsed(text, path);
      let changed = 0;
      for (const slot of document.facts.slots) {
        const value = `zq-${slot.span.start}`;
        const edit = attempt(() => document.setValue(slot, value, reason));
        if (edit === 'unsupported') continue;
        changed += 1;
        const after = applyEdits(text, [edit]);
        await confirmEdits(path, text, after, [edit]);
        const again = await parsed(after, path);
        const found = again.facts.slots.find((one) => one.path === slot.path && one.value === value);
        expect(found?.path).toBe(slot.path);
        if (found !== undefined) {
          expect(applyEdits(after, [again.setValue(found, value, reason)])).toBe(after);
        }
      }
      expect(changed).toBeGreaterThan(2);
    });

    it('takes one entry out and nothing else', async () => {
      const document = await parsed(text, path);
      let removed = 0;
      for (const slot of document.facts.slots) {
        const edits = attempt(() => document.removeEntry(slot, reason));
        if (edits === 'unsupported') continue;
        removed += 1;
        const after = applyEdits(text, edits);
        await confirmEdits(path, text, after, edits);
        const count = (slots: readonly Slot[]): number =>
          slots.filter((one) => one.name === slot.name && one.value === slot.value).length;
        const again = await parsed(after, path);
        expect(count(again.facts.slots), slot.path).toBeLessThan(count(document.facts.slots));
        expect(stray(after, text)).toBe(false);
      }
      expect(removed).toBeGreaterThan(1);
    });

    it('adds one entry and nothing else', async () => {
      const document = await parsed(text, path);
      let added = 0;
      for (const slot of document.facts.slots) {
        const edit = attempt(() => document.insertEntry(slot, 'ADDED_NAME', 'added value', reason));
        if (edit === 'unsupported') continue;
        added += 1;
        const edits = asEdits(edit);
        const after = applyEdits(text, edits);
        await confirmEdits(path, text, after, edits);
        const again = await parsed(after, path);
        const found = again.facts.slots.find((one) => one.value === 'added value');
        expect(found?.value, slot.path).toBe('added value');
        expect(stray(after, text)).toBe(false);
      }
      expect(added).toBeGreaterThan(0);
    });
  });
});

/** Says whether a text has line breaks that its original does not have, or lost its byte order mark. */
function stray(after: string, before: string): boolean {
  const hasBom = (text: string): boolean => text.charCodeAt(0) === 0xfeff;
  const isCrlf = before.includes('\r\n');
  return hasBom(after) !== hasBom(before) || (isCrlf ? /(?<!\r)\n/.test(after) : after.includes('\r'));
}

it('looks at every format', () => {
  const seen = new Set(
    [...fixtures, ...readers].map(({ path }) => formats.find((format) => format.matches(path, ''))?.id),
  );
  expect(seen).toEqual(new Set(formats.map(({ id }) => id)));
});
