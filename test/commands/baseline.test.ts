import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fillIn } from '../detect/samples.ts';
import { git, makeTree, oktaToken, put, run, scan } from './scan-kit.ts';

const name = '.agent-id-baseline.json';
const write = ['--write-baseline', '--reason', 'sandbox', '--expires', '2026-12-31'];

function commit(root: string, message: string): void {
  git(root, 'add', '--all');
  git(root, 'commit', '--quiet', '--message', message);
}

/** A repository with one committed secret that was accepted. */
async function acceptedRepository(path = 'config/app.yaml'): Promise<{ root: string; token: string }> {
  const token = oktaToken();
  const root = makeTree({ [path]: `okta:\n  token: ${token}\n`, 'README.txt': 'x\n' });
  git(root, 'init', '--quiet', '--initial-branch', 'main');
  expect((await run(['scan', ...write], { cwd: root })).code).toBe(0);
  commit(root, 'accept');
  return { root, token };
}

function states(findings: readonly { readonly state: string }[]): readonly string[] {
  return findings.map(({ state }) => state);
}

describe('baseline', () => {
  it('accepts with a reason until its day, brings a salt, and keeps new places new', async () => {
    const token = oktaToken();
    const root = makeTree({ 'a.env': `OKTA_TOKEN=${token}\n` });
    const written = await run(['scan', ...write], { cwd: root });
    expect([written.code, written.err]).toEqual([0, expect.stringContaining('salt')]);
    expect(readFileSync(join(root, name), 'utf8')).not.toContain(token);
    expect((await scan(root)).findings[0]).toMatchObject({ state: 'baseline', reason: 'sandbox' });
    put(root, '0-first.env', `OKTA_TOKEN=${token}\n`);
    const { findings } = await scan(root);
    expect(findings.map(({ location, state }) => [location.path, state])).toEqual([
      ['0-first.env', 'new'],
      ['a.env', 'baseline'],
    ]);
    expect(states((await scan(root, '0-first.env')).findings)).toEqual(['new']);
    expect(states((await scan(root, '--no-baseline')).findings)).toEqual(['new', 'new']);
  });

  it('keeps a second copy in the same file new', async () => {
    const { root, token } = await acceptedRepository();
    put(root, 'config/app.yaml', `other:\n  token: ${token}\nokta:\n  token: ${token}\n`);
    const { findings, code } = await scan(root);
    expect([states(findings).toSorted(), code]).toEqual([['baseline', 'new'], 1]);
  });

  it('brings an expired entry back with a note', async () => {
    const { root } = await acceptedRepository();
    const late = await run(['scan'], { cwd: root, now: Date.UTC(2027, 0, 1) });
    expect([late.code, late.out]).toEqual([1, expect.stringContaining('its acceptance ended on 2026-12-31')]);
    expect((await run(['scan'], { cwd: root, now: Date.UTC(2026, 11, 31) })).code).toBe(0);
  });

  it.each([
    ['no last day', /,"expires":"[^"]*"/, 'has no last day'],
    ['no reason', /"reason":"[^"]*"/, 'gives no reason'],
  ])('lets an entry with %s accept nothing, with a note', async (_what, part, note) => {
    const { root } = await acceptedRepository();
    const text = readFileSync(join(root, name), 'utf8');
    put(root, name, text.replace(part, part.source.startsWith(',') ? '' : '"reason":" "'));
    const ran = await run(['scan'], { cwd: root });
    expect([ran.code, ran.out]).toEqual([1, expect.stringContaining(note)]);
  });

  it('follows a finding only when its old place is gone', async () => {
    const { root, token } = await acceptedRepository('old/a.yaml');
    put(root, 'new/a.yaml', `okta:\n  token: ${token}\n`);
    expect(states((await scan(root, 'new/a.yaml')).findings)).toEqual(['new']);
    put(root, 'old/a.yaml', '');
    expect(states((await scan(root)).findings)).toEqual(['baseline']);
  });

  it.each([
    [[], '--reason'],
    [['--reason', '  '], '--reason'],
    [['--reason', 'sandbox'], '--expires'],
    [['--reason', 'sandbox', '--expires', 'soon'], 'YYYY-MM-DD'],
    [['--reason', 'sandbox', '--expires', '2027-02-30'], 'a day that exists'],
    [['--reason', 'sandbox', '--expires', '2026-11-24'], 'in the past'],
  ])('is not written with %j only, and says why', async (flags, said) => {
    const root = makeTree({ 'a.env': `OKTA_TOKEN=${oktaToken()}\n` });
    const ran = await run(['scan', '--write-baseline', ...flags], { cwd: root });
    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining(said)]);
    expect(() => readFileSync(join(root, name))).toThrow(/ENOENT/);
    expect(() => readFileSync(join(root, 'agent-id.config.yaml'))).toThrow(/ENOENT/);
  });

  it('tells a day that --expires could name', async () => {
    const ran = await run(['scan', '--write-baseline', '--reason', 'x'], { cwd: makeTree({}) });
    expect(ran.err).toContain('--expires 2027-02-23');
  });

  it('refuses one that is newer or malformed', async () => {
    const root = makeTree({ [name]: '{"schemaVersion": 2, "accepted": {}}' });
    expect((await run(['scan'], { cwd: root })).err).toContain('error[newer-schema]');
    put(root, name, '{"schemaVersion": 1, "accepted": {"x": 1}}');
    expect((await run(['scan'], { cwd: root })).err).toContain('error[malformed]');
    put(root, name, '<<<<<<< ours\n{"schemaVersion": 1, "accepted": {}}\n');
    expect((await run(['scan'], { cwd: root })).err).toContain('keep the lines of both sides');
  });
});

