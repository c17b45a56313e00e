import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { baselineName } from '../../src/lib/baseline.ts';
import { makeTree, oktaToken, put, run, scan } from './scan-kit.ts';

const entry = {
  rule: 'okta-api-token',
  secret: 'a'.repeat(32),
  name: null,
  path: 'a.env',
  reason: 'known',
  expires: '2099-12-31',
};

function baseline(accepted: unknown): string {
  return JSON.stringify({ schemaVersion: 1, accepted });
}

const files = { 'a.env': `OKTA_API_TOKEN=${oktaToken()}\n` };

describe('a hostile baseline', () => {
  it.each([
    ['a list', '[]'],
    ['nothing', ''],
    ['a list of entries', baseline([entry])],
    ['an entry of a wrong type', baseline({ a: { ...entry, rule: { toString: 1 } } })],
    ['a day that is none', baseline({ a: { ...entry, expires: 20_300_101 } })],
    ['an entry that is null', baseline({ a: null })],
    ['a version of a wrong type', '{"schemaVersion":"1","accepted":{}}'],
    ['200,000 open brackets', `{"schemaVersion":1,"accepted":${'['.repeat(200_000)}`],
  ])('is refused as malformed, and nothing is told as clean: %s', async (_what, text) => {
    const root = makeTree({ ...files, [baselineName]: text });
    const { code, out, err } = await run(['scan', 'a.env'], { cwd: root });
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^error\[malformed\]: the baseline is malformed\n {2}at \S+/);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'accepts nothing under the name of a prototype: %s',
    async (name) => {
      const accepted = `{"${name}":${JSON.stringify(entry)}}`;
      const root = makeTree({ ...files, [baselineName]: `{"schemaVersion":1,"accepted":${accepted}}` });
      const { code, out } = await run(['scan', 'a.env', '--format', 'json'], { cwd: root });
      const { findings } = JSON.parse(out) as { findings: readonly { state: string }[] };
      expect([code, findings.map(({ state }) => state)]).toEqual([1, ['new']]);
      expect(Object.hasOwn(Object.prototype, 'reason')).toBe(false);
    },
  );

  it('accepts one place where an id stands twice, as the last of the two says', async () => {
    const root = makeTree(files);
    const accepted = ['scan', 'a.env', '--write-baseline', '--reason', 'first', '--expires', '2099-12-31'];
    expect((await run(accepted, { cwd: root })).code).toBe(0);
    const text = execFileSync('cat', [baselineName], { cwd: root, encoding: 'utf8' });
    const [line = ''] = text.split('\n').filter((one) => one.includes('"first"'));
    put(root, baselineName, text.replace(line, `${line},\n${line.replace('first', 'second')}`));
    put(root, 'b.env', files['a.env']);
    const { code, out } = await run(['scan', 'a.env', 'b.env', '--format', 'json'], { cwd: root });
    const { findings } = JSON.parse(out) as { findings: readonly { state: string; reason?: string }[] };
    expect([code, findings.map(({ state, reason }) => [state, reason])]).toEqual([
      1,
      [
        ['baseline', 'second'],
        ['new', undefined],
      ],
    ]);
  });

  it('may hold 60,000 entries of one secret', async () => {
    const many = Array.from({ length: 60_000 }, (_, n) => [n.toString(16).padStart(32, '0'), entry]);
    const root = makeTree({ ...files, [baselineName]: baseline(Object.fromEntries(many)) });
    const before = performance.now();
    expect((await run(['scan', 'a.env'], { cwd: root })).code).toBe(1);
    expect(performance.now() - before).toBeLessThan(15_000);
  });

  it('costs little to scan itself, and is found to hold a token that stands in a reason', async () => {
    const hex = (n: number): string => createHash('md5').update(String(n)).digest('hex');
    const many = Array.from(
      { length: 20_000 },
      (_, n) => [hex(n), { ...entry, secret: hex(-n - 1) }] as const,
    );
    const told = [hex(20_000), { ...entry, reason: `as ${oktaToken()}, okta.example` }] as const;
    const root = makeTree({ [baselineName]: baseline(Object.fromEntries([...many, told])) });
    const before = performance.now();
    const { findings } = await scan(root);
    expect(performance.now() - before).toBeLessThan(45_000);
    expect(findings.map(({ rule }) => rule)).toEqual(['okta-api-token']);
  });

  it.skipIf(process.platform === 'win32')('is read only where it is a file: no link, no pipe', async () => {
    for (const make of [
      (path: string): void => symlinkSync('/dev/zero', path),
      (path: string): void => void execFileSync('mkfifo', [path]),
      (path: string): void => mkdirSync(path),
    ]) {
      const root = makeTree(files);
      make(join(root, baselineName));
      const { code, out, err } = await run(['scan', 'a.env'], { cwd: root });
      expect([code, out, err]).toEqual([
        2,
        '',
        expect.stringMatching(/^error\[unreadable\]: the baseline cannot be read\n/),
      ]);
    }
  });

  it('is refused where it is larger than any that people write', async () => {
    const root = makeTree({ ...files, [baselineName]: Buffer.alloc(51_000_000, ' ') });
    const { code, err } = await run(['scan', 'a.env'], { cwd: root });
    expect([code, err]).toEqual([2, expect.stringContaining('larger than 50 MB')]);
  });
});
