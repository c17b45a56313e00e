import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { excerptYaml } from '../../src/formats/yaml/excerpt.ts';
import { yaml } from '../../src/formats/yaml/index.ts';
import type { Slot } from '../../src/model/facts.ts';

const word = fc.stringMatching(/^[a-z]{3,9}$/);
const scalar = fc.oneof(
  word,
  fc.stringMatching(/^[a-z "':#{}-]{1,60}$/),
  fc
    .array(fc.stringMatching(/^[a-z=$ ]{1,30}$/), { minLength: 2, maxLength: 6 })
    .map((lines) => lines.join('\n')),
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(tie('tree'), { maxLength: 6 }),
    fc.dictionary(word, tie('tree'), { maxKeys: 6 }),
  ),
}));

async function slotsOf(text: string): Promise<readonly Slot[]> {
  const { facts } = await yaml.parse(text, 'values.yaml');
  return facts.slots;
}

function shown({ path, value, span }: Slot): string {
  return `${path} at ${span.start}: ${value}`;
}

const config = [
  'jobs:',
  '  build:',
  '    description: "goes on',
  '      below"',
  '    steps:',
  '      - name: first',
  '        run: |',
  '          one',
  '      - name: second',
  '        env:',
  '          OKTA_API_TOKEN: here',
  '  other:',
  '    steps: [one,',
  '      two]',
  '',
].join('\n');

describe('excerptYaml', () => {
  it('leaves what stands at a place, and how it is reached', async () => {
    const start = config.indexOf('here');
    const text = excerptYaml(config, [{ start, end: start + 4 + '\n  other:'.length }]);
    expect(text).toHaveLength(config.length);
    expect(text).not.toContain('below');
    expect(text).not.toContain('one');
    const slots = await slotsOf(text);
    expect(slots.find(({ value }) => value === 'here')).toMatchObject({
      path: 'jobs.build.steps[1].env.OKTA_API_TOKEN',
      span: { start, end: start + 4 },
    });
  });

  it('goes on above the statements of a template, which stand anywhere', async () => {
    const helm = 'a:\n  b:\n{{- if .Values.x }}\n    c: d\n    OKTA_API_TOKEN: here\n{{- end }}\n    e: f\n';
    const start = helm.indexOf('here');
    const slots = await slotsOf(excerptYaml(helm, [{ start, end: helm.length }]));
    expect(slots.find(({ value }) => value === 'here')?.path).toBe('a.b.OKTA_API_TOKEN');
  });

  it('leaves the whole of a block of text that is touched', () => {
    const start = config.indexOf('one');
    expect(excerptYaml(config, [{ start, end: start + 1 }])).toContain('run: |\n          one\n');
  });

  it('reads the same around each place as the whole does, or fails to read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(word, tree, { minKeys: 3 }), fc.nat(), async (data, choice) => {
        const text = stringify(data);
        const all = await slotsOf(text);
        const chosen = all[choice % Math.max(1, all.length)];
        if (chosen === undefined) return;
        const place = { start: chosen.span.start, end: Math.min(text.length, chosen.span.end + 450) };
        const excerpt = excerptYaml(text, [place]);
        expect(excerpt).toHaveLength(text.length);
        const left = await slotsOf(excerpt).catch(() => undefined);
        if (left !== undefined) expect(left.map(shown)).toContain(shown(chosen));
      }),
    );
  });
});
