import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unpack } from '../../src/sources/archive/index.ts';
import { makeTree, oktaToken, run, scan } from '../commands/scan-kit.ts';
import { makeTar } from './tar-kit.ts';
import { makeZip } from './zip-kit.ts';

async function found(files: Readonly<Record<string, string | Buffer>>): Promise<readonly string[]> {
  const { findings } = await scan(makeTree(files));
  return findings.map(({ rule, location }) => `${rule} ${location.path}:${location.startLine}`);
}

async function skipped(files: Readonly<Record<string, string | Buffer>>): Promise<readonly string[]> {
  const result = await scan(makeTree(files));
  expect(result.findings).toEqual([]);
  return result.skipped.map(({ path, reason }) => `${path}: ${reason}`);
}

describe('archives', () => {
  const env = (): string => `# payroll\nOKTA_API_TOKEN=${oktaToken()}\n`;

  it.each(['a.zip', 'lib/a.jar', 'a.whl', 'noname'])('finds what %s holds', async (path) => {
    const zip = makeZip({ 'docs/readme.md': 'hello\n', 'deploy/.env': env() });
    expect(await found({ [path]: zip })).toEqual([`okta-api-token ${path}!deploy/.env:2`]);
  });

  it('finds it in stored files, tar, tar.gz and gzip', async () => {
    const files = {
      'a.zip': makeZip({ '.env': { content: env(), stored: true } }),
      'b.tar': makeTar({ 'x/y.txt': 'hello\n', 'x/.env': env() }),
      'c.tgz': gzipSync(makeTar({ 'x/.env': env() })),
      'd.env.gz': gzipSync(env()),
    };
    expect(await found(files)).toEqual([
      'okta-api-token a.zip!.env:2',
      'okta-api-token b.tar!x/.env:2',
      'okta-api-token c.tgz!x/.env:2',
      'okta-api-token d.env.gz!d.env:2',
    ]);
  });

  it('reads the structure of what lies at the top of an archive, whatever its name begins with', async () => {
    const files = {
      'a.tar': makeTar({ 'PaxHeaders/a': '', '.env': env() }),
      'b.zip': makeZip({ '.env': env() }),
    };
    const { findings, skipped: left } = await scan(makeTree(files));
    expect(left).toEqual([]);
    expect(findings.map(({ location }) => location.slot)).toEqual(['OKTA_API_TOKEN', 'OKTA_API_TOKEN']);
  });

  it('looks into archives within archives, twice at most', async () => {
    const inner = makeZip({ '.env': env() });
    expect(await found({ 'a.zip': makeZip({ 'b.jar': inner }) })).toEqual([
      'okta-api-token a.zip!b.jar!.env:2',
    ]);
    expect(await skipped({ 'a.zip': makeZip({ 'b.zip': makeZip({ 'c.zip': inner }) }) })).toEqual([
      'a.zip!b.zip!c.zip: archives nested too deeply',
    ]);
  });

  it('takes names that climb out of the archive for names', async () => {
    const zip = makeZip({ '../../etc/.env': env(), '/root/.env': env() });
    expect(await found({ 'a.zip': zip })).toEqual([
      'okta-api-token a.zip!../../etc/.env:2',
      'okta-api-token a.zip!/root/.env:2',
    ]);
  });

  it('gives the same finding for the text inside and outside', async () => {
    const text = env();
    const [{ findings: inside }, { findings: outside }] = [
      await scan(makeTree({ 'a.zip': makeZip({ '.env': text }) })),
      await scan(makeTree({ '.env': text })),
    ];
    expect(inside.map(({ secret }) => secret)).toEqual(outside.map(({ secret }) => secret));
  });

  it('says why it did not look into an archive', async () => {
    const zip = makeZip({ 'a/.env': 'A=1\n' });
    expect(
      await skipped({
        'broken.zip': zip.subarray(0, zip.length - 30),
        'broken.gz': gzipSync('x'.repeat(5000)).subarray(0, 25),
        'locked.zip': makeZip({ '.env': { content: env(), encrypted: true } }),
        'program.zip': makeZip({ 'main.class': Buffer.from([1, 0, 2, 0, 0, 0, 7]) }),
      }),
    ).toEqual([
      'broken.gz: broken archive',
      'broken.zip: broken archive',
      'locked.zip!.env: encrypted',
      'program.zip!main.class: binary',
    ]);
  });

  it('refuses what would unpack to too much, whatever it claims', async () => {
    const bomb = Buffer.alloc(20_000_000, 'a');
    expect(
      await skipped({
        'big.gz': gzipSync(Buffer.alloc(80_000_000)),
        'bomb.zip': makeZip({ 'a.txt': bomb }),
        'liar.zip': makeZip({ 'a.txt': { content: bomb, claimed: 100 } }),
        'small.gz': gzipSync(bomb),
      }),
    ).toEqual([
      'big.gz: too large unpacked',
      'bomb.zip!a.txt: unpacks to more than 200 times its size',
      'liar.zip!a.txt: too large unpacked',
      'small.gz!small: unpacks to more than 200 times its size',
    ]);
  });

  it('stops at a number of files and of bytes', () => {
    const many = makeZip(Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`f${at}`, 'hello world'])));
    expect([...unpack('a.zip', many, { entries: 3 })].at(-1)).toEqual({
      path: 'a.zip',
      reason: 'more than 3 files in an archive: the rest was not looked at',
    });
    expect([...unpack('a.zip', many, { totalBytes: 22 })].map((one) => 'text' in one)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('never throws, whatever the bytes', () => {
    const zip = makeZip({ a: 'hello '.repeat(50), 'b.zip': makeZip({ c: 'x' }) });
    const seeds = [zip, makeTar({ a: 'hello', b: 'x' }), gzipSync(makeTar({ a: 'hello' }))];
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
        fc.nat(),
        (seed, changes, cut) => {
          const bytes = Buffer.from(seed.subarray(0, 4 + (cut % seed.length)));
          for (const [at, byte] of changes) if (bytes.length > 4) bytes[4 + (at % (bytes.length - 4))] = byte;
          for (const one of unpack('a', bytes)) expect(one.path.startsWith('a')).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('scans an archive that is named', async () => {
    const root = makeTree({ 'a.zip': makeZip({ '.env': env() }) });
    expect((await run(['scan', 'a.zip'], { cwd: root })).code).toBe(1);
  });
});
