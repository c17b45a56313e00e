import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git, makeTree, oktaToken, put, run, scan } from '../commands/scan-kit.ts';
import { commit, leak, makeRepo, packFiles, places, plainLines, weigh } from './repo.ts';

/** Ways in which a repository may hold its objects; each must give the same findings. */
const shapes: Readonly<Record<string, (root: string) => void>> = {
  loose: () => undefined,
  'one pack': (root) => git(root, 'repack', '-adq'),
  'one deep pack': (root) => git(root, 'repack', '-adfq', '--depth=50', '--window=50'),
  'bases by name': (root) =>
    git(root, '-c', 'repack.useDeltaBaseOffset=false', 'repack', '-adfq', '--depth=50'),
  'an index of version 1': (root) => git(root, '-c', 'pack.indexVersion=1', 'repack', '-adq'),
  'refs in one file': (root) => git(root, 'pack-refs', '--all'),
};

/** Twelve versions of one file: a secret comes in the third and goes in the tenth. */
function makeVersions(root: string): { readonly came: string; readonly last: string } {
  const names: string[] = [];
  const secret = leak();
  for (let n = 0; n < 12; n += 1) {
    const held = n >= 3 && n < 10 ? secret : '';
    const text = `${plainLines(40)}version ${n}\n${held}${plainLines(40, 'more')}`;
    names.push(commit(root, { 'app/settings.env': text }));
  }
  return { came: names[3] ?? '', last: names[9] ?? '' };
}

