import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendAudit } from '../../src/audit/log.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import { sample } from '../audit/sample.ts';
import { clientId, startFakeAs, userScope, type FakeAs } from '../exchange/fake-as.ts';
import { run } from './run.ts';

const found = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
const python = found.stdout?.trim() ?? '';
const openssl = spawnSync('sh', ['-c', 'command -v openssl'], { encoding: 'utf8' }).stdout.trim();

let root: string;
let fake: FakeAs;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'agent-id-native-'));
  fake = await startFakeAs();
  for (const folder of ['agent-id', 'bin', 'empty', 'state/keys', 'state/idp'])
    await mkdir(join(root, folder), { recursive: true, mode: 0o700 });
  await copyFile(
    join(import.meta.dirname, '../../src/helper/ports/helper.py'),
    join(root, 'agent-id/helper.py'),
  );
  await copyFile(fake.keyFile, join(root, 'state/keys/password-reset.json'));
  await symlink(openssl, join(root, 'bin/openssl'));
  await trust(fake.origin);
});

afterEach(async () => {
  await fake.stop();
  await rm(root, { recursive: true });
});

async function trust(issuer: string): Promise<void> {
  const resource = { key: 'api', uri: fake.resource, scopes: [], maxTtlSeconds: 300 };
  const trusted = { schemaVersion: 1, name: 'fake', type: 'embedded', issuer, resources: [resource] };
  await writeFile(join(root, 'state/idp/fake.json'), JSON.stringify(trusted));
  const agent = { displayName: 'Réset', idp: 'fake', issuer, clientId, resources: [resource] };
  const lock = { schemaVersion: 1, agents: { 'password-reset': agent } };
  await writeFile(join(root, 'agent-id.lock.json'), JSON.stringify(lock));
}

/** Asks with neither node nor agent-id in PATH; gives what is written, with `{n}` threads. */
async function ask(
  subject: string | null,
  { path = 'bin', hide = false, threads = 1, env = {} } = {},
): Promise<string> {
  const script = `
import importlib, sys, threading
if ${hide ? 'True' : 'False'}: sys.modules["cryptography"] = None
a = importlib.import_module("agent-id.helper")
subject = sys.stdin.read()
def one():
    try: print(a.authorization("password-reset", "api", ["${userScope}"], request=subject or None, as_itself=not subject))
    except a.AgentIdError as error: print(error.code, error)
many = [threading.Thread(target=one) for _ in range(${threads})]
[t.start() for t in many]; [t.join() for t in many]`;
  const ran = await run(python, ['-c', script], {
    cwd: root,
    env: { PATH: join(root, path), AGENT_ID_HOME: join(root, 'state'), PYTHONDONTWRITEBYTECODE: '1', ...env },
    stdin: subject ?? '',
  });
  expect(ran.stderr).toBe('');
  return ran.stdout;
}

async function entries(): Promise<number> {
  const verdict = await verifyAudit({ audit: join(root, 'state/audit'), keys: join(root, 'state/keys') });
  expect(['intact', 'empty']).toContain(verdict.state);
  return verdict.entries;
}

type Claims = Record<string, unknown>;
const refused: readonly [string, (answer: Claims, claims: Claims) => void][] = [
  ['wider than asked', (answer) => (answer['scope'] = `${userScope} more`)],
  ['wider than asked', (_, claims) => (claims['scope'] = `${userScope} more`)],
  ['lives longer', (answer) => (answer['expires_in'] = 3600)],
  ['lives longer', (_, claims) => (claims['exp'] = Number(claims['iat']) + 3600)],
  ['wrong actor', (_, claims) => (claims['act'] = { sub: 'another' })],
  ['wrong actor', (_, claims) => delete claims['act']],
  ['wrong audience', (_, claims) => (claims['aud'] = 'https://else.example')],
  ['another user', (_, claims) => (claims['sub'] = 'user-y')],
];

