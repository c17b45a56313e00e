import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { rolldown } from 'rolldown';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { origin, toEntry, toLine } from '../../src/audit/chain.ts';
import { readHead, writeHead } from '../../src/audit/head.ts';
import { appendAudit, headFile, logFile } from '../../src/audit/log.ts';
import { readAudit } from '../../src/audit/read.ts';
import { renderAuditLine } from '../../src/audit/render.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import { readAuditKey } from '../../src/lib/keys.ts';
import { sample } from './sample.ts';

let home: string;
let paths: { audit: string; keys: string };

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'agent-id-audit-'));
  paths = { audit: join(home, 'audit'), keys: join(home, 'keys') };
});

afterEach(() => rm(home, { recursive: true }));

async function write(count: number): Promise<void> {
  for (let at = 1; at <= count; at++) await appendAudit(paths, sample({ jti: `jti-${at}` }));
}

async function lines(): Promise<string[]> {
  return (await readFile(logFile(paths), 'utf8')).split('\n').slice(0, -1);
}

async function rewrite(change: (all: string[]) => string[]): Promise<void> {
  await writeFile(
    logFile(paths),
    change(await lines())
      .map((line) => `${line}\n`)
      .join(''),
  );
}

describe('the log', () => {
  it('numbers and chains its entries, for this user alone', async () => {
    await write(3);
    const entries = await readAudit(paths);
    expect(entries.map((entry) => entry.seq)).toEqual([1, 2, 3]);
    expect(entries[1]?.prev).toBe(entries[0]?.hash);
    expect(await verifyAudit(paths)).toEqual({
      state: 'intact',
      entries: 3,
      seq: null,
      expected: 3,
      tears: 0,
    });
    for (const file of [logFile(paths), headFile(paths), join(paths.keys, 'audit.key')]) {
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    }
  });

  it('is read by agent, user and time', async () => {
    await appendAudit(paths, sample());
    await appendAudit(paths, sample({ user: 'user-y', time: '2026-11-24T10:00:00Z' }));
    await appendAudit(paths, sample({ agent: null, action: 'login' }));
    expect(await readAudit(paths, { user: 'user-y' })).toHaveLength(1);
    expect(await readAudit(paths, { agent: 'password-reset' })).toHaveLength(2);
    expect(await readAudit(paths, { since: Date.parse('2026-11-24T00:00:00Z') })).toHaveLength(1);
  });

  it('has the shape that its schema says', async () => {
    await appendAudit(paths, sample());
    await appendAudit(paths, sample({ agent: null, action: 'login', resource: null, jti: null, user: null }));
    const ajv = addFormats.default(new Ajv.default({ allErrors: true, allowUnionTypes: true }));
    const file = join(import.meta.dirname, '../../schemas/audit-entry.schema.json');
    const isValid = ajv.compile(JSON.parse(await readFile(file, 'utf8')) as object);
    for (const line of await lines())
      expect([isValid(JSON.parse(line)), isValid.errors]).toEqual([true, null]);
    expect(await lines()).toHaveLength(2);
  });

  it('holds only what the model names', async () => {
    const marker = ['never', 'written'].join('-');
    await appendAudit(paths, { ...sample(), token: marker } as ReturnType<typeof sample>);
    expect(await readFile(logFile(paths), 'utf8')).not.toContain(marker);
  });

  it('stays one chain when several processes write at once', async () => {
    const script = join(home, 'writer.mjs');
    const input = join(import.meta.dirname, 'writer.ts');
    const bundle = await rolldown({ input, platform: 'node', external: [/^node:/, /^@napi-rs\//] });
    await bundle.write({ file: script, format: 'esm' });
    const codes = await Promise.all(['a', 'b', 'c', 'd'].map((name) => run(script, [home, name, '10'])));
    expect(codes).toEqual([0, 0, 0, 0]);
    expect(await verifyAudit(paths)).toMatchObject({ state: 'intact', entries: 40 });
    expect(new Set((await readAudit(paths)).map((entry) => entry.user)).size).toBe(40);
  });
});

function run(script: string, args: string[]): Promise<number | null> {
  return new Promise((resolve) => {
    spawn(process.execPath, [script, ...args], { stdio: 'inherit', env: {} }).on('exit', resolve);
  });
}

describe('what somebody did to it', () => {
  it.each<[string, () => Promise<unknown>, object]>([
    ['nothing, ever', async () => rm(paths.audit, { recursive: true }), { state: 'empty', entries: 0 }],
    [
      'a word changed',
      () => rewrite((all) => all.map((line, at) => (at === 1 ? line.replace('user-x', 'user-z') : line))),
      { state: 'altered', seq: 2, entries: 1 },
    ],
    [
      'white space added',
      () => rewrite((all) => all.map((line, at) => (at === 2 ? line.replace(',', ', ') : line))),
      { state: 'altered', seq: 3 },
    ],
    [
      'an entry taken out',
      () => rewrite((all) => all.filter((_, at) => at !== 1)),
      { state: 'altered', seq: 2 },
    ],
    [
      'two entries swapped',
      () => rewrite(([a = '', b = '', ...rest]) => [b, a, ...rest]),
      { state: 'altered', seq: 1 },
    ],
    ['an entry doubled', () => rewrite(([a = '', ...rest]) => [a, a, ...rest]), { state: 'altered', seq: 2 }],
    [
      'the last entry cut off',
      () => rewrite((all) => all.slice(0, -1)),
      { state: 'truncated', seq: 4, expected: 4 },
    ],
    ['all but one cut off', () => rewrite((all) => all.slice(0, 1)), { state: 'truncated', seq: 2 }],
    ['the log emptied', () => truncate(logFile(paths)), { state: 'truncated', seq: 1 }],
    ['the log deleted', () => rm(logFile(paths)), { state: 'truncated', seq: 1 }],
    [
      'the last line torn',
      async () => truncate(logFile(paths), (await stat(logFile(paths))).size - 9),
      { state: 'torn', seq: 4 },
    ],
    [
      'only the last line break lost',
      async () => truncate(logFile(paths), (await stat(logFile(paths))).size - 1),
      { state: 'torn', seq: 4 },
    ],
    ['the head deleted', () => rm(headFile(paths)), { state: 'missing-head', entries: 4 }],
    [
      'the head edited',
      async () =>
        writeFile(headFile(paths), (await readFile(headFile(paths), 'utf8')).replace('"seq":4', '"seq":3')),
      { state: 'altered-head' },
    ],
    ['the key deleted', () => rm(join(paths.keys, 'audit.key')), { state: 'missing-key' }],
    ['a fitting entry added', () => forge((all) => all), { state: 'altered', seq: 5 }],
    ['all entries written anew', () => forge(() => []), { state: 'truncated' }],
    ['half a line added', () => appendFile(logFile(paths), '{"half'), { state: 'altered', seq: 5 }],
  ])('%s', async (_name, tamper, verdict) => {
    await write(4);
    await tamper();
    expect(await verifyAudit(paths)).toMatchObject(verdict);
  });

  it('a whole log written anew, as long as before', async () => {
    await write(2);
    await forge(() => []);
    let mark = origin;
    let text = '';
    for (const user of ['user-a', 'user-b']) {
      const line = toLine(toEntry(sample({ user }), mark));
      text += line;
      mark = { ...toEntry(sample({ user }), mark), size: mark.size + line.length };
    }
    await writeFile(logFile(paths), text);
    expect(await verifyAudit(paths)).toMatchObject({ state: 'altered', seq: 1 });
  });

  /** Adds an entry that fits the chain, as somebody can who knows the code and not the key. */
  async function forge(keep: (all: string[]) => string[]): Promise<void> {
    const kept = keep(await lines());
    const last = kept.at(-1);
    const { seq, hash, prev } = last === undefined ? origin : (JSON.parse(last) as typeof origin);
    const line = toLine(toEntry(sample({ user: 'forged' }), { seq, hash, prev, size: 0 }));
    await writeFile(logFile(paths), `${kept.map((each) => `${each}\n`).join('')}${line}`);
  }
});

describe('appending to a log that is not whole', () => {
  it('cuts a torn last line off, says so, and keeps count', async () => {
    await write(3);
    await truncate(logFile(paths), (await stat(logFile(paths))).size - 9);
    const { entry, repairedBytes } = await appendAudit(paths, sample());
    expect(entry.seq).toBe(3);
    expect(repairedBytes).toBeGreaterThan(100);
    expect(await verifyAudit(paths)).toMatchObject({ state: 'intact', entries: 3, tears: 1 });
  });

  it.each([0, 40, -1])('goes on after a crash that left %i bytes of an announced line', async (left) => {
    await write(2);
    const key = (await readAuditKey(paths, false)) ?? Buffer.alloc(0);
    const head = await readHead(headFile(paths), key);
    if (head === undefined || head === 'altered') throw new Error('no head');
    const entry = toEntry(sample({ user: 'user-y' }), head.last);
    const line = toLine(entry);
    const { seq, prev, hash } = entry;
    const next = { seq, prev, hash, size: head.last.size + line.length };
    await writeHead(headFile(paths), { ...head, next }, key);
    await appendFile(logFile(paths), left === -1 ? line : line.slice(0, left));
    expect(await verifyAudit(paths)).toMatchObject({ state: left === -1 ? 'intact' : 'torn' });
    await appendAudit(paths, sample({ user: 'user-z' }));
    const users = (await readAudit(paths)).map(({ user }) => user);
    expect(users).toEqual(['user-x', 'user-x', ...(left === -1 ? ['user-y'] : []), 'user-z']);
    expect(await verifyAudit(paths)).toMatchObject({ state: 'intact' });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['cut', () => rewrite((all) => all.slice(0, -1))],
    ['extended', () => appendFile(logFile(paths), '{}\n')],
    ['headless', () => rm(headFile(paths))],
    ['keyless', () => rm(join(paths.keys, 'audit.key'))],
  ])('refuses one that was %s and leaves it as it is', async (_name, tamper) => {
    await write(3);
    await tamper();
    const before = await readFile(logFile(paths), 'utf8');
    await expect(appendAudit(paths, sample())).rejects.toMatchObject({ code: 'audit-broken' });
    expect(await readFile(logFile(paths), 'utf8')).toBe(before);
  });
});

describe('a line for the person', () => {
  const tail = '2026-11-23T10:00:00Z  POST /api/v1/users/{id}/lifecycle/reset_password  okta.users.manage';

  it.each([
    [{}, `Password-Reset Agent accessed the Password API on behalf of user-x  ${tail}  ok`],
    [{ user: null, asItself: true }, `Password-Reset Agent accessed the Password API as itself  ${tail}  ok`],
    [
      { result: 'denied', reason: 'invalid-client' } as const,
      `Password-Reset Agent was denied the Password API on behalf of user-x  ${tail}  denied (invalid-client)`,
    ],
    [
      { action: 'revoke', user: null, resource: null, operation: 'agents revoke', scopes: [] } as const,
      'Password-Reset Agent was revoked  2026-11-23T10:00:00Z  agents revoke  -  ok',
    ],
    [
      { action: 'login', agent: null, operation: null, scopes: [] } as const,
      'user-x signed in  2026-11-23T10:00:00Z  -  -  ok',
    ],
  ])('%o', (change, line) => {
    expect(renderAuditLine(sample(change))).toBe(line);
  });

  it('cannot drive a terminal', () => {
    const user = [
      'x',
      String.fromCharCode(27),
      '[2J',
      String.fromCharCode(0x202e),
      String.fromCharCode(10),
    ].join('');
    expect(renderAuditLine(sample({ user }))).toContain('on behalf of x\\u001b[2J\\u202e\\u000a  2026');
  });
});
