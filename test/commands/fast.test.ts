import { mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scanStaged } from '../../src/fast.ts';
import { stagedSince } from '../../src/sources/staged-list.ts';
import { git, makeTree, oktaToken, put, run } from './scan-kit.ts';

const built = resolve(import.meta.dirname, '../../dist');

function look(folder: string): Promise<string | undefined> {
  return scanStaged(folder, built, stagedSince(folder, 'HEAD'));
}

/** Makes a repository with one commit. */
function makeRepository(): string {
  const root = makeTree({ 'README.md': '# Orders\n' });
  git(root, 'init', '-q');
  git(root, 'add', '-A');
  git(root, 'commit', '-qm', 'first');
  return root;
}

function stage(root: string, path: string, content: string | Buffer): void {
  put(root, path, content);
  git(root, 'add', '-A');
}

describe('the quick look at what is staged', () => {
  it('says of clean files what the command line says', async () => {
    const root = makeRepository();
    stage(root, 'src/orders.ts', "export const name = 'orders';\n");
    stage(root, 'src/tokens.ts', 'export function nextToken(): Token {\n  return lexer.next();\n}\n');
    mkdirSync(join(root, 'deep'), { recursive: true });
    const usual = await run(['scan', '--staged'], { cwd: root });
    expect(usual).toEqual({ out: expect.stringContaining('2 files') as string, err: '', code: 0 });
    expect(await look(root)).toBe(usual.out);
    expect(await look(join(root, 'deep'))).toBe(usual.out);
  });

  it('takes plain settings and a sound baseline as clean', async () => {
    const root = makeRepository();
    put(root, 'agent-id.config.yaml', '# ours\nschemaVersion: 1\nfingerprint:\n  salt: abc_DEF-123\n');
    put(root, '.agent-id-baseline.json', '{"schemaVersion":1,"accepted":{}}\n');
    git(root, 'add', '-A');
    git(root, 'commit', '-qm', 'settings');
    stage(root, 'orders.py', 'print(1)\n');
    expect(await look(root)).toBe((await run(['scan', '--staged'], { cwd: root })).out);
  });

  it.each([
    ['a secret', (root: string) => stage(root, '.env', `OKTA_API_TOKEN=${oktaToken()}\n`)],
    ['a read by name', (root: string) => stage(root, 'a.ts', 'call(process.env.OKTA_API_TOKEN);\n')],
    [
      'a file of credentials',
      (root: string) => stage(root, '.pgpass', 'db.acme.net:5432:app:app:orange77\n'),
    ],
    ['a binary file', (root: string) => stage(root, 'logo.bin', Buffer.from([1, 0, 2]))],
    [
      'settings that leave files out',
      (root: string) => stage(root, 'agent-id.config.yaml', 'scan:\n  exclude: [a]\n'),
    ],
    ['a broken baseline', (root: string) => stage(root, '.agent-id-baseline.json', '{"accepted":')],
    ['nothing staged', () => undefined],
  ])('leaves %s to the command line', async (_, change) => {
    const root = makeRepository();
    change(root);
    expect(await look(root)).toBeUndefined();
  });

  it('leaves links, first commits and what is no repository to the command line', async () => {
    const root = makeRepository();
    symlinkSync('README.md', join(root, 'link'));
    git(root, 'add', '-A');
    expect(await look(root)).toBeUndefined();
    const fresh = makeTree({ 'a.txt': 'a\n' });
    expect(await look(fresh)).toBeUndefined();
    git(fresh, 'init', '-q');
    git(fresh, 'add', '-A');
    expect(await look(fresh)).toBeUndefined();
  });
});
