import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Check } from '../../src/model/check.ts';
import { openWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
  const lines = [
    'idp add sandbox --type embedded',
    'hook install',
    'migrate --secret OKTA_API_TOKEN --yes --allow-dirty',
  ];
  for (const line of lines) {
    const { code, stderr } = await world.run(line.split(' '));
    expect([line, code, stderr]).toEqual([line, 0, stderr]);
  }
}, 120_000);

afterAll(() => world.close());

const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../schemas/doctor.schema.json'), 'utf8'),
) as object;

async function look(...args: readonly string[]): Promise<{ code: number | null; checks: readonly Check[] }> {
  const { code, stdout, stderr } = await world.run(['doctor', ...args, '--format', 'json']);
  expect(stderr).toBe('');
  const data = JSON.parse(stdout) as { readonly checks: readonly Check[] };
  const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schema);
  expect(validate(data), JSON.stringify(validate.errors)).toBe(true);
  return { code, checks: data.checks };
}

async function faults(...args: readonly string[]): Promise<readonly Check[]> {
  const { code, checks } = await look(...args);
  const bad = checks.filter(({ state }) => state === 'bad');
  expect(code).toBe(bad.length === 0 ? 0 : 1);
  for (const { fix } of bad) expect(fix).toMatch(/\w/);
  return bad;
}

/** Each file below a folder with its mode and hash. */
function snapshot(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(folder, name)).isFile())
      .sort()
      .map((name) => {
        const hash = createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex');
        return [name, `${statSync(join(folder, name)).mode} ${hash}`];
      }),
  );
}

/** Breaks a file of the repository or the state folder, looks, and puts it back. */
async function broken(path: string, text: string | ((before: string) => string)): Promise<readonly Check[]> {
  const aside = join(world.folder, 'aside');
  const before = statSync(path, { throwIfNoEntry: false }) === undefined ? null : readFileSync(path, 'utf8');
  if (before !== null) cpSync(path, aside);
  try {
    writeFileSync(path, typeof text === 'string' ? text : text(before ?? ''), { mode: 0o600 });
    return await faults();
  } finally {
    if (before === null) rmSync(path);
    else cpSync(aside, path);
  }
}

describe('doctor', () => {
  it('finds nothing to mend where all is well, asks each provider with --online, and writes nothing', async () => {
    const before = [snapshot(world.root), snapshot(world.home)];
    const { code, checks } = await look('--online');
    expect([code, checks.filter(({ state }) => state === 'bad')]).toEqual([0, []]);
    expect(Object.fromEntries(checks.map(({ name, state }) => [name, state]))).toEqual({
      node: 'ok',
      git: 'ok',
      'state folder': 'ok',
      'identity providers': 'ok',
      'audit log': 'ok',
      settings: 'ok',
      baseline: 'none',
      hook: 'ok',
      'lock file': 'ok',
      helpers: 'ok',
      migration: 'ok',
    });
    const text = await world.run(['doctor']);
    expect([text.code, text.stdout]).toEqual([
      0,
      expect.stringMatching(/^ok +node +[\d.]+\n[^]*\nNothing to mend\.\n$/),
    ]);
    expect([snapshot(world.root), snapshot(world.home)]).toEqual(before);
  });

  it.skipIf(process.platform === 'win32')('sees a key that others may read', async () => {
    const key = join(
      world.home,
      'keys',
      readdirSync(join(world.home, 'keys')).find((name) => name !== 'audit.key') ?? '',
    );
    chmodSync(key, 0o644);
    const found = await faults();
    chmodSync(key, 0o600);
    expect(found).toMatchObject([{ name: 'state folder', fix: expect.stringContaining('chmod -R go-rwx') }]);
  });

  it('sees an issuer of the lock file that is not trusted here', async () => {
    const found = await broken(join(world.root, 'agent-id.lock.json'), (text) =>
      text.replaceAll(world.embedded.issuer, 'https://evil.example'),
    );
    expect(found).toMatchObject([
      { name: 'lock file', fix: expect.stringContaining('--issuer https://evil.example') },
    ]);
  });

  it('sees a lock file, settings and trust that are no longer whole', async () => {
    expect(await broken(join(world.root, 'agent-id.lock.json'), '{"schemaVersion":')).toMatchObject([
      { name: 'lock file' },
      { name: 'helpers' },
    ]);
    expect(await broken(join(world.root, 'agent-id.config.yaml'), 'idp: [open')).toMatchObject([
      { name: 'settings' },
    ]);
    const typo = await broken(join(world.root, 'agent-id.config.yaml'), (text) => `${text}\nscna: {}\n`);
    expect(typo).toMatchObject([{ name: 'settings', detail: expect.stringContaining('scna') }]);
    expect(await broken(join(world.home, 'idp/sandbox.json'), '{}')).toMatchObject([
      { name: 'identity providers' },
      { name: 'lock file' },
    ]);
  });

  it('sees a helper that is not what was written, and one that is gone', async () => {
    const path = join(world.root, 'services/helpdesk/agent-id/helper.py');
    const changed = await broken(path, (text) => `${text}\nprint("hello")\n`);
    expect(changed).toMatchObject([{ name: 'helpers', detail: expect.stringContaining('helpdesk') }]);
  });

  it('sees acceptances that have ended', async () => {
    const entry = { rule: 'x', secret: 'a'.repeat(32), name: null, path: 'old.env', reason: 'known' };
    const accepted = {
      ['a'.repeat(32)]: { ...entry, expires: '2020-01-01' },
      ['b'.repeat(32)]: { ...entry, expires: '2099-01-01' },
    };
    const found = await broken(
      join(world.root, '.agent-id-baseline.json'),
      JSON.stringify({ schemaVersion: 1, accepted }),
    );
    expect(found).toMatchObject([{ name: 'baseline', detail: expect.stringContaining('1 of 2') }]);
  });

  it('sees a changed log, a hook that is gone and a migration that was interrupted', async () => {
    const log = join(
      world.home,
      'audit',
      readdirSync(join(world.home, 'audit')).find((name) => name.endsWith('l')) ?? '',
    );
    expect(await broken(log, (text) => text.replace('"ok"', '"no"'))).toMatchObject([{ name: 'audit log' }]);
    expect(await broken(join(world.root, '.git/hooks/pre-commit'), '#!/bin/sh\n')).toMatchObject([
      { name: 'hook', fix: 'agent-id hook install' },
    ]);
    const [repository = ''] = readdirSync(join(world.home, 'tx')).filter((name) =>
      /^[0-9a-f]{20}$/.test(name),
    );
    const folder = join(world.home, 'tx', repository, 'tx-made-up');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, 'journal.ndjson'), '', { mode: 0o600 });
    expect(await faults()).toMatchObject([{ name: 'migration', fix: expect.stringContaining('--resume') }]);
    rmSync(folder, { recursive: true });
  });

  it('says what to start where a provider is down, and nothing of it without --online', async () => {
    await world.embedded.stop();
    expect(await faults()).toEqual([]);
    expect(await faults('--online')).toMatchObject([
      { name: 'identity providers', fix: 'agent-id idp start' },
    ]);
  });

  it('works in a folder without repository, and on a machine without git', async () => {
    const outside = await world.run(['-C', world.home, 'doctor']);
    expect([outside.code, outside.stdout]).toEqual([0, expect.stringContaining('no repository here')]);
    const bare = await world.run(['doctor'], '', { PATH: join(world.folder, 'nothing') });
    expect([bare.code, bare.stdout]).toEqual([
      1,
      expect.stringMatching(/mend {2}git +git cannot be run\n +→ Install git/),
    ]);
  });
});
