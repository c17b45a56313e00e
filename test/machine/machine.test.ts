import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findFiles } from '../../src/lib/find-files.ts';
import { listMachine } from '../../src/sources/machine/list.ts';
import { makeTree, oktaToken, put, run, type ScanJson } from '../commands/scan-kit.ts';
import { fillIn } from '../detect/samples.ts';

const isRoot = process.getuid?.() === 0;

/** Scans a made-up home; processes and files of this machine's system are left out of the answer. */
async function scanHome(
  home: string,
  ...args: readonly string[]
): Promise<ScanJson & { readonly code: number; readonly out: string; readonly err: string }> {
  const env = { HOME: home, PATH: join(home, 'bin') };
  const ran = await run(['scan', '--machine', '--format', 'json', ...args], { cwd: '/', env });
  return { ...(JSON.parse(ran.out) as ScanJson), ...ran };
}

function pathsOf({ findings }: ScanJson, kind = 'literal'): readonly string[] {
  return [
    ...new Set(
      findings
        .filter((finding) => finding.kind === kind)
        .map(({ location }) => location.path)
        .filter((path) => path.startsWith('~/') || path === 'crontab'),
    ),
  ].sort();
}

describe('scan --machine', () => {
  it('finds what each kind of file of a user holds, and names it from ~', async () => {
    const token = oktaToken();
    const env = { env: { OKTA_API_TOKEN: token } };
    const said = JSON.stringify({ message: { content: `export OKTA_API_TOKEN=${token}` } });
    const files: Readonly<Record<string, string>> = {
      '.cursor/mcp.json': JSON.stringify({ mcpServers: { okta: { command: 'npx', ...env } } }),
      '.claude.json': JSON.stringify({ projects: { '/w': { mcpServers: { okta: env } } } }),
      '.claude/projects/-home-ada-shop/5f3a.jsonl': `${said}\n`,
      '.codex/sessions/2026/11/24/rollout-1.jsonl': `${said}\n`,
      '.claude/projects/-home-ada-shop/memory/notes.md': `The token is OKTA_API_TOKEN=${token}\n`,
      '.zshrc': `export OKTA_API_TOKEN=${token}\n`,
      '.bash_history': `curl -H "Authorization: SSWS ${token}" https://acme.okta.com/api/v1/users\n`,
      '.aws/credentials': `[default]\naws_secret_access_key = ${fillIn('{base64:40}')}\n`,
      '.docker/config.json': JSON.stringify({
        auths: {
          'registry.acme.example': { auth: Buffer.from(fillIn('ada:{alnum:32}')).toString('base64') },
        },
      }),
      '.npmrc': `//registry.npmjs.org/:_authToken=${fillIn('npm_{alnum:30}{crc62}')}\n`,
      '.netrc': `machine api.acme.example login ada password ${fillIn('{alnum:32}')}\n`,
      '.git-credentials': `https://ada:${fillIn('ghp_{alnum:30}{crc62}')}@github.com\n`,
      '.config/gh/hosts.yml': `github.com:\n    oauth_token: ${fillIn('gho_{alnum:30}{crc62}')}\n    user: ada\n`,
      '.okta/okta.yaml': `okta:\n  client:\n    orgUrl: https://acme.okta.com\n    token: ${token}\n`,
      '.config/systemd/user/report.service': `[Service]\nEnvironment=OKTA_API_TOKEN=${token}\nExecStart=/usr/bin/report\n`,
    };
    const home = makeTree({ ...files, 'Documents/secret.env': `OKTA_API_TOKEN=${token}\n` });
    const report = await scanHome(home);
    expect(report.code).toBe(1);
    expect(pathsOf(report)).toEqual(
      Object.keys(files)
        .map((path) => `~/${path}`)
        .sort(),
    );
    expect(report.findings.every(({ location }) => location.source === 'machine')).toBe(true);
    expect(report.out + report.err).not.toContain(token.slice(2, 14));
  });

  it('finds drawn passwords where only the place tells what they are, like a scan of the folder', async () => {
    const drawn = ['{lower:10}', '{lownum:8}', '{alnum:16}', '{hex:32}', '{base64:20}'].map((kind) =>
      fillIn(kind).replaceAll('/', '-'),
    );
    const urls = drawn.map((value) => `https://ada:${value}@git.acme.example`).join('\n');
    const files = {
      '.config/git/credentials': `${urls}\n`,
      '.git-credentials': `${urls}\n`,
      '.htpasswd': `${drawn.map((value) => `ada:${value}`).join('\n')}\n`,
      '.netrc': `${drawn.map((value) => `machine api.acme.example login ada password ${value}`).join('\n')}\n`,
      '.pgpass': `${drawn.map((value) => `db.acme.example:5432:shop:ada:${value}`).join('\n')}\n`,
    };
    const home = makeTree(files);
    const expected = Object.keys(files).flatMap((path) => drawn.map((_, n) => `~/${path}:${n + 1}`));
    const machine = (await scanHome(home)).findings.filter(({ kind }) => kind === 'literal');
    const tree = JSON.parse((await run(['scan', '--format', 'json'], { cwd: home })).out) as ScanJson;
    const places = ({ findings }: Pick<ScanJson, 'findings'>, prefix: string): readonly string[] =>
      [...new Set(findings.map(({ location }) => `${prefix}${location.path}:${location.startLine}`))]
        .filter((place) => place.startsWith('~/'))
        .sort();
    expect(places({ findings: machine }, '')).toEqual(expected.sort());
    expect(places(tree, '~/')).toEqual(expected);
  });

  it('reads the crontab of this user', async () => {
    const token = oktaToken();
    const home = makeTree({
      'bin/crontab': `#!/bin/sh\necho 'OKTA_API_TOKEN=${token}'\necho '5 4 * * * /opt/report.sh'\n`,
    });
    chmodSync(join(home, 'bin/crontab'), 0o755);
    expect(pathsOf(await scanHome(home))).toEqual(['crontab']);
  });

  it('says what it could not read: a crontab that fails, a pipe, a closed folder', async () => {
    const home = makeTree({ 'bin/crontab': '#!/bin/sh\necho "you may not" >&2\nexit 1\n' });
    chmodSync(join(home, 'bin/crontab'), 0o755);
    mkdirSync(join(home, '.npmrc'));
    put(home, '.kube/config', 'a: 1\n');
    symlinkSync('/dev/null', join(home, '.netrc'));
    put(home, '.claude/projects/p/a.jsonl', '{}\n');
    chmodSync(join(home, '.claude/projects'), 0);
    const { skipped, stats } = await scanHome(home);
    chmodSync(join(home, '.claude/projects'), 0o755);
    expect(skipped).toContainEqual({ path: 'crontab', reason: 'crontab -l failed' });
    expect(skipped).toContainEqual({ path: '~/.netrc', reason: 'not a regular file' });
    if (!isRoot) expect(skipped).toContainEqual({ path: '~/.claude/projects', reason: 'permission denied' });
    expect(stats['files']).toBeGreaterThan(0);
  });

  it('follows a link to where the dot-files are kept, and reads nothing twice', async () => {
    const home = makeTree({ 'dotfiles/profile': `export OKTA_API_TOKEN=${oktaToken()}\n` });
    symlinkSync('dotfiles/profile', join(home, '.bashrc'));
    symlinkSync('dotfiles/profile', join(home, '.profile'));
    expect(pathsOf(await scanHome(home))).toHaveLength(1);
  });

  it('finds private keys of SSH and leaves their public halves alone', async () => {
    const key = [
      `-----BEGIN OPENSSH PRIVATE ${'KEY'}-----`,
      ...Array.from({ length: 6 }, () => fillIn('{base64:70}')),
      `-----END OPENSSH PRIVATE ${'KEY'}-----`,
    ].join('\n');
    const home = makeTree({ '.ssh/id_work': `${key}\n`, '.ssh/id_work.pub': 'ssh-ed25519 AAAA ada\n' });
    expect(pathsOf(await scanHome(home))).toEqual(['~/.ssh/id_work']);
    const listed = await run(['scan', '--machine', '--list'], { cwd: '/', env: { HOME: home } });
    expect(listed.out).toContain('~/.ssh/id_work  SSH\n');
    expect(listed.out).not.toContain('id_work.pub');
  });

  it.runIf(process.platform === 'linux')('tells the names in own processes, with name and pid', async () => {
    const token = oktaToken();
    const child = spawn('sleep', ['60'], {
      env: { OKTA_API_TOKEN: token, ACME_API_KEY: '', PATH: '/usr/bin:/bin' },
    });
    try {
      const report = await scanHome(makeTree({}));
      const mine = report.findings.filter(({ location }) => location.path === `process/sleep/${child.pid}`);
      expect(mine.map(({ kind, name, rule }) => ({ kind, name, rule }))).toEqual([
        { kind: 'use', name: 'OKTA_API_TOKEN', rule: 'okta-api-token' },
      ]);
      expect(report.out + report.err).not.toContain(token.slice(2, 14));
    } finally {
      child.kill();
    }
  });

  it('accepts what a baseline in the home accepts', async () => {
    const home = makeTree({ '.zshrc': `export OKTA_API_TOKEN=${oktaToken()}\n` });
    const accept = await scanHome(
      home,
      '--write-baseline',
      '--reason',
      'a sandbox',
      '--expires',
      '2027-01-31',
      '--include',
      '.zshrc',
    );
    expect(accept.findings.map(({ state }) => state)).toEqual(['baseline']);
    expect((await scanHome(home, '--include', '.zshrc')).code).toBe(0);
  });

  it('refuses a path, a second source, and a home that is none', async () => {
    const home = makeTree({});
    const tries = [
      [['scan', '--machine', 'src'], { HOME: home }],
      [['scan', '--machine', '--staged'], { HOME: home }],
      [['scan', '--list'], { HOME: home }],
      [['scan', '--machine'], {}],
    ] as const;
    for (const [args, env] of tries) expect((await run(args, { cwd: home, env })).code).toBe(2);
  });
});