describe('scan --history', () => {
  it.each(Object.entries(shapes))(
    'finds where a secret came in and how long it stayed: %s',
    async (_, shape) => {
      const root = makeRepo();
      const { came, last } = makeVersions(root);
      shape(root);
      const { findings, stats, skipped, code } = await scan(root, '--history');
      expect(findings.map(({ rule, location }) => ({ rule, ...location }))).toMatchObject([
        {
          rule: 'okta-api-token',
          path: 'app/settings.env',
          startLine: 42,
          source: 'history',
          commit: came,
          lastCommit: last,
          author: 'Ada <ada@acme.example>',
          atHead: false,
        },
      ]);
      expect(stats).toMatchObject({ blobs: 12, commits: 12 });
      expect({ skipped, code }).toEqual({ skipped: [], code: 1 });
    },
  );

  it('reads several packs, loose objects and alternates beside each other, each blob once', async () => {
    const origin = makeRepo();
    commit(origin, { 'a.env': leak() });
    git(origin, 'repack', '-adq');
    const root = makeTree({});
    git(root, 'clone', '--quiet', '--shared', origin, 'copy');
    const copy = join(root, 'copy');
    commit(copy, { 'b.env': leak() });
    git(copy, 'repack', '-dq');
    commit(copy, { 'c.env': leak() });
    git(copy, 'repack', '-dq');
    commit(copy, { 'd.env': leak() });
    expect(await places(copy)).toEqual(['a.env:1', 'b.env:1', 'c.env:1', 'd.env:1']);
  });

  it('reads a repository of SHA-256 names', async () => {
    const root = makeRepo('--object-format=sha256');
    const { came } = makeVersions(root);
    git(root, 'repack', '-adfq');
    const { findings } = await scan(root, '--history');
    expect(findings.map(({ location }) => location.commit)).toEqual([came]);
  });

  it('looks at stash, notes, reflog, tags of blobs, other branches and work trees', async () => {
    const root = makeRepo();
    commit(root, { 'x.txt': 'x\n' });
    put(root, 'stashed.env', leak());
    git(root, 'stash', '--include-untracked', '--quiet');
    git(root, 'notes', 'add', '--message', leak());
    commit(root, { 'reset.env': leak() });
    git(root, 'reset', '--hard', '--quiet', 'HEAD~1');
    git(root, 'checkout', '--quiet', '-b', 'side');
    commit(root, { 'side.env': leak() });
    git(root, 'checkout', '--quiet', 'main');
    put(root, 'tagged.env', leak());
    const blob = git(root, 'hash-object', '-w', 'tagged.env').trim();
    git(root, 'tag', 'key', blob);
    rmSync(join(root, 'tagged.env'));
    const tree = `${root}-tree`;
    git(root, 'worktree', 'add', '--quiet', '--detach', tree);
    commit(tree, { 'elsewhere.env': leak() });
    const found = (await places(root)).map((place) => place.replace(/^[0-9a-f/]{40,}:/, 'NAME:'));
    const wanted = ['NAME:1', 'NAME:1', 'elsewhere.env:1', 'reset.env:1', 'side.env:1', 'stashed.env:1'];
    expect(found.sort()).toEqual(wanted);
    expect((await places(tree)).length).toBe(wanted.length);
  });

  it('leaves out what nothing reaches, and says so', async () => {
    const root = makeRepo();
    commit(root, { 'kept.env': leak() });
    put(root, 'lost.env', leak());
    git(root, 'hash-object', '-w', 'lost.env');
    const { findings, skipped } = await scan(root, '--history');
    expect(findings.map(({ location }) => location.path)).toEqual(['kept.env']);
    expect(skipped).toEqual([{ path: '.git', reason: expect.stringContaining('1 blob') as string }]);
  });

  it('finds what only a merge brought, and a secret at two paths', async () => {
    const root = makeRepo();
    const secret = leak();
    commit(root, { 'a.txt': 'a\n' });
    git(root, 'checkout', '--quiet', '-b', 'side');
    commit(root, { 'b.txt': 'b\n' });
    git(root, 'checkout', '--quiet', 'main');
    commit(root, { 'c.txt': 'c\n' });
    git(root, 'merge', '--quiet', '--no-commit', 'side');
    put(root, 'merged.env', secret);
    git(root, 'add', '--all');
    git(root, 'commit', '--quiet', '--message', 'merge');
    commit(root, { 'deep/er/copy.env': secret });
    const { findings } = await scan(root, '--history');
    expect(findings.map(({ location, secret: print }) => [location.path, location.atHead, print])).toEqual([
      ['merged.env', true, findings[0]?.secret],
      ['deep/er/copy.env', true, findings[0]?.secret],
    ]);
  });

  it('names a folder as it was called then, also where its tree came back under another name', async () => {
    const root = makeRepo();
    const text = leak();
    const came = commit(root, { 'before/x.env': text });
    commit(root, { 'before/x.env': null, 'after/x.env': text });
    const { findings } = await scan(root, '--history');
    expect(findings.map(({ location: { path, commit: name, atHead } }) => [path, name, atHead])).toEqual([
      ['before/x.env', came, true],
    ]);
  });

  it('reports a shallow and a partial clone, and never fetches', async () => {
    const origin = makeRepo();
    git(origin, 'config', 'uploadpack.allowFilter', 'true');
    commit(origin, { 'old.env': leak() });
    commit(origin, { 'old.env': null, 'new.env': leak() });
    const root = makeTree({});
    git(root, 'clone', '--quiet', '--depth=1', `file://${origin}`, 'shallow');
    const shallow = await scan(join(root, 'shallow'), '--history');
    expect(shallow.findings.map(({ location }) => location.path)).toEqual(['new.env']);
    expect(shallow.skipped.map(({ reason }) => reason)).toEqual([expect.stringContaining('shallow')]);
    git(root, 'clone', '--quiet', '--filter=blob:none', `file://${origin}`, 'partial');
    const before = weigh(join(root, 'partial/.git'));
    const partial = await scan(join(root, 'partial'), '--history');
    expect(partial.findings.map(({ location }) => location.path)).toEqual(['new.env']);
    expect(partial.skipped).toMatchObject([{ path: 'old.env', reason: expect.stringContaining('partial') }]);
    expect(weigh(join(root, 'partial/.git'))).toBe(before);
  });

  it('treats a submodule as a repository of its own', async () => {
    const inner = makeRepo();
    commit(inner, { 'gone.env': leak() });
    commit(inner, { 'gone.env': null, 'x.txt': 'x\n' });
    const root = makeRepo();
    git(root, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner, 'libs/inner');
    commit(root, {});
    expect(await places(root)).toEqual(['libs/inner/gone.env:1']);
  });

  it('obeys globs, sizes and the baseline, and works in a folder below and in a bare repository', async () => {
    const root = makeRepo();
    commit(root, { 'a/x.env': leak(), 'b/y.env': leak(), 'big.env': `${leak()}${plainLines(100)}` });
    expect(await places(root, '--exclude', 'a', '--exclude', 'big.env')).toEqual(['b/y.env:1']);
    expect(await places(join(root, 'a'), '--include', '*.env')).toHaveLength(3);
    const small = await scan(root, '--history', '--max-file-size', '1kB');
    expect(small.skipped).toEqual([{ path: 'big.env', reason: 'larger than 1000 bytes' }]);
    const accept = [
      'scan',
      '--history',
      '--write-baseline',
      '--reason',
      'sandbox of the tests',
      '--expires',
      '2027-01-31',
    ];
    expect((await run(accept, { cwd: root })).code).toBe(0);
    expect((await run(['scan', '--history'], { cwd: root })).code).toBe(0);
    const bare = makeTree({});
    git(bare, 'clone', '--quiet', '--bare', root, 'x.git');
    expect(await places(join(bare, 'x.git'))).toHaveLength(3);
  });

  it('needs no git to be there', async () => {
    const root = makeRepo();
    makeVersions(root);
    git(root, 'repack', '-adfq');
    const ran = execFileSync(
      process.execPath,
      [
        join(import.meta.dirname, '../../bin/agent-id.cjs'),
        'scan',
        '--history',
        '--format',
        'json',
        '--exit-zero',
      ],
      { cwd: root, env: { PATH: '/nowhere', HOME: root }, encoding: 'utf8' },
    );
    expect((JSON.parse(ran) as { findings: unknown[] }).findings).toHaveLength(1);
  });

  it('ends with 2 outside a repository and for two of them', async () => {
    const ran = await run(['scan', '--history'], { cwd: makeTree({}) });
    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining('error[no-git]')]);
    expect((await run(['scan', '--history', 'a', 'b'], { cwd: makeRepo() })).code).toBe(2);
  });
});

