import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scanFormats } from '../../src/output/scan-formats.ts';
import { fillIn } from '../detect/samples.ts';
import { git, makeTree, oktaToken, put, run, scan } from './scan-kit.ts';

describe('a secret in the name of a file', () => {
  const names = (token: string): readonly string[] => [
    `keys/${token}.txt`,
    `${token}/notes.md`,
    `okta/key-of-${token}`,
  ];

  it('is found, and shown in no output, of a skipped file neither', async () => {
    const tokens = [fillIn('ghp_{alnum:36}'), fillIn('glpat-{alnum:20}')];
    const bare = oktaToken();
    const root = makeTree({ [`${bare}/a.env`]: `OKTA_TOKEN=${oktaToken()}\n` });
    for (const token of tokens)
      for (const name of names(token)) put(root, name, `OKTA_TOKEN=${oktaToken()}\n`);
    put(root, `bin/${tokens[0] ?? ''}.bin`, Buffer.from([0, 1, 2]));
    const seen = await scan(root);
    const inNames = seen.findings.filter(({ reasons }) =>
      reasons.some((why) => why.includes('name of the file')),
    );
    expect(inNames.length).toBeGreaterThan(2);
    expect(seen.skipped.map(({ path }) => path)).toEqual([
      expect.stringMatching(/^bin\/\[secret:\w{6}\]\.bin$/),
    ]);
    for (const format of scanFormats) {
      const { out, err } = await run(['scan', '--verbose', '--stats', '--format', format], { cwd: root });
      for (const token of [...tokens, bare]) expect(out + err, format).not.toContain(token);
    }
    await run(['scan', '--write-baseline', '--reason', 'x', '--expires', '2026-12-31'], { cwd: root });
    expect(execFileSync('cat', ['.agent-id-baseline.json'], { cwd: root, encoding: 'utf8' })).not.toMatch(
      new RegExp(tokens.join('|')),
    );
  });

  it('is shown in no output of a history', async () => {
    const token = fillIn('ghp_{alnum:36}');
    const root = makeTree({ [`${token}.env`]: `OKTA_TOKEN=${oktaToken()}\n` });
    git(root, 'init', '--quiet');
    git(root, 'add', '--all');
    git(root, 'commit', '--quiet', '--message', 'one');
    const { out, err, code } = await run(['scan', '--history', '--format', 'json'], { cwd: root });
    expect([code, (out + err).includes(token)]).toEqual([1, false]);
  });
});

describe('a file that is hostile', () => {
  it('may hold 100,000 secrets: all are told, in bounded time', async () => {
    const lines = Array.from({ length: 100_000 }, (_, n) => `OKTA_TOKEN_${n}=${oktaToken()}`);
    const root = makeTree({ 'many.env': lines.join('\n') });
    const before = process.cpuUsage();
    const { findings } = await scan(root);
    // Of this process: others may have the machine meanwhile.
    expect(process.cpuUsage(before).user).toBeLessThan(90_000_000);
    expect(new Set(findings.map(({ location }) => location.startLine)).size).toBe(100_000);
  }, 600_000);

  it('may be UTF-16 of either order, or no UTF-8 at all', async () => {
    const token = oktaToken();
    const text = `# é ü\nOKTA_TOKEN=${token}\n`;
    const little = Buffer.from(`\ufeff${text}`, 'utf16le');
    const root = makeTree({
      'le.env': little,
      'be.env': Buffer.from(little).swap16(),
      'plain-be.env': Buffer.from(`OKTA_TOKEN=${token}\n`, 'utf16le').swap16(),
      'broken.env': Buffer.concat([
        Buffer.from([0xc3, 0x28, 0xff, 0xfe, 0xed, 0xa0, 0x80, 0x0a]),
        Buffer.from(text),
      ]),
    });
    put(root, 'utf-32.env', Buffer.from(`\ufeff${text}`.replaceAll(/./gs, '$&\0'), 'utf16le'));
    const { findings, skipped } = await scan(root);
    expect(findings.map(({ location }) => `${location.path}:${location.startLine}`).sort()).toEqual([
      'be.env:2',
      'broken.env:3',
      'le.env:2',
      'plain-be.env:1',
    ]);
    expect(skipped).toEqual([{ path: 'utf-32.env', reason: 'binary' }]);
  });

  it.runIf(process.platform === 'linux')('may have a name that is not UTF-8: it is said', async () => {
    const root = makeTree({ 'ok.txt': 'x\n' });
    const path = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe]), Buffer.from('.env')]);
    writeFileSync(path, `OKTA_TOKEN=${oktaToken()}\n`);
    expect((await scan(root)).skipped.map(({ reason }) => reason)).toEqual(['its name is not UTF-8']);
    git(root, 'init', '--quiet');
    git(root, 'add', '--all');
    expect((await scan(root)).skipped.map(({ reason }) => reason)).toEqual(['its name is not UTF-8']);
  });

  it.runIf(process.getuid?.() === 0)('may be a device', async () => {
    const root = makeTree({ 'ok.env': `OKTA_TOKEN=${oktaToken()}\n` });
    execFileSync('mknod', [join(root, 'zero.env'), 'c', '1', '5']);
    const { findings, skipped } = await scan(root);
    expect(findings.map(({ location }) => location.path)).toEqual(['ok.env']);
    expect(skipped).toEqual([{ path: 'zero.env', reason: 'not a regular file' }]);
  });

  it('may change, shrink and vanish while it is read', async () => {
    const root = makeTree({ 'ok.env': `OKTA_TOKEN=${oktaToken()}\n` });
    const writer = spawn(
      process.execPath,
      [
        '-e',
        `const fs = require('node:fs'); for (let n = 0; ; n += 1) for (const name of ['a', 'b', 'c']) {
        fs.writeFileSync(name + '.env', 'A=1\\n'.repeat((n % 5) * 200000));
        fs.truncateSync(name + '.env', 7);
        fs.rmSync(name + '.env');
      }`,
      ],
      { cwd: root, stdio: 'ignore' },
    );
    try {
      for (let n = 0; n < 15; n += 1) {
        const { findings, skipped, code } = await scan(root);
        expect([code, findings.map(({ location }) => location.path)]).toEqual([1, ['ok.env']]);
        for (const { reason } of skipped) expect(reason).toBe('gone while scanning');
      }
    } finally {
      writer.kill();
    }
  });
});

describe('settings that ask to run something', () => {
  it.each([
    ['a command', 'hooks:\n  pre: ls\n', 'hooks'],
    ['a plug-in', 'scan:\n  plugins: [./evil.js]\n', 'plugins'],
    ['a shell', 'preCommand: ls\n', 'preCommand'],
    ['a function', 'scan:\n  exclude: !!js/function "() => 1"\n', 'more than data'],
  ])('are refused: %s', async (_, text, message) => {
    const root = makeTree({ 'agent-id.config.yaml': `schemaVersion: 1\n${text}` });
    const { code, err } = await run(['scan'], { cwd: root });
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('an input of an MCP configuration', () => {
  it('may have a secret for a default, which goes by the id of the input', async () => {
    const root = makeTree({
      '.vscode/mcp.json': fillIn(
        '{"inputs": [{"type": "promptString", "id": "acme-key", "password": true, "default": "{alnum:32}"}], "servers": {}}',
      ),
    });
    const { findings } = await scan(root);
    expect(findings).toMatchObject([{ name: 'acme-key', location: { slot: 'inputs[0].default' } }]);
  });
});
