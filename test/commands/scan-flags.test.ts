import { describe, expect, it } from 'vitest';
import { makeTree, oktaToken, run, scan } from './scan-kit.ts';

const tree = {
  'okta.env': `OKTA_API_TOKEN=${oktaToken()}\n`,
  'sub/okta.env': `OKTA_API_TOKEN=${oktaToken()}\n`,
  'weak.env': 'DB_PASSWORD=Winter-2024!\n',
  'main.ts': 'export const key = process.env.ACME_API_KEY;\n',
};

async function paths(...args: readonly string[]): Promise<readonly string[]> {
  const { findings } = await scan(makeTree(tree), ...args);
  return findings.filter(({ kind }) => kind === 'literal').map(({ location }) => location.path);
}

async function code(
  files: Readonly<Record<string, string | Buffer>>,
  ...args: readonly string[]
): Promise<number> {
  return (await run(['scan', ...args], { cwd: makeTree(files) })).code;
}

describe('what a scan shows', () => {
  it.each([
    [
      ['--rule', 'okta-api-token'],
      ['okta.env', 'sub/okta.env'],
    ],
    [['--skip-rule', 'okta-api-token', '--min-confidence', 'low'], ['weak.env']],
    [['--include', 'sub'], ['sub/okta.env']],
    [['--include', '*.env', '--exclude', 'sub/**'], ['okta.env']],
    [
      ['--severity', 'critical'],
      ['okta.env', 'sub/okta.env'],
    ],
    [
      ['--min-confidence', 'high'],
      ['okta.env', 'sub/okta.env'],
    ],
  ])('with %j', async (args, expected) => {
    const seen = await paths(...args);
    for (const path of expected) expect(seen).toContain(path);
    const others = ['okta.env', 'sub/okta.env', 'weak.env'].filter((path) => !expected.includes(path));
    for (const path of others.filter((one) => one !== 'weak.env' || args.includes('high')))
      expect(seen).not.toContain(path);
  });

  it('is less with a higher confidence', async () => {
    const all = await paths('--min-confidence', 'low');
    const sure = await paths('--min-confidence', 'high');
    expect(all.length).toBeGreaterThan(sure.length);
  });

  it('has no use below the severity that is asked for', async () => {
    const root = makeTree(tree);
    const kinds = async (severity: string): Promise<readonly string[]> =>
      (await scan(root, '--severity', severity)).findings.map(({ kind }) => kind);
    expect(await kinds('info')).toContain('use');
    expect(await kinds('low')).not.toContain('use');
  });
});

describe('how a scan ends', () => {
  const literal = { 'okta.env': tree['okta.env'] };
  const use = { 'main.ts': tree['main.ts'] };
  const binary = { 'x.bin': Buffer.from([0, 1, 2, 0]) };

  it.each([
    [0, {}, []],
    [1, literal, []],
    [1, literal, ['--fail-on', 'literal']],
    [1, literal, ['--fail-on', 'any']],
    [0, literal, ['--fail-on', 'never']],
    [0, literal, ['--exit-zero']],
    [0, literal, ['--skip-rule', 'okta-api-token']],
    [0, use, []],
    [1, use, ['--fail-on', 'any']],
    [0, use, ['--fail-on', 'any', '--exit-zero']],
    [0, use, ['--fail-on', 'any', '--severity', 'low']],
    [0, binary, []],
    [2, binary, ['--fail-on-skipped']],
    [2, binary, ['--fail-on-skipped', '--exit-zero']],
  ])('with %i', async (expected, files, args) => {
    expect(await code(files, ...args)).toBe(expected);
  });
});

describe('what a scan refuses', () => {
  it.each([
    [['--rule', 'okta-api-tokn'], 'Did you mean okta-api-token?'],
    [['--skip-rule', 'okta-token'], 'Did you mean okta-'],
    [['--rule', 'quite-something-else-entirely'], 'there is no such rule'],
    [['--fail-on', 'sometimes'], '--fail-on'],
    [['--min-confidence', 'some'], '--min-confidence'],
    [['--severity', 'deadly'], '--severity'],
    [['--format', 'yaml'], '--format'],
    [['--output', 'jsno=x'], 'Did you mean json?'],
  ])('%j, with exit 2', async (args, said) => {
    const ran = await run(['scan', ...args], { cwd: makeTree(tree) });
    expect([ran.code, ran.out, ran.err]).toEqual([2, '', expect.stringContaining(said)]);
  });
});
