import { expect, it } from 'vitest';
import { packTables, toEngineTables, toRuleSet, unpackTables } from '../../src/detect/index.ts';
import { readRules } from '../../src/lib/rules.ts';

it('are the same after they were written down', async () => {
  const tables = toEngineTables(toRuleSet(await readRules()));
  const written: unknown = JSON.parse(JSON.stringify(packTables(tables)));
  const read = unpackTables(written as ReturnType<typeof packTables>);
  expect(read.anchors).toEqual(tables.anchors);
  expect(Buffer.from(read.grams.letters).equals(tables.grams.letters)).toBe(true);
  for (const part of ['first', 'links', 'starts'] as const)
    expect([...read.grams[part]]).toEqual([...tables.grams[part]]);
});
