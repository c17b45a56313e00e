import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFingerprint, matchFile, toFindings, toRuleSet } from '../../src/detect/index.ts';
import { readRules } from '../../src/lib/rules.ts';
import { toLineStarts } from '../../src/lib/text.ts';
import { toWindows, windowSizes } from '../../src/lib/text-windows.ts';
import type { Finding } from '../../src/model/finding.ts';
import { lookThrough } from '../../src/survey/large.ts';
import { createSieve } from '../../src/survey/sieve.ts';
import { makeTree, oktaToken, scan } from '../commands/scan-kit.ts';
import { fillIn } from '../detect/samples.ts';

const rules = toRuleSet(await readRules());
const sieve = createSieve(rules);
const fingerprint = createFingerprint('key-of-a-property-test');

function findWhole(path: string, text: string): readonly Finding[] {
  const matches = matchFile(text, null, rules, { path });
  return toFindings([{ path, lineStarts: toLineStarts(text), source: 'tree', matches }], fingerprint);
}

function findInChunks(path: string, chunks: readonly Buffer[], inner: number): readonly Finding[] {
  const windows = toWindows(chunks, { inner, margin: windowSizes.margin });
  const seen = [
    ...lookThrough(windows, path, sieve, (text, { near, ...likely }) => {
      const spans = near?.(text);
      return matchFile(text, null, rules, {
        path,
        ...likely,
        ...(spans === undefined ? {} : { near: spans }),
      });
    }),
  ];
  return toFindings(
    seen.flatMap(({ found }) => found.map((placed) => ({ path, source: 'tree' as const, ...placed }))),
    fingerprint,
  );
}

function cut(bytes: Buffer, sizes: readonly number[]): readonly Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, n = 0; at < bytes.length; n += 1) {
    const size = sizes[n % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

const pieces = fc
  .constantFrom(
    'OKTA_TOKEN=00{alnum:40}\n',
    "INSERT INTO users VALUES (7, 'ghp_{alnum:36}');\n",
    'Authorization: Bearer {url:60}',
    '"password": "{alnum:18}"',
    '\n',
    '\r\n',
    '-----BEGIN PRIVATE KEY-----\n{base64:64}\n{base64:64}\n{base64:40}\n-----END PRIVATE KEY-----\n',
    'postgres://ada:{alnum:16}@db.acme.example/prod ',
    'Müller \u{1f511} Übergabe ',
    '{base64:300} ',
    'AKIA{base32:16} and {base64:40}\n',
  )
  .map(fillIn);

/** Filling is what makes a text longer than the margin of its windows. */
const filling = fc
  .tuple(fc.constantFrom('plain words of a log, ', 'äöü€ ', '0123456789,', 'a line\n'), fc.nat({ max: 9000 }))
  .map(([text, times]) => text.repeat(times));

const texts = fc
  .array(fc.oneof({ weight: 3, arbitrary: pieces }, { weight: 1, arbitrary: filling }), {
    minLength: 20,
    maxLength: 60,
  })
  .map((parts) => parts.join(''));

describe('a text in windows', () => {
  it('gives what the whole text gives, however it is cut', () => {
    let found = 0;
    let windowed = 0;
    fc.assert(
      fc.property(
        texts,
        fc.constantFrom('app.log', 'dump.sql', 'rows.csv', 'data'),
        fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 3000, max: 90_000 }),
        (text, path, sizes, inner) => {
          const whole = findWhole(path, text);
          const bytes = Buffer.from(text);
          expect(findInChunks(path, cut(bytes, sizes), inner)).toEqual(whole);
          found += whole.length;
          if (bytes.length > inner + windowSizes.margin) windowed += 1;
        },
      ),
      { numRuns: 16, seed: Number(process.env['SAMPLE_SEED'] ?? 4) },
    );
    expect(found).toBeGreaterThan(100);
    expect(windowed).toBeGreaterThan(5);
  }, 120_000);
});

/** Text of more than 10 MB, with a token about every megabyte and one across each edge of a window. */
function largeText(breaks: boolean): { readonly text: string; readonly places: readonly string[] } {
  const word = breaks
    ? 'one more line of a log file that says nothing\n'
    : 'one,more,field,that,says,nothing,';
  const edges = [2, 4, 6, 8, 10, 12].map((n) => n * windowSizes.inner - 20);
  const places: string[] = [];
  let text = '';
  for (const edge of edges) {
    text += word.repeat((edge - text.length) / word.length);
    const before = `${text}OKTA_API_TOKEN=`;
    const line = breaks ? before.split('\n').length : 1;
    places.push(`${String(line)}:${String(before.length - before.lastIndexOf('\n'))}`);
    text = `${before}${oktaToken()}${breaks ? '\n' : ', '}`;
  }
  return { text, places };
}

describe('a scan of large files', () => {
  it('finds what is in them at its line and column, in each way to write text', async () => {
    const lines = largeText(true);
    const oneLine = largeText(false);
    const root = makeTree({
      'app.log': lines.text,
      'one-line.json': oneLine.text,
      'wide.log': Buffer.from(`\ufeff${lines.text}`, 'utf16le'),
      'latin1.log': Buffer.from(`M\u00fcller\n${lines.text}`, 'latin1'),
      'image.bin': Buffer.alloc(11_000_000, 'ab\0'),
    });
    const { findings, skipped, stats } = await scan(root);
    const placesIn = (path: string, from = 0): readonly string[] =>
      findings
        .filter(({ location }) => location.path === path)
        .map(({ location }) => `${String(location.startLine - from)}:${String(location.startColumn)}`);
    expect(placesIn('app.log')).toEqual(lines.places);
    expect(placesIn('one-line.json')).toEqual(oneLine.places);
    expect(placesIn('wide.log')).toEqual(lines.places);
    expect(placesIn('latin1.log', 1)).toEqual(lines.places);
    expect(skipped).toEqual([{ path: 'image.bin', reason: 'binary' }]);
    expect(stats['files']).toBe(4);
    const limited = await scan(root, '--max-file-size', '11MB');
    expect(limited.findings).toEqual([]);
    expect(limited.skipped.map(({ reason }) => reason)).toContain('larger than 11 MB');
  }, 60_000);

  it('takes no more memory for a longer file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'agent-id-large-'));
    try {
      const file = join(folder, 'dump.sql');
      const row = "INSERT INTO visits VALUES (17, 'plain words', 'and more of them');\n";
      for (let n = 0; n < 120; n += 1)
        appendFileSync(file, `${row.repeat(20_000)}OKTA_API_TOKEN=${oktaToken()}\n`);
      const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');
      const measure = `process.on('exit', () => process.stderr.write('peak ' + process.resourceUsage().maxRSS));`;
      const { stdout, stderr } = spawnSync(
        process.execPath,
        [
          '--import',
          `data:text/javascript,${encodeURIComponent(measure)}`,
          program,
          'scan',
          folder,
          '--format',
          'json',
        ],
        { encoding: 'utf8', env: { PATH: process.env['PATH'] } },
      );
      expect((JSON.parse(stdout) as { findings: unknown[] }).findings).toHaveLength(120);
      expect(Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024).toBeLessThan(150);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 60_000);
});
