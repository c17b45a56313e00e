import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fillIn } from '../detect/samples.ts';
import { git, put, scan } from '../commands/scan-kit.ts';
import { makeZip } from '../sources/zip-kit.ts';
import { commit, leak, makeRepo, places, plainLines } from './repo.ts';

describe('archives in a history', () => {
  it('finds what one held, at its own path within, also after it went or changed', async () => {
    const root = makeRepo();
    put(root, 'build/app.zip', makeZip({ 'readme.md': 'x\n', 'conf/.env': `\n${leak()}` }));
    put(root, 'old.env.gz', gzipSync(leak()));
    put(root, 'nested.jar', makeZip({ 'lib/in.zip': makeZip({ 'deep.env': leak() }) }));
    const came = commit(root, {});
    put(root, 'build/app.zip', makeZip({ 'readme.md': 'y\n' }));
    commit(root, { 'old.env.gz': null });
    git(root, 'repack', '-adfq');
    const { findings, skipped } = await scan(root, '--history');
    const found = findings.map(
      ({ location: { path, startLine, commit: name, atHead } }) => `${path}:${startLine} ${name} ${atHead}`,
    );
    expect(found.sort()).toEqual([
      `build/app.zip!conf/.env:2 ${came} false`,
      `nested.jar!lib/in.zip!deep.env:1 ${came} true`,
      `old.env.gz!old.env:1 ${came} false`,
    ]);
    expect(skipped).toEqual([]);
  });

  it('says which of them it could not look into, bombs too', async () => {
    const root = makeRepo();
    put(root, 'cut.zip', makeZip({ 'a.env': leak() }).subarray(0, 60));
    put(root, 'bomb.gz', gzipSync(Buffer.alloc(90_000_000)));
    put(root, 'fine.zip', makeZip({ 'a.env': leak(), 'b.bin': Buffer.alloc(9) }));
    commit(root, {});
    const { findings, skipped } = await scan(root, '--history');
    expect(findings.map(({ location }) => location.path)).toEqual(['fine.zip!a.env']);
    expect(skipped).toEqual([
      { path: 'bomb.gz', reason: 'too large unpacked' },
      { path: 'cut.zip', reason: 'broken archive' },
    ]);
  });

  it('reads UTF-16 with and without its mark', async () => {
    const root = makeRepo();
    put(root, 'marked.env', Buffer.from(`\ufeff${leak()}`, 'utf16le'));
    put(root, 'plain.env', Buffer.from(leak(), 'utf16le'));
    commit(root, {});
    expect(await places(root)).toEqual(['marked.env:1', 'plain.env:1']);
  });
});

describe('rules in TOML on a history', () => {
  const config = [
    '[allowlist]',
    "paths = ['''^docs/''']",
    '[[rules]]',
    "id = 'acme-key'",
    "regex = '''\\bacme_[a-z0-9]{20}\\b'''",
    "keywords = ['acme_']",
    '[[rules]]',
    "id = 'deploy-word'",
    "regex = '''word: ([a-z]{6,20})'''",
    "path = '''(^|/)deploy\\.conf$'''",
  ].join('\n');
  const key = (): string => fillIn('acme_{lower:10}{digit:10}\n');

  it('obeys their paths, allow-lists and regexes, in what was and what is', async () => {
    const root = makeRepo();
    commit(root, { 'a.txt': plainLines(60), 'docs/a.txt': key(), 'ops/deploy.conf': 'word: harmony\n' });
    const came = commit(root, {
      'a.txt': `${plainLines(30)}${key()}${plainLines(30)}`,
      'b.conf': 'word: harmony\n',
    });
    commit(root, { 'a.txt': plainLines(60), 'ops/deploy.conf': null });
    git(root, 'repack', '-adfq');
    put(root, 'rules.toml', config);
    const { findings } = await scan(root, '--history', '--rules', 'rules.toml');
    const found = findings.map(({ rule, location: { path, startLine } }) => `${rule} ${path}:${startLine}`);
    expect(found.sort()).toEqual(['acme-key a.txt:31', 'deploy-word ops/deploy.conf:1']);
    expect(findings.find(({ rule }) => rule === 'acme-key')?.location).toMatchObject({
      commit: came,
      atHead: false,
    });
  });

  it('finds a file by a rule about paths alone, once at each path', async () => {
    const root = makeRepo();
    commit(root, { 'a.txt': 'x\n', 'ops/store.p12': 'one\n' });
    commit(root, { 'ops/store.p12': 'two\n' });
    commit(root, { 'ops/store.p12': null });
    put(
      root,
      'rules.toml',
      `${config}\n[[rules]]\nid = 'store'\npath = '''(?i)^ops/.*\\.p12$'''\n[[rules]]\nid = 'all'\npath = '^else/'\n`,
    );
    const { findings, skipped } = await scan(root, '--history', '--rules', 'rules.toml');
    expect(findings.map(({ rule, location: { path, atHead } }) => [rule, path, atHead])).toEqual([
      ['store', 'ops/store.p12', false],
    ]);
    expect(skipped).toEqual([{ path: '.git', reason: expect.stringContaining('rule all') as string }]);
  });

  it('works with as many threads as are asked for', () => {
    const root = makeRepo();
    commit(root, { 'a.txt': key() });
    put(root, 'rules.toml', config);
    const bin = join(import.meta.dirname, '../../bin/agent-id.cjs');
    const args = [
      'scan',
      '--history',
      '--threads',
      '2',
      '--rules',
      'rules.toml',
      '--format',
      'json',
      '--exit-zero',
    ];
    const ran = JSON.parse(
      execFileSync(process.execPath, [bin, ...args], { cwd: root, encoding: 'utf8' }),
    ) as {
      readonly findings: readonly { readonly rule: string }[];
    };
    expect(ran.findings.map(({ rule }) => rule)).toEqual(['acme-key']);
  });
});

describe('files whose path says what they hold, in a history', () => {
  it('finds what their own rules and formats find, and how long it stayed', async () => {
    const root = makeRepo();
    const word = fillIn('{lower:6}{digit:2}');
    commit(root, { 'x.txt': 'x\n' });
    const came = commit(root, {
      'etc/ppp/chap-secrets': `# secrets\nann * ${word} *\n`,
      'infra/home/.pgpass': `db.acme.example:5432:app:app:${word}q\n`,
      'etc/other.txt': `ann * ${word} *\n`,
    });
    const last = commit(root, { 'etc/ppp/chap-secrets': `# more\n# secrets\nann * ${word} *\n` });
    commit(root, { 'etc/ppp/chap-secrets': null });
    for (const shape of ['loose', 'packed']) {
      if (shape === 'packed') git(root, 'repack', '-adfq');
      const { findings } = await scan(root, '--history');
      const found = findings.map(({ location: { path, commit: first, lastCommit, atHead } }) =>
        [path, first === came, lastCommit === last, atHead].join(' '),
      );
      expect(found.sort(), shape).toEqual([
        'etc/ppp/chap-secrets true true false',
        'infra/home/.pgpass true false true',
      ]);
    }
  });
});