describe('an accepted finding survives', () => {
  it.each([
    ['lines before it', (token: string) => `# one\n\n# two\nokta:\n  token: ${token}\n`],
    ['reformatting', (token: string) => `okta: { "token":   "${token}" }\n`],
    ['CRLF', (token: string) => `okta:\r\n  token: ${token}\r\n`],
  ])('%s', async (_what, rewrite) => {
    const { root, token } = await acceptedRepository();
    put(root, 'config/app.yaml', rewrite(token));
    commit(root, 'rewrite');
    const { findings, code } = await scan(root);
    expect([states(findings), code]).toEqual([['baseline'], 0]);
  });

  it('a rename, in the tree and staged', async () => {
    const { root } = await acceptedRepository();
    git(root, 'mv', 'config/app.yaml', 'settings.yaml');
    expect(states((await scan(root, '--staged')).findings)).toEqual(['baseline']);
    commit(root, 'rename');
    expect(states((await scan(root)).findings)).toEqual(['baseline']);
  });

  it('a rename, where its value is too weak for a fingerprint, and hides no other file of that name', async () => {
    const root = makeTree({ 'dev.env': `DB_PASSWORD=${fillIn('orange{digit:3}xK')}\n`, 'README.txt': 'x\n' });
    git(root, 'init', '--quiet', '--initial-branch', 'main');
    expect((await run(['scan', ...write], { cwd: root })).code).toBe(0);
    commit(root, 'accept');
    git(root, 'mv', 'dev.env', 'development.env');
    expect(states((await scan(root, '--staged')).findings)).toEqual(['baseline']);
    commit(root, 'rename');
    const { findings } = await scan(root);
    expect(states(findings)).toEqual(['baseline']);
    put(root, 'second.env', `DB_PASSWORD=${fillIn('orange{digit:3}xK')}\n`);
    expect(states((await scan(root)).findings)).toEqual(['baseline', 'new']);
    put(root, 'dev.env', 'DEBUG=1\n');
    expect(states((await scan(root)).findings)).toEqual(['new', 'new']);
  });

  it('a rebase', async () => {
    const { root } = await acceptedRepository();
    git(root, 'switch', '--quiet', '--create', 'topic', 'HEAD');
    put(root, 'topic.txt', 'x\n');
    commit(root, 'topic');
    git(root, 'switch', '--quiet', 'main');
    put(root, 'README.txt', 'y\n');
    commit(root, 'main goes on');
    git(root, 'rebase', '--quiet', 'main', 'topic');
    expect(states((await scan(root)).findings)).toEqual(['baseline']);
  });

  it('the way to another machine', async () => {
    const { root } = await acceptedRepository();
    const elsewhere = makeTree({});
    git(elsewhere, 'clone', '--quiet', root, 'clone');
    expect(states((await scan(join(elsewhere, 'clone'))).findings)).toEqual(['baseline']);
  });
});

