import { chmodSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fillIn } from '../detect/samples.ts';
import { git, makeTree, oktaToken, put, run, scan } from './scan-kit.ts';

describe('scan', () => {
  it('finds a value and the places that read it, and never prints the value', async () => {
    const token = oktaToken();
    const root = makeTree({
      '.env': `OKTA_API_TOKEN=${token}\n`,
      'src/main.ts': 'const client = new Client({ token: process.env.OKTA_API_TOKEN });\n',
    });
    const ran = await run(['scan'], { cwd: root });
    expect(ran.code).toBe(1);
    expect(ran.out).toMatch(/\.env:1:16/);
    expect(ran.out).toMatch(/secret:[0-9a-f]{6}/);
    expect(ran.out + ran.err).not.toContain(token.slice(0, 12));
    const { findings, code } = await scan(root);
    expect(code).toBe(1);
    expect(findings.map(({ rule, kind, name }) => ({ rule, kind, name }))).toEqual([
      { rule: 'okta-api-token', kind: 'literal', name: 'OKTA_API_TOKEN' },
      { rule: 'okta-api-token', kind: 'use', name: 'OKTA_API_TOKEN' },
    ]);
  });

  it('exits with 0 for a mere use, with 1 under --fail-on any', async () => {
    const root = makeTree({ 'main.ts': 'export const key = process.env.ACME_API_KEY;\n' });
    expect((await scan(root)).code).toBe(0);
    expect((await scan(root, '--fail-on', 'any')).code).toBe(1);
    expect((await scan(root, '--fail-on', 'any', '--exit-zero')).code).toBe(0);
  });

  it('gives the same ids after line moves, a rename, and in a clone elsewhere', async () => {
    const token = oktaToken();
    const one = makeTree({ 'a/.env': `OKTA_API_TOKEN=${token}\n` });
    const other = makeTree({ 'b/.env': `# moved\n\nX=1\nOKTA_API_TOKEN=${token}\n` });
    expect((await scan(other)).findings.map((finding) => finding.id)).toEqual(
      (await scan(one)).findings.map((finding) => finding.id),
    );
  });

  it('never fingerprints a weak value by value', async () => {
    const text = 'DB_PASSWORD=Winter-2024!\n';
    const root = makeTree({ 'a/.env': text, 'b/.env': text });
    const { findings } = await scan(root, '--min-confidence', 'low');
    expect(findings).toHaveLength(2);
    expect(new Set(findings.map((finding) => finding.secret)).size).toBe(2);
  });

  it('keys fingerprints with the variable, else the salt of the settings', async () => {
    const root = makeTree({ '.env': `OKTA_API_TOKEN=${oktaToken()}\n` });
    const plain = (await scan(root)).findings[0]?.secret;
    const ran = await run(['scan', '--format', 'json'], {
      cwd: root,
      env: { AGENT_ID_FINGERPRINT_KEY: 'k' },
    });
    expect(ran.out).not.toContain(plain);
    expect((await run(['init'], { cwd: root })).code).toBe(0);
    expect((await scan(root)).findings[0]?.secret).not.toBe(plain);
  });

  it('accepts a comment with a reason on the line or the line before, for that rule only', async () => {
    const root = makeTree({
      'a.env': `OKTA_API_TOKEN=${oktaToken()} # agent-id:ignore okta-api-token sandbox of the tests\n`,
      'b.env': `# agent-id:ignore okta-api-token sandbox\nOKTA_API_TOKEN=${oktaToken()}\n`,
      'c.env': `# agent-id:ignore github-token sandbox\nOKTA_API_TOKEN=${oktaToken()}\n`,
      'd.env': `# agent-id:ignore okta-api-token\nOKTA_API_TOKEN=${oktaToken()}\n`,
    });
    const states = (await scan(root)).findings.map(({ location, state }) => [location.path, state]);
    expect(states).toEqual([
      ['a.env', 'ignored'],
      ['b.env', 'ignored'],
      ['c.env', 'new'],
      ['d.env', 'new'],
    ]);
  });

  it('reads standard input under a name', async () => {
    const args = ['scan', '--stdin', '--stdin-name', '.env', '--format', 'json'];
    const ran = await run(args, { cwd: makeTree({}), stdin: `OKTA_API_TOKEN=${oktaToken()}\n` });
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.out)).toMatchObject({
      findings: [{ location: { path: '.env', source: 'stdin' } }],
    });
  });

  it('reads UTF-16, archives and texts with zeros between them from standard input', async () => {
    const line = `OKTA_API_TOKEN=${oktaToken()}\n`;
    const inputs = [Buffer.from(`\ufeff${line}`, 'utf16le'), gzipSync(line), Buffer.from(`A=1\0${line}`)];
    for (const stdin of inputs) {
      const { code, out } = await run(['scan', '--stdin', '--format', 'json'], { cwd: makeTree({}), stdin });
      expect([code, JSON.parse(out)]).toMatchObject([1, { findings: [{ name: 'OKTA_API_TOKEN' }] }]);
    }
  });

  it('writes several outputs at once and leaves paths after options alone', async () => {
    const root = makeTree({
      'in/.env': `OKTA_API_TOKEN=${oktaToken()}\n`,
      'in/skip/.env': `T_TOKEN=${oktaToken()}\n`,
    });
    const ran = await run(
      ['scan', '--output', 'json=out.json', '--output', 'sarif=out.sarif', '--exclude', 'skip', 'in'],
      { cwd: root },
    );
    expect(ran.code).toBe(1);
    expect(readFileSync(join(root, 'out.json'), 'utf8')).toContain('"path": ".env"');
    expect(readFileSync(join(root, 'out.sarif'), 'utf8')).not.toContain('skip');
  });

  it('refuses an argument that is a secret, without echo', async () => {
    const token = oktaToken();
    const ran = await run(['scan', token], { cwd: makeTree({}) });
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('error[secret-in-argument]');
    expect(ran.out + ran.err).not.toContain(token);
  });

  it.each([
    ['--rule', 'no-such-rule'],
    ['--max-file-size', 'big'],
    ['no-such-folder', '--exit-zero'],
  ])('exits with 2 for %s %s', async (...args) => {
    expect((await run(['scan', ...args], { cwd: makeTree({}) })).code).toBe(2);
  });
});