describe('listMachine', () => {
  const options = { env: {}, system: '/' };

  it('looks only where this platform keeps things', () => {
    const file = 'claude_desktop_config.json';
    const home = makeTree({
      [`.config/Claude/${file}`]: '{}',
      [`Library/Application Support/Claude/${file}`]: '{}',
      [`AppData/Roaming/Claude/${file}`]: '{}',
    });
    const env = { APPDATA: join(home, 'AppData/Roaming') };
    const found = (['linux', 'darwin', 'win32'] as const).map((platform) =>
      listMachine({ home, platform, env, system: home }).files.map(({ path }) => path),
    );
    expect(found).toEqual([
      [`~/.config/Claude/${file}`],
      [`~/Library/Application Support/Claude/${file}`],
      [`%APPDATA%/Claude/${file}`],
    ]);
  });

  it('reads schedules of the system', () => {
    const system = makeTree({
      'etc/crontab': '',
      'etc/cron.d/report': '',
      'etc/cron.daily/backup': '',
      'etc/systemd/system/report.service.d/override.conf': '',
      'etc/shadow': '',
    });
    const { files } = listMachine({ ...options, home: makeTree({}), platform: 'linux', system });
    expect(files.map(({ path }) => path)).toEqual([
      '/etc/crontab',
      '/etc/cron.d/report',
      '/etc/cron.daily/backup',
      '/etc/systemd/system/report.service.d/override.conf',
    ]);
  });

  it('reads the newest conversations of too many, and says so', () => {
    const names = Array.from({ length: 2003 }, (_, n) => `.claude/projects/p/${n}.jsonl`);
    const home = makeTree(Object.fromEntries(names.map((name) => [name, ''])));
    const old = names.slice(0, 3).map((name) => `~/${name}`);
    for (const name of names.slice(0, 3)) utimesSync(join(home, name), 1, 1);
    const { files, skipped } = listMachine({ ...options, home, platform: 'linux', system: home });
    expect(files).toHaveLength(2000);
    expect(files.filter(({ path }) => old.includes(path))).toEqual([]);
    expect(skipped.map(({ path }) => path)).toEqual(['Claude Code transcripts']);
  });
});

describe('findFiles', () => {
  it('enters only what a pattern names, follows no link in circles, and takes names as they are', () => {
    const root = makeTree({ 'a/b/x.json': '', 'a/y.json': '', 'a/[z].json': '', 'c/x.json': '' });
    symlinkSync('..', join(root, 'a/b/up'));
    expect(findFiles(root, 'a/**/*.json').paths).toEqual(['a/[z].json', 'a/y.json', 'a/b/x.json']);
    expect(findFiles(root, 'a/[z].json').paths).toEqual(['a/[z].json']);
    expect(findFiles(root, '*/x.json').paths).toEqual(['c/x.json']);
    expect(findFiles(root, 'a/**/*.json', 2)).toMatchObject({ hasMore: true });
  });
});