describe('scan --since', () => {
  it('looks at changed files and at versions that came and went in between', async () => {
    const root = makeRepo();
    commit(root, { 'old.env': leak(), 'touched.txt': 'x\n' });
    git(root, 'checkout', '--quiet', '-b', 'feature');
    const came = commit(root, { 'passing.env': leak() });
    commit(root, { 'passing.env': 'A=1\n', 'kept.env': leak() });
    put(root, 'fresh.env', leak());
    writeFileSync(join(root, 'old.env'), readFileSync(join(root, 'old.env')));
    const { findings, stats, code } = await scan(root, '--since', 'main');
    expect(
      findings.map(({ location: { path, source, commit: name } }) => `${path} ${source} ${name}`).sort(),
    ).toEqual(['fresh.env tree undefined', 'kept.env tree undefined', `passing.env history ${came}`]);
    expect(stats).toMatchObject({ commits: 2, blobs: 3 });
    expect(code).toBe(1);
  });

  it('compares with where both sides parted, and reads names as they are', async () => {
    const root = makeRepo();
    commit(root, { 'x.txt': 'x\n' });
    git(root, 'checkout', '--quiet', '-b', 'feature');
    commit(root, { 'tab\there "ü".env': leak(), 'line\nbreak.env': leak() });
    git(root, 'checkout', '--quiet', 'main');
    commit(root, { 'main.env': leak() });
    git(root, 'checkout', '--quiet', 'feature');
    const { findings } = await scan(root, '--since', 'main');
    expect(findings.map(({ location }) => location.path).sort()).toEqual(
      ['line\nbreak.env', 'tab\there "ü".env'].sort(),
    );
  });

  it.each(['nowhere', '--output=x', 'main:file'])('ends with 2 for the ref %s', async (ref) => {
    const root = makeRepo();
    commit(root, { 'x.txt': 'x\n' });
    const ran = await run(['scan', `--since=${ref}`], { cwd: root });
    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining('error[unknown-name]')]);
  });
});

describe('scan --history of broken repositories', () => {
  const breaks: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
    'a pack cut in half': (bytes) => bytes.subarray(0, bytes.length >> 1),
    'a pack without its trailer': (bytes) => bytes.subarray(0, bytes.length - 30),
    'a pack of other bytes': (bytes) =>
      Buffer.from(bytes.map((byte, n) => (n > 40 && n % 7 === 0 ? byte ^ 0x55 : byte))),
    'an empty pack file': () => Buffer.alloc(0),
  };

  it.each(Object.entries(breaks))('says what it could not read: %s', async (_, damage) => {
    const root = makeRepo();
    makeVersions(root);
    git(root, 'repack', '-adfq');
    commit(root, { 'loose.env': leak() });
    for (const path of packFiles(root, '.pack')) {
      const bytes = readFileSync(path);
      rmSync(path);
      writeFileSync(path, damage(bytes));
    }
    const { skipped, code } = await scan(root, '--history');
    expect(skipped.length).toBeGreaterThan(0);
    expect(code).toBeLessThan(2);
  });

  it.each([0.1, 0.5, 0.9])('survives an index cut off or overwritten at %f', async (share) => {
    const root = makeRepo();
    makeVersions(root);
    git(root, 'repack', '-adfq');
    const [path = ''] = packFiles(root, '.idx');
    const bytes = readFileSync(path);
    rmSync(path);
    writeFileSync(path, bytes.subarray(0, Math.floor(bytes.length * share)));
    expect((await scan(root, '--history')).skipped.length).toBeGreaterThan(0);
    writeFileSync(path, bytes.fill(0xff, Math.floor(1032 + (bytes.length - 1032) * share)));
    expect((await scan(root, '--history')).skipped.length).toBeGreaterThan(0);
  });

  it('skips a loose object that is broken, lies about its length, or is a bomb', async () => {
    const { deflateSync } = await import('node:zlib');
    const root = makeRepo();
    commit(root, { 'ok.env': leak() });
    const bad = [
      Buffer.from('not deflated'),
      deflateSync(Buffer.from('blob 99\0short')),
      deflateSync(Buffer.concat([Buffer.from(`blob ${8e7}\0`), Buffer.alloc(8e7)])),
    ];
    bad.forEach((bytes, n) => put(root, `.git/objects/0${n}/${'a'.repeat(38)}`, bytes));
    expect((await scan(root, '--history')).findings.map(({ location }) => location.path)).toEqual(['ok.env']);
  });
});

it('never shows a value of the history', async () => {
  const root = makeRepo();
  const token = oktaToken();
  commit(root, { 'a.env': `OKTA_API_TOKEN=${token}\n` });
  for (const format of ['text', 'json', 'sarif']) {
    const ran = await run(['scan', '--history', '--format', format], { cwd: root });
    expect(ran.out + ran.err).not.toContain(token.slice(2, 14));
  }
});