describe('scan of bad input', () => {
  it('skips with a reason what cannot be looked at, and looks at the rest', async () => {
    const outside = makeTree({ 'secret.env': `OKTA_API_TOKEN=${oktaToken()}\n` });
    const root = makeTree({
      'binary.bin': Buffer.from([0, 1, 2, 0]),
      'large.env': `OKTA_API_TOKEN=${oktaToken()}\n${'x'.repeat(2000)}`,
      'ok.env': `OKTA_API_TOKEN=${oktaToken()}\n`,
    });
    symlinkSync(join(outside, 'secret.env'), join(root, 'link.env'));
    symlinkSync(outside, join(root, 'linked'));
    symlinkSync(root, join(root, 'loop'));
    execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', join(root, 'pipe.env')]);
    const { findings, skipped, code } = await scan(root, '--max-file-size', '1kB');
    expect(findings.map((finding) => finding.location.path)).toEqual(['ok.env']);
    expect(Object.fromEntries(skipped.map(({ path, reason }) => [path, reason]))).toMatchObject({
      'binary.bin': 'binary',
      'large.env': 'larger than 1000 bytes',
      'link.env': 'symbolic link',
      linked: 'symbolic link',
      loop: 'symbolic link',
      'pipe.env': 'not a regular file',
    });
    expect(code).toBe(1);
    expect((await scan(root, '--max-file-size', '1kB', '--fail-on-skipped')).code).toBe(2);
  });

  it('reads CRLF, a mark, UTF-16, latin-1, and what its format cannot parse', async () => {
    const line = (name: string): string => `${name}=${oktaToken()}`;
    const root = makeTree({
      'crlf.env': `A=1\r\n${line('OKTA_TOKEN')}\r\n`,
      'bom.env': `\ufeff${line('OKTA_TOKEN')}\n`,
      'utf16.env': Buffer.from(`\ufeff${line('OKTA_TOKEN')}\n`, 'utf16le'),
      'latin1.env': Buffer.from(`# M\u00fcller\n${line('OKTA_TOKEN')}\n`, 'latin1'),
      'broken.yaml': `okta: [\n  token: ${oktaToken()}\n: : :\n`,
      'broken.json': `{"okta": {"token": "${oktaToken()}"`,
    });
    const { findings, stats } = await scan(root);
    expect(findings.map((finding) => finding.location.path).sort()).toEqual([
      'bom.env',
      'broken.json',
      'broken.yaml',
      'crlf.env',
      'latin1.env',
      'utf16.env',
    ]);
    expect(stats['asText']).toBeGreaterThan(0);
    const crlf = findings.find((finding) => finding.location.path === 'crlf.env');
    expect(crlf?.location).toMatchObject({ startLine: 2, startColumn: 12, endColumn: 54 });
  });

  it.runIf(process.getuid?.() !== 0)('reports a file and a folder that it may not read', async () => {
    const root = makeTree({ 'shut.env': 'A=1\n', 'closed/x.env': 'A=1\n' });
    chmodSync(join(root, 'shut.env'), 0);
    chmodSync(join(root, 'closed'), 0);
    const { skipped } = await scan(root);
    expect(skipped.map((one) => one.reason)).toEqual(['permission denied', 'permission denied']);
    expect((await run(['scan', 'shut.env'], { cwd: root })).code).toBe(2);
    chmodSync(join(root, 'closed'), 0o700);
  });

  it('takes a line of megabytes in its stride', async () => {
    const long = `${'a'.repeat(4_000_000)} OKTA_API_TOKEN=${oktaToken()}`;
    const root = makeTree({ 'long.txt': long, 'deep.json': '['.repeat(100_000) });
    const before = performance.now();
    expect((await scan(root)).findings).toHaveLength(1);
    expect(performance.now() - before).toBeLessThan(20_000);
  });
});

