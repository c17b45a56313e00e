import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { git, makeTree, oktaToken, put, run } from './scan-kit.ts';

const built = existsSync(join(import.meta.dirname, '../../dist/cli.js'));
const program = join(import.meta.dirname, '../../bin/agent-id.cjs');

function repository(files: Readonly<Record<string, string>> = {}): string {
  const root = makeTree({ '.env': `OKTA_TOKEN=${oktaToken()}\n`, ...files });
  git(root, 'init', '--quiet');
  return root;
}

/** Commits with agent-id on the PATH, as on a machine where it is installed. */
function commit(root: string): string {
  const bin = makeTree({});
  symlinkSync(program, join(bin, 'agent-id'));
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` };
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@acme.example'];
  return execFileSync('git', ['-C', root, ...identity, 'commit', '--quiet', '--message', 'x'], {
    encoding: 'utf8',
    stdio: 'pipe',
    env,
  });
}

describe('hook of plain git', () => {
  it('is installed, keeps the hook that is there, refuses a commit, and goes again', async () => {
    const root = repository();
    mkdirSync(join(root, '.git/hooks'), { recursive: true });
    writeFileSync(join(root, '.git/hooks/pre-commit'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    expect((await run(['hook', 'install'], { cwd: root })).code).toBe(0);
    expect((await run(['hook', 'install'], { cwd: root })).err).toContain('already');
    git(root, 'add', '.env');
    expect((await run(['hook', 'run'], { cwd: root })).code).toBe(1);
    if (built) expect(() => git(root, 'commit', '--quiet', '--message', 'x')).toThrow(/OKTA_TOKEN/);
    expect((await run(['hook', 'uninstall'], { cwd: root })).code).toBe(0);
    expect(readFileSync(join(root, '.git/hooks/pre-commit'), 'utf8')).toBe('#!/bin/sh\nexit 0\n');
  });

  it('goes to a folder outside that core.hooksPath names, and never over a hook that was kept before', async () => {
    const root = repository();
    const hooks = makeTree({ 'pre-commit': '#!/bin/sh\n', 'pre-commit.before-agent-id': '#!/bin/sh\n' });
    git(root, 'config', 'core.hooksPath', hooks);
    expect((await run(['hook', 'install'], { cwd: root })).err).toContain('error[conflict]');
    rmSync(join(hooks, 'pre-commit.before-agent-id'));
    expect((await run(['hook', 'install'], { cwd: root })).err).toContain('every repository');
    expect(readFileSync(join(hooks, 'pre-commit'), 'utf8')).toContain('hook run');
  });

  it('needs a repository', async () => {
    expect((await run(['hook', 'install'], { cwd: makeTree({}) })).err).toContain('Run git init first');
  });

  it('tells what git said of a repository of another user, and how to trust it', async () => {
    const root = repository();
    vi.stubEnv('GIT_TEST_ASSUME_DIFFERENT_OWNER', '1');
    const { code, err } = await run(['hook', 'install'], { cwd: root });
    vi.unstubAllEnvs();
    expect(code).toBe(2);
    expect(err).toMatch(/dubious ownership[^]*safe\.directory/);
    expect(err).not.toContain('git init');
  });
});

describe('hook of a script that is committed', () => {
  it.runIf(built)('gets a block of ours before what was there, and loses it again', async () => {
    const before = '#!/usr/bin/env bash\n# house rules\n\nexec true\n';
    const root = repository({ 'hooks/pre-commit': before });
    execFileSync('chmod', ['755', join(root, 'hooks/pre-commit')]);
    git(root, 'config', 'core.hooksPath', 'hooks');
    expect((await run(['hook', 'install'], { cwd: root })).code).toBe(0);
    const text = readFileSync(join(root, 'hooks/pre-commit'), 'utf8');
    expect(text).not.toContain(root);
    expect(text).not.toContain(process.execPath);
    git(root, 'add', '.env');
    expect(() => commit(root)).toThrow(/OKTA_TOKEN/);
    expect(() => git(root, 'commit', '--message', 'x')).toThrow(/not on the PATH/);
    git(root, 'rm', '--quiet', '--cached', '.env');
    git(root, 'add', 'hooks');
    commit(root);
    await run(['hook', 'uninstall'], { cwd: root });
    expect(readFileSync(join(root, 'hooks/pre-commit'), 'utf8')).toBe(before);
  });

  it('is left alone where it is no shell script', async () => {
    const root = repository({ 'hooks/pre-commit': '#!/usr/bin/env python3\n' });
    git(root, 'config', 'core.hooksPath', 'hooks');
    expect((await run(['hook', 'install'], { cwd: root })).err).toContain('no shell script');
    expect(readFileSync(join(root, 'hooks/pre-commit'), 'utf8')).toBe('#!/usr/bin/env python3\n');
  });

  it('is that of husky, also before husky is active', async () => {
    const root = repository({ '.husky/pre-commit': 'npm test\n', '.husky/_/h': '' });
    expect((await run(['hook', 'install'], { cwd: root })).err).toContain('not active');
    expect(readFileSync(join(root, '.husky/pre-commit'), 'utf8')).toMatch(/agent-id hook run[^]*npm test\n$/);
    git(root, 'config', 'core.hooksPath', '.husky/_');
    expect((await run(['hook', 'install'], { cwd: root })).err).toContain('already');
    await run(['hook', 'uninstall'], { cwd: root });
    expect(readFileSync(join(root, '.husky/pre-commit'), 'utf8')).toBe('npm test\n');
    rmSync(join(root, '.husky/pre-commit'));
    await run(['hook', 'install'], { cwd: root });
    await run(['hook', 'uninstall'], { cwd: root });
    expect(existsSync(join(root, '.husky/pre-commit'))).toBe(false);
  });
});

describe('hook of a manager', () => {
  it.each([
    ['.pre-commit-config.yaml', 'repos: []\n', 'entry: agent-id scan'],
    ['lefthook.yml', 'pre-push:\n', 'run: agent-id hook run'],
    ['.lefthook.toml', '[pre-push]\n', 'lefthook'],
  ])('is said, not written: %s', async (file, text, addition) => {
    const root = repository({ [file]: text });
    const ran = await run(['hook', 'install'], { cwd: root });
    expect([ran.code, ran.err]).toEqual([1, expect.stringContaining(addition)]);
    expect(readFileSync(join(root, file), 'utf8')).toBe(text);
    expect(existsSync(join(root, '.git/hooks/pre-commit'))).toBe(false);
    expect((await run(['hook', 'uninstall'], { cwd: root })).code).toBe(0);
    put(root, file, `${text}# agent-id\n`);
    expect((await run(['hook', 'install'], { cwd: root })).code).toBe(0);
    expect((await run(['hook', 'uninstall'], { cwd: root })).err).toContain(`Take agent-id out of ${file}`);
  });
});