describe.skipIf(found.status !== 0 || openssl === '')('helper.py where neither node nor agent-id is', () => {
  it.each([false, true])('exchanges once for many threads, and audits it (openssl: %s)', async (hide) => {
    const said = await ask(fake.subject('user-x'), { hide, threads: 8 });
    expect(new Set(said.trim().split('\n')).size).toBe(1);
    expect(said).toMatch(/^Bearer \S+\n/);
    expect(fake.seen).toHaveLength(1);
    expect(fake.seen[0]?.assertion).toMatchObject({ iss: clientId, aud: `${fake.origin}/token` });
    expect(await entries()).toBe(1);
    expect(await ask(null, { hide })).toMatch(/^Bearer /);
    expect(fake.seen[1]?.form.get('grant_type')).toBe('client_credentials');
    expect(await entries()).toBe(2);
  });

  it.each(refused)('refuses an answer: %s', async (what, alter) => {
    fake.alter = alter;
    expect(await ask(fake.subject('user-x'))).toMatch(new RegExp(`^unacceptable-token .*${what}`));
    expect(await entries()).toBe(1);
  });

  it('says that a revoked agent is denied', async () => {
    fake.intercept = (response) => {
      response.writeHead(401).end('{"error":"invalid_client"}');
      return true;
    };
    expect(await ask(fake.subject('user-x'))).toMatch(/^denied .*invalid_client/);
    expect(await readFile(join(root, 'state/audit/log.jsonl'), 'utf8')).toContain('"result":"denied"');
    expect(await entries()).toBe(1);
  });

  it('sends nothing without trust, TLS, or a key of its own', async () => {
    const subject = fake.subject('user-x');
    await trust('http://idp.example');
    expect(await ask(subject)).toMatch(/^untrusted-issuer /);
    await rm(join(root, 'state/idp/fake.json'));
    expect(await ask(subject)).toMatch(/^untrusted-issuer /);
    await trust(fake.origin);
    expect(await ask(subject, { path: 'empty', hide: true })).toMatch(/cryptography.*openssl/);
    await chmod(join(root, 'state/keys/password-reset.json'), 0o644);
    expect(await ask(subject)).toMatch(/^unreadable /);
    await rm(join(root, 'state/keys/password-reset.json'));
    expect(await ask(subject)).toMatch(/AGENT_ID_COMMAND/);
    expect(fake.seen).toEqual([]);
  });

  it('says that the provider is out of order, and may be asked again', async () => {
    fake.intercept = (response) => {
      response.writeHead(503).end();
      return true;
    };
    expect(await ask(fake.subject('user-x'))).toMatch(/^idp-unreachable .*503/);
  });

  it.each(['', '\xff'])('keeps nothing of a malformed key file in an exception (%j)', async (end) => {
    const secret = (await readFile(join(root, 'state/keys/password-reset.json'), 'utf8')).slice(0, -9);
    await writeFile(join(root, 'state/keys/password-reset.json'), Buffer.from(secret + end, 'latin1'));
    const script = `
import importlib, traceback
a = importlib.import_module("agent-id.helper")
try: a.authorization("password-reset", "api", [], as_itself=True)
except a.AgentIdError as error: print(error.code, error.__context__, error.__cause__, traceback.format_exc())`;
    const env = { PATH: join(root, 'bin'), AGENT_ID_HOME: join(root, 'state') };
    const { stdout } = await run(python, ['-c', script], { cwd: root, env, stdin: '' });
    expect(stdout).toMatch(/^malformed None None /);
    expect(stdout).not.toContain(secret.slice(20, 60));
  });

  it('takes no trust from the environment beside a trust file that it cannot read', async () => {
    const env = { AGENT_ID_ISSUER: fake.origin };
    for (const unread of [{ schemaVersion: 2 }, { schemaVersion: 1, name: 'fake', resources: [] }]) {
      await writeFile(join(root, 'state/idp/fake.json'), JSON.stringify(unread));
      expect(await ask(fake.subject('user-x'), { env })).toMatch(/^malformed .*fake\.json/);
    }
    expect(fake.seen).toEqual([]);
  });

  it('leaves a resource that wants proofs to the command', async () => {
    const path = join(root, 'state/idp/fake.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"maxTtl', '"dpop":true,"maxTtl'));
    expect(await ask(fake.subject('user-x'))).toMatch(/AGENT_ID_COMMAND/);
    expect(fake.seen).toEqual([]);
  });

  it('takes over the lock of a process that is gone', async () => {
    const gone = spawnSync(python, ['-c', 'import os; print(os.getpid())'], { encoding: 'utf8' }).stdout;
    await mkdir(join(root, 'state/audit'), { mode: 0o700 });
    await writeFile(join(root, 'state/audit/.lock'), gone);
    expect(await ask(fake.subject('user-x'))).toMatch(/^Bearer /);
    expect(await entries()).toBe(1);
  });

  it('writes beside the command, and the log stays intact', async () => {
    const paths = { audit: join(root, 'state/audit'), keys: join(root, 'state/keys') };
    await appendAudit(paths, sample({ user: 'first' }));
    const asked = Array.from({ length: 4 }, () => ask(fake.subject('user-x')));
    for (let at = 0; at < 8; at += 1) await appendAudit(paths, sample({ user: `user-${at}` }));
    for (const said of await Promise.all(asked)) expect(said).toMatch(/^Bearer /);
    expect(await entries()).toBe(13);
  });

  it('hands out nothing where its log has no folder', async () => {
    await writeFile(join(root, 'file'), '');
    const env = { AGENT_ID_AUDIT: join(root, 'file') };
    expect(await ask(fake.subject('user-x'), { env })).toMatch(/^unwritable .*audit log/);
  });

  it('hands out nothing that it cannot write down', async () => {
    await ask(fake.subject('user-x'));
    await writeFile(join(root, 'state/audit/log.jsonl'), '');
    expect(await ask(fake.subject('user-x'))).toMatch(/^audit-broken /);
  });
});