describe('scan in git', () => {
  it('looks at tracked and untracked files, minus ignored ones and nested repositories', async () => {
    const root = makeTree({
      'tracked.env': `OKTA_TOKEN=${oktaToken()}\n`,
      'fresh.env': `OKTA_TOKEN=${oktaToken()}\n`,
      'hidden.env': `OKTA_TOKEN=${oktaToken()}\n`,
      '.gitignore': 'hidden.env\n',
      'nested/x.env': `OKTA_TOKEN=${oktaToken()}\n`,
    });
    git(root, 'init', '--quiet');
    git(join(root, 'nested'), 'init', '--quiet');
    git(root, 'add', 'tracked.env');
    const { findings, skipped } = await scan(root);
    expect(findings.map((finding) => finding.location.path).sort()).toEqual(['fresh.env', 'tracked.env']);
    expect(skipped).toEqual([{ path: 'nested', reason: 'submodule or nested repository' }]);
  });

  it('obeys nothing that the repository tells git to run', async () => {
    const root = makeTree({ '.env': `OKTA_TOKEN=${oktaToken()}\n`, '.gitattributes': '* filter=x diff=x\n' });
    git(root, 'init', '--quiet');
    put(root, 'run.sh', '#!/bin/sh\ntouch "$(dirname "$0")/ran"\ncat\n');
    chmodSync(join(root, 'run.sh'), 0o755);
    git(root, 'add', '.env', '.gitattributes');
    for (const key of [
      'core.fsmonitor',
      'diff.x.textconv',
      'diff.external',
      'filter.x.smudge',
      'filter.x.clean',
    ])
      git(root, 'config', key, join(root, 'run.sh'));
    expect((await scan(root)).findings).toHaveLength(1);
    expect((await scan(root, '--staged')).findings).toHaveLength(1);
    expect((await scan(root)).skipped).toEqual([]);
    expect((await run(['map'], { cwd: root })).code).toBe(0);
    expect(() => readFileSync(join(root, 'ran'))).toThrow();
  });

  it('scans the index with --staged, also before the first commit', async () => {
    const root = makeTree({ '.env': `OKTA_TOKEN=${oktaToken()}\n`, 'sub/b.env': 'A=1\n' });
    git(root, 'init', '--quiet');
    expect((await scan(root, '--staged')).findings).toEqual([]);
    git(root, 'add', '.env');
    writeFileSync(join(root, '.env'), 'A=1\n');
    const { findings, code } = await scan(join(root, 'sub'), '--staged');
    expect(code).toBe(1);
    expect(findings[0]?.location).toMatchObject({ path: '.env', source: 'staged' });
    git(root, 'commit', '--quiet', '--message', 'one');
    expect((await scan(root, '--staged')).findings).toEqual([]);
  });

  it('scans a folder where there is no git', async () => {
    const root = makeTree({ '.env': `OKTA_TOKEN=${oktaToken()}\n` });
    const path = process.env['PATH'];
    process.env['PATH'] = '/nowhere';
    try {
      expect((await scan(root)).findings).toHaveLength(1);
      expect((await run(['scan', '--staged'], { cwd: root })).err).toContain('error[no-git]');
    } finally {
      process.env['PATH'] = path;
    }
  });
});

describe('settings', () => {
  it('refuses newer and broken ones without printing them, and warns of unknown fields', async () => {
    const token = oktaToken();
    const root = makeTree({ 'agent-id.config.yaml': 'schemaVersion: 2\n' });
    expect((await run(['scan'], { cwd: root })).err).toContain('error[newer-schema]');
    put(root, 'agent-id.config.yaml', `a: [\n${token}: *${token}\n`);
    const broken = await run(['scan'], { cwd: root });
    expect(broken.code).toBe(2);
    expect(broken.err + broken.out).not.toContain(token);
    put(root, 'agent-id.config.yaml', 'schemaVersion: 1\nscan:\n  exclude: [x]\nhooks: ls\n');
    expect((await run(['scan'], { cwd: root })).err).toContain('hooks');
    expect((await run(['--no-config', 'scan'], { cwd: root })).err).toBe('');
  });

  it('does not follow a link to settings outside', async () => {
    const outside = makeTree({ 'x.yaml': 'schemaVersion: 1\nscan:\n  exclude: ["**"]\n' });
    const root = makeTree({ '.env': `OKTA_TOKEN=${oktaToken()}\n` });
    symlinkSync(join(outside, 'x.yaml'), join(root, 'agent-id.config.yaml'));
    expect((await run(['scan'], { cwd: root })).code).toBe(2);
  });
});

describe('explain', () => {
  it('explains a rule, an error code and a finding', async () => {
    const root = makeTree({ '.env': `ACME_API_KEY=${fillIn('{alnum:32}')}\n` });
    expect((await run(['explain', 'okta-api-token'], { cwd: root })).out).toContain('Okta Admin Console');
    expect((await run(['explain', 'no-git'], { cwd: root })).out).toContain('git');
    const id = (await scan(root)).findings[0]?.id ?? '';
    expect((await run(['explain', id, root], { cwd: root })).out).toContain('.env:1');
    expect((await run(['explain', 'nothing-of-that-name'], { cwd: root })).code).toBe(2);
  });
});
