import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browse } from '../../src/demo/browser.ts';
import { holds } from './leaks.ts';
import { openWorld, type Ran, type World } from './world.ts';

/** Private halves of keys and tokens: in what is printed, logged, exported or written, whatever goes wrong. */
const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');
const asAgent = 'token --agent inactive-users --resource password-api --as-agent'.split(' ');
const id = 'inactive-users';
let world: World;
/** Everything secret that was there at any moment. */
const values = new Set<string>();

beforeAll(async () => {
  world = await openWorld();
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
  expect((await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes'])).code).toBe(0);
  collectKeys();
}, 60_000);
afterAll(() => world.close());

function collectKeys(): void {
  const folder = join(world.home, 'keys');
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), 'utf8');
    const found = name === 'audit.key' ? text.trim() : /"d":"([\w-]{43})"/.exec(text)?.[1];
    if (found !== undefined) values.add(found);
  }
}

/** Whether a text holds a secret that was collected, or anything shaped as a token of this provider. */
function leaks(text: string): boolean {
  return holds(text, [...values]) || /eyJ[\w-]{10,}\.[\w-]+\.[\w-]+/.test(text);
}

/** Runs `token --ask`, with the user's answer on the provider's page. */
function askUser(): Promise<Ran> {
  const user = world.embedded.users.find((one) => one.id === 'user-x');
  const args = ['token', '--agent', 'helpdesk', '--resource', 'password-api', '--ask', 'user-x'];
  return new Promise((done, fail) => {
    const { PATH = '' } = process.env;
    const env = { PATH, HOME: world.home, AGENT_ID_HOME: world.home };
    const child = spawn(process.execPath, [program, ...args, '--message', 'Reset it'], {
      cwd: world.root,
      env,
    });
    const ran = { stdout: '', stderr: '' };
    let answered: Promise<unknown> | undefined;
    child.stdout.on('data', (data: Buffer) => (ran.stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => {
      ran.stderr += data.toString();
      if (!ran.stderr.includes('/requests')) return;
      answered ??= browse(`${world.embedded.issuer}/requests`, {
        name: 'user-x',
        password: user?.password ?? '',
      });
      answered.catch(fail);
    });
    child.on('close', (code) => done({ code, ...ran }));
  });
}

/** What agent-id wrote outside its key store and the provider's own data; not the originals of an open migration. */
function writtenFiles(): readonly string[] {
  const own = readdirSync(world.home, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/^(keys|embedded-idp)\/|\/pre\//.test(name))
    .map((name) => join(world.home, name));
  const tree = readdirSync(world.root, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/node_modules|^\.git\//.test(name))
    .map((name) => join(world.root, name));
  return [...own, ...tree].filter((path) => statSync(path).isFile());
}

describe('no private key, and no token but the one that was asked for', () => {
  it('is shown by token --ask', async () => {
    const { code, stdout, stderr } = await askUser();
    expect([code, stdout.trim().split('.').length]).toEqual([0, 3]);
    expect(leaks(stderr)).toBe(false);
    values.add(stdout.trim());
  });

  it.each(['raw', 'json', 'env', 'header'])(
    'is shown by token --format %s, but on standard output',
    async (format) => {
      const { code, stdout, stderr } = await world.run([...asAgent, '--format', format]);
      const token = /eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(stdout)?.[0] ?? '';
      expect([code, token === '', leaks(stdout.replace(token, '')), leaks(stderr)]).toEqual([
        0,
        false,
        false,
        false,
      ]);
      values.add(token);
    },
  );

  it('is shown by rotate, in any format, or when it fails', async () => {
    const lines = [[], ['--format', 'json'], ['--key-store', 'ssh-agent'], ['--overlap', 'x']];
    const codes: (number | null)[] = [];
    for (const more of lines) {
      const { code, stdout, stderr } = await world.run([
        '--verbose',
        'agents',
        'rotate',
        id,
        '--overlap',
        '0s',
        ...more,
      ]);
      codes.push(code);
      collectKeys();
      expect([more, leaks(stdout), leaks(stderr)]).toEqual([more, false, false]);
    }
    expect(codes).toEqual([0, 0, 2, 2]);
    // Both keys of each of two rotations, the other agents', and the audit log's.
    expect(values.size).toBeGreaterThan(10);
  });

  it('is shown by errors about damaged keys and tokens of others', async () => {
    const keyFile = join(world.home, 'keys', `${id}.json`);
    const whole = readFileSync(keyFile, 'utf8');
    const [token = ''] = [...values].filter((value) => value.startsWith('eyJ'));
    const subject = join(world.folder, 'subject');
    writeFileSync(subject, token, { mode: 0o600 });
    const asUser = ['token', '--agent', 'helpdesk', '--resource', 'password-api'];
    const ways: readonly (readonly [string, readonly string[], string, NodeJS.ProcessEnv])[] = [
      ['half a key', asAgent, whole.slice(0, -20), {}],
      ['half a key', ['agents', 'rotate', id], whole.slice(0, -20), {}],
      ['half a key', ['agents', 'enroll', id], whole.slice(0, -20), {}],
      ['another point', asAgent, whole.replace(/"x":"..../, '"x":"AAAA'), {}],
      ['a token that is none for an exchange', [...asUser, '--subject-file', subject], whole, {}],
      ['a token in the wrong place', [...asUser, '--subject-file', token], whole, {}],
      ['a token as a user', [...asUser, '--ask', token], whole, {}],
      ['a token as a scope', [...asAgent, '--scope', token], whole, {}],
      ['a token as an agent', ['token', '--agent', token, '--resource', 'password-api'], whole, {}],
      ['a token as a variable', asUser, whole, { AGENT_ID_SUBJECT_TOKEN_FILE: token }],
    ];
    for (const [what, line, key, env] of ways) {
      writeFileSync(keyFile, key);
      const { code, stdout, stderr } = await world.run(['--verbose', ...line], '', env);
      expect([what, line[1], code, leaks(stdout), leaks(stderr)]).toEqual([what, line[1], 2, false, false]);
    }
    writeFileSync(keyFile, whole);
  }, 60_000);

  it('stands in an export of a log that holds all of it', async () => {
    for (const format of ['json', 'csv', 'ocsf', 'syslog']) {
      const { code, stdout, stderr } = await world.run(['audit', 'export', '--format', format]);
      expect([code, leaks(stdout), leaks(stderr)]).toEqual([0, false, false]);
      // The questions, the exchanges, the rotations, and what was refused are in it.
      for (const told of ['user-x', 'helpdesk', id, 'Password API']) expect(stdout).toContain(told);
      if (format === 'ocsf') expect(stdout.match(/"class_uid"/g)?.length ?? 0).toBeGreaterThan(12);
    }
    for (const line of [
      'audit show',
      'audit verify',
      'agents list',
      `agents show ${id}`,
      'agents review',
      'doctor',
    ]) {
      const { stdout, stderr } = await world.run(line.split(' '));
      expect([line, leaks(stdout), leaks(stderr)]).toEqual([line, false, false]);
    }
  });

  it('stands in a file, but in the key store, where files are of this user alone', () => {
    const files = writtenFiles();
    expect(files.filter((path) => path.includes('audit')).length).toBeGreaterThan(1);
    expect(files.filter((path) => leaks(readFileSync(path, 'utf8')))).toEqual([]);
    const store = join(world.home, 'keys');
    for (const name of readdirSync(store))
      expect([name, statSync(join(store, name)).mode & 0o077]).toEqual([name, 0]);
    expect(statSync(store).mode & 0o077).toBe(0);
  });
});
