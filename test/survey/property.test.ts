import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toRuleSet } from '../../src/detect/index.ts';
import { readRules } from '../../src/lib/rules.ts';
import { decodeText } from '../../src/lib/text.ts';
import type { Finding } from '../../src/model/finding.ts';
import { scanSource } from '../../src/survey/scan-tree.ts';
import { fillIn } from '../detect/samples.ts';

const rules = toRuleSet(await readRules());

/** Names of files of which each format, and none, takes some. */
const names = [
  'a.env',
  'b.json',
  'c.yaml',
  'd.py',
  'e.ts',
  'f.sh',
  'g.txt',
  'h.csv',
  'Dockerfile',
  'j.tf',
  'k.zip',
];

const templates = fc
  .constantFrom(
    'OKTA_TOKEN=00{alnum:40}\n',
    'key: ',
    '{"token": "',
    '"',
    '\n',
    '\r\n',
    '-----BEGIN PRIVATE KEY-----\n',
    'ghp_{alnum:36}',
    '${X:-',
    'eyJ{url:20}.',
    'PK\u0003\u0004',
    '\ufeff',
    '{base64:80}',
  )
  .map((template) => Buffer.from(fillIn(template)));

/** Bytes that look like something now and then. */
const bytes = fc
  .array(
    fc.oneof(
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
      { weight: 1, arbitrary: fc.uint8Array({ min: 1, maxLength: 60 }) },
      { weight: 12, arbitrary: templates },
    ),
    { maxLength: 30 },
  )
  .map((parts) => Buffer.concat(parts));

async function scanBytes(path: string, content: Buffer, undecoded: boolean): Promise<readonly Finding[]> {
  const source = {
    kind: 'tree' as const,
    root: null,
    paths: [path],
    read: () => Promise.resolve(decodeText(Buffer.from(content))),
    ...(undecoded ? { bytes: () => ({ bytes: Buffer.from(content) }) } : {}),
  };
  return (await scanSource(source, { rules, key: 'key-of-a-property-test' })).findings;
}

describe('a scan of arbitrary bytes', () => {
  it('never throws nor hangs, and finds the same with and without the look at bytes', async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), bytes, async (path, content) => {
        const before = performance.now();
        const sifted = await scanBytes(path, content, true);
        const whole = await scanBytes(path, content, false);
        expect(performance.now() - before).toBeLessThan(10_000);
        found += whole.length;
        const literals = (all: readonly Finding[]): readonly Finding[] =>
          all.filter(({ kind, confidence }) => kind === 'literal' && confidence !== 'low');
        expect(literals(sifted)).toEqual(literals(whole));
      }),
      { numRuns: 200, seed: Number(process.env['SAMPLE_SEED'] ?? 4) },
    );
    expect(found).toBeGreaterThan(40);
  }, 120_000);
});
