import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLayers } from '../../src/detect/decode/index.ts';
import { mayHoldLayers } from '../../src/detect/decode/may-hold.ts';
import { makeTree, oktaToken, scan } from '../commands/scan-kit.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const percent = (text: string): string =>
  text.replaceAll(/[^\w]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
const unicode = (text: string): string =>
  [...Buffer.from(text)].map((one) => `\\u${one.toString(16).padStart(4, '0')}`).join('');

function layers(text: string): readonly string[] {
  return decodeLayers(text).map((layer) => `${layer.encodings.join('+')}: ${layer.text}`);
}

describe('decodeLayers', () => {
  it.each([
    ['base64', base64('name = a long enough value')],
    ['base64', Buffer.from('name = a long enough value?~').toString('base64url')],
    ['hex', Buffer.from('name = a long enough value').toString('hex')],
    ['percent', percent('name = a long enough value')],
    ['escape', unicode('name = a long enough value')],
  ])('decodes %s, with the place of the run', (encoding, run) => {
    const text = `const packed = "${run}"; // end`;
    const [layer] = decodeLayers(text);
    expect(layer?.encodings).toEqual([encoding]);
    expect(layer?.text).toContain('name = a long enough value');
    const { start, end } = layer?.outer ?? { start: 0, end: 0 };
    expect(text.slice(start, end)).toContain(run);
  });

  it('decodes layers within layers, three deep', () => {
    const inner = 'password: a long enough value';
    const three = base64(base64(percent(inner)));
    expect(layers(three).at(-1)).toBe(`base64+base64+percent: ${inner}`);
    expect(layers(base64(three))).not.toContain(`base64+base64+base64+percent: ${inner}`);
  });

  it('gives the exact place of what is escaped', () => {
    const text = String.raw`x = "{\"token\":\"abcdefgh\"}"`;
    const [layer] = decodeLayers(text);
    const at = layer?.text.indexOf('abcdefgh') ?? 0;
    const { start, end } = layer?.toOuter({ start: at, end: at + 8 }) ?? { start: 0, end: 0 };
    expect(text.slice(start, end)).toBe('abcdefgh');
  });

  it('follows base64 over line breaks', () => {
    const inner = 'a line of some length that says nothing. '.repeat(4);
    const lines = (base64(inner).match(/.{1,76}/g) ?? []).join('\n');
    expect(layers(`data: |\n${lines.replaceAll(/^/gm, '  ')}\n`)).toEqual([`base64: ${inner}`]);
  });

  it.each([
    'a/path/to/some/quite/long/place/in/a/tree/of/files',
    'someQuiteLongIdentifierOfOneThingOrAnother',
    '3f2a9c1b8e7d6f5a4b3c2d1e0f9a8b7c6d5e4f3a',
    'printf("%d of %s: 100%\\n")',
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2ln',
    String.raw`say("\"hello\"")`,
  ])('leaves alone %s', (text) => {
    expect(layers(text)).toEqual([]);
  });

  it('never throws, and every place lies in the text', () => {
    const part = fc.oneof(
      fc.string(),
      fc.string().map(base64),
      fc.string({ minLength: 20 }).map((text) => base64(`{"token": "${text}"}`)),
      fc.string().map((text) => Buffer.from(text).toString('hex')),
      fc.constantFrom('%', '%4', '%41', '\\u', '\\u00', '\\u0041', '\\"token\\"', '\\x41', '='),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        for (const { outer, text: inner, toOuter } of decodeLayers(text)) {
          for (const { start, end } of [
            outer,
            toOuter({ start: 0, end: inner.length }),
            toOuter({ start: 1, end: 2 }),
          ]) {
            expect(start).toBeGreaterThanOrEqual(0);
            expect(end).toBeGreaterThanOrEqual(start);
            expect(end).toBeLessThanOrEqual(text.length);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([base64('token '.repeat(6)), '%41', '\\u0041', '\\"key', 'eyJ'])(
    'takes bounded time on many %s',
    (part) => {
      for (const text of [part.repeat(200_000 / part.length), `${part} `.repeat(200_000 / part.length)]) {
        const before = performance.now();
        decodeLayers(text);
        expect(performance.now() - before).toBeLessThan(1500);
      }
    },
  );
});

describe('mayHoldLayers', () => {
  it('says so of all bytes that hold a layer, but for quotes within quotes', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ minLength: 18 }).map(base64),
      fc.string({ minLength: 16 }).map((text) => Buffer.from(text).toString('hex')),
      fc.constantFrom('%41', '%zz', String.raw`\u0041`, String.raw`\x4a`, ' '),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const bytes = Buffer.from(parts.join(''));
        const text = bytes.toString();
        if (text.includes(String.raw`\"`) || decodeLayers(text).length === 0) return;
        expect(mayHoldLayers(bytes, 0, bytes.length)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it.each(['const identifier = someQuiteLongFunctionName(3);', '100% of a/long/path/to/some/file/in/here'])(
    'passes over %s',
    (text) => {
      expect(mayHoldLayers(Buffer.from(text), 0, text.length)).toBe(false);
    },
  );
});

describe('scan', () => {
  it.each([
    ['base64', (text: string) => base64(text)],
    ['hex', (text: string) => Buffer.from(text).toString('hex')],
    ['percent', percent],
    ['escape', unicode],
    ['base64, then base64', (text: string) => base64(base64(text))],
  ])('finds what is written in %s', async (encoding, encode) => {
    const text = `first line\npacked ${encode(`OKTA_API_TOKEN=${oktaToken()}`)}\n`;
    const { findings } = await scan(makeTree({ 'notes.txt': text }));
    expect(findings.map(({ rule, location }) => [rule, location.startLine])).toEqual([['okta-api-token', 2]]);
    expect(findings[0]?.reasons.at(-1)).toBe(`decoded from ${encoding}`);
  });

  it('gives one secret one fingerprint, encoded or not', async () => {
    const line = `OKTA_API_TOKEN=${oktaToken()}`;
    const { findings } = await scan(makeTree({ 'a.txt': `${line}\n`, 'b.txt': `${base64(line)}\n` }));
    expect(findings).toHaveLength(2);
    expect(new Set(findings.map(({ secret }) => secret)).size).toBe(1);
  });

  it('finds every secret of one encoded file', async () => {
    const text = `OKTA_API_TOKEN=${oktaToken()}\nOTHER_OKTA_TOKEN=${oktaToken()}\n`;
    const { findings } = await scan(makeTree({ 'a.txt': base64(text) }));
    expect(findings.map(({ name }) => name)).toEqual(['OKTA_API_TOKEN', 'OTHER_OKTA_TOKEN']);
  });

  it.each(['OKTA_API_TOKEN=${OKTA_API_TOKEN}', 'OKTA_API_TOKEN=your-token-goes-here'])(
    'passes over an encoded %s',
    async (text) => {
      expect((await scan(makeTree({ 'a.txt': `x ${base64(text)}\n` }))).findings).toEqual([]);
    },
  );
});

describe('encodings of files', () => {
  const lines = (): string => `# füße\nOKTA_API_TOKEN=${oktaToken()}\n`;
  const swapped = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

  it.each([
    ['UTF-16 LE', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16 BE', (text: string) => swapped(`\ufeff${text}`)],
    ['UTF-16 LE without mark', (text: string) => Buffer.from(text, 'utf16le')],
    ['UTF-16 BE without mark', swapped],
    ['Latin-1', (text: string) => Buffer.from(text, 'latin1')],
    [
      'UTF-8 with a stray byte',
      (text: string) => Buffer.concat([Buffer.from(`# äöü `), Buffer.from([0xff]), Buffer.from(text)]),
    ],
  ])('reads %s and gives exact places', async (_, encode) => {
    const { findings } = await scan(makeTree({ '.env': encode(lines()) }));
    expect(findings.map(({ location }) => [location.startLine, location.startColumn])).toEqual([[2, 16]]);
  });

  it('keeps columns exact behind letters of two bytes beside a broken one', async () => {
    const bytes = Buffer.concat([
      Buffer.from('# äöüß \n# '),
      Buffer.from([0xe9]),
      Buffer.from(`\nGRÜN=äöü; OKTA_API_TOKEN=${oktaToken()}\n`),
    ]);
    const { findings } = await scan(makeTree({ 'a.txt': bytes }));
    expect(findings[0]?.location.startColumn).toBe(26);
  });
});
