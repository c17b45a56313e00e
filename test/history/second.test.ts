import { expect, it } from 'vitest';
import { git, scan } from '../commands/scan-kit.ts';
import { fillIn } from '../detect/samples.ts';
import { commit, makeRepo } from './repo.ts';

const filler = Array.from(
  { length: 40 },
  (_, n) => `setting_${n}: ${'plain words of a line that is long '.repeat(3)}`,
);
const distances = [1, 2, 3].flatMap((away) => [true, false].map((comes) => ({ away, comes })));

it.each(distances)(
  'finds a secret whose second part is $away lines away, comes: $comes',
  async ({ away, comes }) => {
    const root = makeRepo();
    const key = fillIn('  value: {alnum:6}.{alnum:6}:{url:43}');
    const without = [...filler.slice(0, 20), ...filler.slice(20, 20 + away), key, ...filler.slice(25)];
    const whole = without.with(20, 'realtime: ably');
    // The larger version is the base of the other: what is new in the smaller one alone is looked at.
    const [small, large] = comes ? [whole, [...without, ...filler]] : [without, [...whole, ...filler]];
    commit(root, { 'a.txt': large.join('\n') });
    commit(root, { 'a.txt': small.join('\n') });
    git(root, 'repack', '-adfq');
    const { findings } = await scan(root, '--history');
    expect(findings.map(({ rule }) => rule)).toEqual(['ably-api-key']);
  },
);
