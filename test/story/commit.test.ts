import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from './world.ts';

let world: World;

const migrate = ['migrate', '--secret', 'OKTA_API_TOKEN', '--yes'];

beforeEach(async () => {
  world = await openWorld();
  git('config', 'user.name', 'Ann');
  git('config', 'user.email', 'ann@acme.example');
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
});

afterEach(() => world.close());

function git(...args: readonly string[]): string {
  return execFileSync('git', ['-C', world.root, ...args], { encoding: 'utf8' }).trim();
}

async function registered(): Promise<string | undefined> {
  const { stdout } = await world.run(['idp', 'check', 'sandbox']);
  return /(\d+) agents of ours/.exec(stdout)?.[1];
}

function hook(name: string, body: string): void {
  const folder = join(world.root, '.git', 'hooks');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(folder, name), 0o755);
}

describe('migrate --commit and --branch', () => {
  it('commit exactly the changed files, through the hooks, without a secret', async () => {
    git('rm', '--quiet', '--cached', '.env');
    writeFileSync(join(world.root, '.gitignore'), 'node_modules/\ndist/\n.env\n');
    git('commit', '--quiet', '--all', '--message', 'keep .env out');
    hook('pre-commit', 'echo ran > "$(git rev-parse --git-dir)/hook-ran"');
    writeFileSync(join(world.root, 'notes.txt'), 'mine\n');
    const { code, stderr } = await world.run([...migrate, '--commit']);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^Committed as [0-9a-f]{12}\.$/m)]);
    expect(stderr).toContain('not in it, git does not know it: .env');
    expect(git('status', '--porcelain')).toBe('?? notes.txt');
    expect(git('log', '-1', '--format=%an %s')).toBe('Ann agent-id: migrate OKTA_API_TOKEN (6 agents)');
    const shown = git('show', '--name-only', '--format=%B');
    expect(shown).toContain('- Password-Reset Agent (password-reset): password-api okta.users.manage');
    expect(shown).toContain('\nagent-id.lock.json');
    expect(shown).not.toMatch(/^\.env$/m);
    const added = git('show', 'HEAD')
      .split('\n')
      .filter((line) => line.startsWith('+'));
    expect(added.filter((line) => line.includes(world.token.open()))).toEqual([]);
    expect(readFileSync(join(world.root, '.git', 'hook-ran'), 'utf8')).toBe('ran\n');
    const back = await world.run(['migrate', '--rollback']);
    expect(back.stderr).toMatch(/The commit [0-9a-f]{12} stays/);
  });

  it('commit to a new branch, and leave the old one where it was', async () => {
    const before = git('rev-parse', 'HEAD');
    const old = git('symbolic-ref', '--short', 'HEAD');
    expect((await world.run([...migrate, '--branch', 'agents/okta'])).code).toBe(0);
    expect(git('symbolic-ref', '--short', 'HEAD')).toBe('agents/okta');
    expect(git('rev-parse', old)).toBe(before);
    expect(git('rev-parse', 'HEAD~1')).toBe(before);
  });

  it('take everything back where a hook refuses, and quote nothing of it', async () => {
    hook('pre-commit', `git diff --cached; echo '${world.token.open()}' >&2; exit 1`);
    const head = git('symbolic-ref', 'HEAD');
    const before = [
      git('rev-parse', 'HEAD'),
      git('branch', '--list'),
      readFileSync(join(world.root, '.env'), 'utf8'),
    ];
    const { code, stdout, stderr } = await world.run([...migrate, '--branch', 'agents']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('error[denied]')]);
    expect(stderr).toContain('Nothing is changed: what was begun is taken back.');
    expect(stdout + stderr).not.toContain(world.token.open());
    expect(git('symbolic-ref', 'HEAD')).toBe(head);
    expect([
      git('rev-parse', 'HEAD'),
      git('branch', '--list'),
      readFileSync(join(world.root, '.env'), 'utf8'),
    ]).toEqual(before);
    expect(git('status', '--porcelain')).toBe('');
    expect(await registered()).toBe('0');
    expect((await world.run([...migrate, '--dry-run'])).code).toBe(0);
  });

  it.each([
    ['before git had made the commit', 1],
    ['after git had made it', 0],
  ])('are ended by --resume where agent-id was killed %s', async (_when, outcome) => {
    hook('pre-commit', `kill -9 $(ps -o ppid= -p $PPID); exit ${outcome}`);
    const before = git('rev-parse', 'HEAD');
    expect((await world.run([...migrate, '--branch', 'agents'])).code).toBe(null);
    hook('pre-commit', 'exit 0');
    const open = await world.run(migrate);
    expect([open.code, open.stderr]).toEqual([2, expect.stringContaining('error[transaction-open]')]);
    const resumed = await world.run(['migrate', '--resume']);
    expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('rolled forward')]);
    expect(git('rev-parse', 'HEAD~1')).toBe(before);
    expect(git('symbolic-ref', '--short', 'HEAD')).toBe('agents');
    expect(git('status', '--porcelain')).toBe('');
  });

  it.each([
    [
      ['--commit'],
      () => writeFileSync(join(world.root, 'CODEOWNERS'), '* @x\n'),
      'error[dirty]',
      'CODEOWNERS',
    ],
    [['--branch', 'taken'], () => git('branch', 'taken'), 'error[conflict]', 'taken'],
    [['--branch', 'a..b'], () => undefined, 'error[usage]', 'not a name'],
    [
      ['--commit'],
      () => git('config', 'user.useConfigOnly', 'true') + git('config', '--unset', 'user.email'),
      'error[usage]',
      'who commits',
    ],
    [['--commit', '--allow-dirty'], () => undefined, 'error[usage]', '--allow-dirty'],
  ])('refuse %j before anything is done', async (flags, prepare, code, word) => {
    prepare();
    const before = git('rev-parse', 'HEAD');
    const { code: exit, stderr } = await world.run([...migrate, ...flags]);
    expect([exit, stderr]).toEqual([2, expect.stringContaining(code)]);
    expect(stderr).toContain(word);
    expect(git('rev-parse', 'HEAD')).toBe(before);
    expect(await registered()).toBe('0');
  });
});
