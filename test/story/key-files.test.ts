import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from './world.ts';

const token = 'token --agent inactive-users --resource password-api --as-agent'.split(' ');
let world: World;
let keyFile: string;
let kept: string;

beforeAll(async () => {
  world = await openWorld();
  keyFile = join(world.home, 'keys', 'inactive-users.json');
  kept = join(world.folder, 'kept.json');
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
  expect((await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes'])).code).toBe(0);
}, 60_000);

afterAll(() => world.close());

async function entries(): Promise<number> {
  const verified = await world.run(['audit', 'verify', '--format', 'json']);
  expect(verified.code).toBe(0);
  return (JSON.parse(verified.stdout) as { entries: number }).entries;
}

describe('a key file that is not as it should be', () => {
  beforeEach(() => {
    copyFileSync(keyFile, kept);
    chmodSync(kept, 0o600);
    rmSync(keyFile);
  });
  afterEach(() => {
    rmSync(keyFile, { recursive: true, force: true });
    copyFileSync(kept, keyFile);
    chmodSync(keyFile, 0o600);
  });

  const pipes = spawnSync('mkfifo', ['--version']).status === 0;
  const shapes: readonly (readonly [string, () => void])[] = [
    ['open to the group', () => (copyFileSync(kept, keyFile), chmodSync(keyFile, 0o640))],
    ['a link', () => symlinkSync(kept, keyFile)],
    ['a folder', () => mkdirSync(keyFile)],
    ['a pipe', () => spawnSync('mkfifo', ['-m', '600', keyFile])],
  ];
  it.each(shapes.filter(([what]) => pipes || what !== 'a pipe'))(
    'signs nothing, and is not replaced unasked: %s',
    async (_, make) => {
      make();
      for (const line of [
        token,
        ['agents', 'rotate', 'inactive-users'],
        ['agents', 'enroll', 'inactive-users'],
      ]) {
        const { code, stdout, stderr } = await world.run(line);
        expect([line[1], code, stdout]).toEqual([line[1], 2, '']);
        expect(stderr).toMatch(/^error\[unreadable\]: .*key file/);
        expect(stderr).toContain(keyFile);
      }
    },
  );
});

describe('the audit log', () => {
  it('stays whole where many processes exchange at once', async () => {
    const before = await entries();
    const ran = await Promise.all(Array.from({ length: 6 }, () => world.run(token)));
    expect(ran.map(({ code, stderr }) => [code, stderr])).toEqual(ran.map(() => [0, '']));
    expect(await entries()).toBe(before + ran.length);
  }, 60_000);

  it('is what no token is given without; what was done at the provider is said', async () => {
    writeFileSync(join(world.folder, 'file'), '');
    const env = { AGENT_ID_AUDIT: join(world.folder, 'file', 'audit') };
    const refused = await world.run(token, '', env);
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(/^error\[unwritable\]/);
    const revoked = await world.run(['agents', 'revoke', 'inactive-users'], '', env);
    expect([revoked.code, revoked.stderr]).toEqual([
      2,
      expect.stringContaining('done at sandbox (revoke, Inactive-Users Agent), and not in the audit log'),
    ]);
    expect((await world.run(token)).stderr).toContain('error[denied]');
    const unknown = await world.run(['agents', 'rotate', 'inactive-users'], '', env);
    expect(unknown.stderr).toContain('agent-id agents restore inactive-users');
    expect((await world.run(['agents', 'restore', 'inactive-users'])).code).toBe(0);
    expect((await world.run(token)).code).toBe(0);
  });
});