describe('two branches that each accept one', () => {
  it.each([0, 1, 5])('merge without a conflict beside %i entries', async (entries) => {
    const files = Array.from({ length: entries }, (_, at) => [
      `base/${at}.env`,
      `OKTA_TOKEN=${oktaToken()}\n`,
    ]);
    const root = makeTree({ 'README.txt': 'x\n', ...(Object.fromEntries(files) as Record<string, string>) });
    git(root, 'init', '--quiet', '--initial-branch', 'main');
    await run(['scan', ...write], { cwd: root });
    commit(root, 'base');
    for (const branch of ['ours', 'theirs']) {
      git(root, 'switch', '--quiet', '--create', branch, 'main');
      for (const n of [1, 2]) put(root, `${branch}-${n}.env`, `OKTA_TOKEN=${oktaToken()}\n`);
      expect((await run(['scan', ...write], { cwd: root })).code).toBe(0);
      commit(root, branch);
    }
    git(root, 'merge', '--quiet', '--message', 'merge', 'ours');
    const { findings, code } = await scan(root);
    expect([states(findings), code]).toEqual([Array.from({ length: entries + 4 }, () => 'baseline'), 0]);
    expect((await run(['scan', ...write], { cwd: root })).code).toBe(0);
    const text = readFileSync(join(root, name), 'utf8');
    expect(Object.keys((JSON.parse(text) as { accepted: object }).accepted)).toHaveLength(entries + 4);
    expect(text.split('\n').filter((line) => /^ {4}"[0-9a-f]{32}": \{.*\},?$/.test(line))).toHaveLength(
      entries + 4,
    );
  });

  it('leave the choice of a merge driver to the repository', async () => {
    const root = makeTree({
      'a.env': `OKTA_TOKEN=${oktaToken()}\n`,
      '.gitattributes': '*.json merge=binary',
    });
    git(root, 'init', '--quiet');
    await run(['scan', ...write], { cwd: root });
    expect(readFileSync(join(root, '.gitattributes'), 'utf8')).toBe('*.json merge=binary');
  });

  it('keep what was accepted elsewhere, with its reason', async () => {
    const root = makeTree({ 'a.env': `OKTA_TOKEN=${oktaToken()}\n`, 'b.env': `OKTA_TOKEN=${oktaToken()}\n` });
    const until = ['--expires', '2026-12-31'];
    await run(['scan', 'a.env', '--write-baseline', '--reason', 'first', ...until], { cwd: root });
    await run(['scan', 'b.env', '--write-baseline', '--reason', 'second', ...until], { cwd: root });
    const { findings, code } = await scan(root);
    expect([findings.map(({ reason }) => reason), code]).toEqual([['first', 'second'], 0]);
  });
});

describe('a scan of a subfolder', () => {
  it('uses settings and baseline at the top of the repository', async () => {
    const { root } = await acceptedRepository('services/api/app.yaml');
    put(root, 'services/api/fixtures/x.env', `OKTA_TOKEN=${oktaToken()}\n`);
    const config = readFileSync(join(root, 'agent-id.config.yaml'), 'utf8');
    put(root, 'agent-id.config.yaml', `${config}\nscan:\n  exclude: ['services/api/fixtures/**']\n`);
    for (const [cwd, ...args] of [
      [root],
      [root, 'services'],
      [root, 'services/api/app.yaml'],
      [join(root, 'services/api')],
    ] as const) {
      const { findings, code } = await scan(cwd, ...args);
      expect([states(findings), code]).toEqual([['baseline'], 0]);
    }
    expect(() => readFileSync(join(root, 'services', name))).toThrow(/ENOENT/);
  });

  it('writes into the baseline at the top and keeps what it did not look at', async () => {
    const { root } = await acceptedRepository();
    put(root, 'sub/b.env', `OKTA_TOKEN=${oktaToken()}\n`);
    await run(['scan', ...write], { cwd: join(root, 'sub') });
    expect(states((await scan(root)).findings)).toEqual(['baseline', 'baseline']);
  });

  it('gives a weak value the same id wherever it began', async () => {
    const root = makeTree({ 'sub/app.env': 'DB_PASSWORD=Winter-2024!\n' });
    git(root, 'init', '--quiet');
    const low = ['--min-confidence', 'low'];
    const ids = async (cwd: string, ...args: string[]): Promise<readonly string[]> =>
      (await scan(cwd, ...args, ...low)).findings.map(({ id }) => id);
    const all = await ids(root);
    expect(all).toHaveLength(1);
    expect(await ids(root, 'sub')).toEqual(all);
    expect(await ids(join(root, 'sub'))).toEqual(all);
    expect(await ids(root, 'sub/app.env')).toEqual(all);
    git(root, 'add', '--all');
    expect(await ids(root, '--staged')).toEqual(all);
  });
});
