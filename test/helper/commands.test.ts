import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lockName, renderLock } from '../../src/lib/lock-file.ts';
import { writeSession } from '../../src/lib/session.ts';
import { Secret } from '../../src/model/secret.ts';
import { claimsOf, clientId } from '../exchange/fake-as.ts';
import { buildVerbs, run, type Ran, type RunOptions } from './run.ts';
import { startWorld, type World } from './world.ts';

let world: World;
let agentId: string;

const wanted = ['--agent', 'password-reset', '--resource', 'password-api', '--scope', 'okta.users.manage'];

beforeAll(async () => {
  world = await startWorld();
  agentId = await buildVerbs(world.home);
});

afterAll(() => world.stop());

beforeEach(() => {
  world.fake.intercept = () => false;
});

function verb(args: readonly string[], options: Partial<RunOptions> = {}): Promise<Ran> {
  return run(agentId, args, { cwd: world.service, env: world.env, ...options });
}

function signIn(user: string): Promise<void> {
  return writeSession(world.paths, {
    idp: 'acme',
    issuer: world.fake.origin,
    user,
    accessToken: new Secret(world.fake.subject(user)),
    refreshToken: null,
    expiresAt: Date.now() + 3_600_000,
  });
}

describe('token', () => {
  it('takes the user’s token from standard input, a file or a descriptor', async () => {
    const subject = world.fake.subject('user-x');
    const file = join(world.home, 'subject');
    await writeFile(file, `${subject}\n`);
    const quoted = [agentId, 'token', ...wanted].join(' ');
    const all = await Promise.all([
      verb(['token', ...wanted, '--subject-file', '-'], { stdin: `Bearer ${subject}\n` }),
      verb(['token', ...wanted, '--subject-file', file]),
      verb(['token', ...wanted], { env: { ...world.env, AGENT_ID_SUBJECT_TOKEN_FILE: file } }),
      run('sh', ['-c', `${quoted} --subject-fd 3 3<'${file}'`], { cwd: world.service, env: world.env }),
    ]);
    for (const { code, stdout, stderr } of all) {
      expect([code, stderr]).toEqual([0, '']);
      expect(claimsOf(stdout.trim())).toMatchObject({ sub: 'user-x', act: { sub: clientId } });
    }
  });

  it('says what there is not', async () => {
    const none = await verb(['token', ...wanted], { stdin: '' });
    expect([none.code, none.stderr]).toEqual([
      2,
      expect.stringMatching(/^error\[not-signed-in\].*\n.*agent-id login/),
    ]);
    expect((await verb(['token', ...wanted, '--subject-file', '-'])).stderr).toMatch(
      /^error\[not-signed-in\]/,
    );
    expect((await verb(['token', ...wanted, '--as-agent', '--subject-fd', '3'])).stderr).toMatch(
      /^error\[usage\]/,
    );
    expect((await verb(['token', '--resource', 'password-api'])).stderr).toMatch(
      /^error\[usage\]: name the agent/,
    );
    const nowhere = await verb(['token', '--agent', 'password-reset', '--resource', 'https://a.example']);
    expect(nowhere.stderr).toMatch(/^error\[/);
  });

  it('prints it as asked', async () => {
    await signIn('user-x');
    const [raw, json, env, header] = await Promise.all(
      ['raw', 'json', 'env', 'header'].map((format) => verb(['token', ...wanted, '--format', format])),
    );
    expect(raw?.stdout).toMatch(/^ey\S+\n$/);
    expect(JSON.parse(json?.stdout ?? '')).toMatchObject({
      schemaVersion: 1,
      token_type: 'Bearer',
      scope: 'okta.users.manage',
      resource: world.fake.resource,
      expires_in: expect.closeTo(280, -1.6) as number,
    });
    expect(env?.stdout).toMatch(/^AGENT_ID_TOKEN=ey\S+\n$/);
    expect(header?.stdout).toMatch(/^Authorization: Bearer ey\S+\n$/);
  });

  it('hands it to a step of GitHub Actions behind a mask', async () => {
    const [output, variables] = [join(world.home, 'out'), join(world.home, 'env')];
    const env = {
      ...world.env,
      AGENT_ID_AGENT: 'password-reset',
      GITHUB_OUTPUT: output,
      GITHUB_ENV: variables,
    };
    const args = [
      'token',
      '--resource',
      'password-api',
      '--as-agent',
      '--format',
      'github',
      '--env',
      'API_TOKEN',
    ];
    const { stdout } = await verb(args, { env });
    const [, token] = /^::add-mask::(ey\S+)\n$/.exec(stdout) ?? [];
    expect(await readFile(output, 'utf8')).toBe(`token=${token}\n`);
    expect(await readFile(variables, 'utf8')).toBe(`API_TOKEN=${token}\n`);
    expect((await verb(args, { env: { ...world.env, AGENT_ID_AGENT: 'password-reset' } })).code).toBe(2);
  });

  it('says what to do when the agent is revoked', async () => {
    world.fake.intercept = (response) => {
      response.writeHead(400).end('{"error":"access_denied","error_description":"agent revoked"}');
      return true;
    };
    const { code, stdout, stderr } = await verb(['token', ...wanted, '--as-agent']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error\[denied\]: Password-Reset Agent .*agent revoked/);
    expect(stderr).toContain('agent-id agents restore password-reset');
  });
});

describe('exec', () => {
  const variable = ['--agent', 'password-reset', '--env', 'API=password-api#okta.users.manage'];

  it('puts the token into the variable, and takes old secrets and the user’s token out', async () => {
    const old = 'OKTA_API_TOKEN';
    const agents = JSON.parse(await readFile(join(world.repo, lockName), 'utf8')) as { agents: object };
    const consumers = [{ id: 'code:x', secret: 'f1', state: 'rewritten' }];
    const secrets = {
      f1: { names: [old], rule: 'r', provider: 'okta', handle: null, state: 'active' },
    } as const;
    await world.lock({ consumers } as object);
    const lock = JSON.parse(await readFile(join(world.repo, lockName), 'utf8')) as typeof agents;
    await writeFile(join(world.repo, lockName), renderLock({ ...lock, schemaVersion: 1, secrets } as never));
    const env = { ...world.env, [old]: 'before', KEPT: 'yes' };
    const print = ['--', process.execPath, '-p', 'JSON.stringify(process.env)'];
    const { code, stdout } = await verb(['exec', ...variable, '--as-agent', ...print], { env });
    const seen = JSON.parse(stdout) as Record<string, string>;
    expect(code).toBe(0);
    expect(claimsOf(seen['API'] ?? '')).toMatchObject({ scope: 'okta.users.manage', sub: clientId });
    expect(seen['KEPT']).toBe('yes');
    expect(seen[old]).toBeUndefined();
    await world.lock();
  });

  it('passes arguments, standard streams and the exit code through', async () => {
    const script = ['--', 'sh', '-c', 'cat; echo "$1" >&2; exit 7', 'sh', '--agent'];
    const ran = await verb(['exec', ...variable, '--as-agent', ...script], { stdin: 'in' });
    expect(ran).toMatchObject({ code: 7, stdout: 'in', stderr: '--agent\n' });
  });

  it('ends with 125, 126, 127 or 128+n', async () => {
    const run1 = (...command: string[]): Promise<Ran> =>
      verb(['exec', ...variable, '--as-agent', '--', ...command]);
    const plain = join(world.home, 'plain');
    await writeFile(plain, 'x', { mode: 0o600 });
    expect(await run1('no-such-command-here')).toMatchObject({
      code: 127,
      stderr: 'agent-id exec: no-such-command-here: not found\n',
    });
    expect((await run1(plain)).code).toBe(126);
    expect(await run1('sh', '-c', 'exit 127')).toMatchObject({ code: 127, stderr: '' });
    expect((await run1('sh', '-c', 'kill -TERM $$')).code).toBe(143);
    expect(await verb(['exec', '--agent', 'other', '--env', 'A=b', '--', 'true'])).toMatchObject({
      code: 125,
      stderr: expect.stringMatching(/^error\[unknown-name\]/) as string,
    });
    expect((await verb(['exec', ...variable, '--as-agent'])).code).toBe(125);
    expect((await verb(['exec', '--agent', 'password-reset', '--env', 'A', '--', 'true'])).code).toBe(125);
  });

  it('passes signals on', async () => {
    const script = 'trap "echo got; exit 3" TERM; echo ready; while :; do sleep 0.05; done';
    const { code, stdout } = await verb(['exec', ...variable, '--as-agent', '--', 'sh', '-c', script], {
      started: (child) => child.stdout?.once('data', () => child.kill('SIGTERM')),
    });
    expect([code, stdout]).toEqual([3, 'ready\ngot\n']);
  });
});

describe('whoami and logout', () => {
  it('tell who is signed in, and end it', async () => {
    await signIn('user-x');
    expect((await verb(['whoami'])).stdout).toBe(`user-x at acme (${world.fake.origin})\n`);
    expect(JSON.parse((await verb(['whoami', '--format', 'json'])).stdout)).toMatchObject({ user: 'user-x' });
    expect((await verb(['logout'])).stderr).toContain('Signed out user-x.');
    expect((await verb(['whoami'])).code).toBe(2);
    expect((await verb(['logout'])).code).toBe(0);
  });
});

describe('audit', () => {
  it('shows, exports and verifies what the others did', async () => {
    const { stdout } = await verb(['audit', 'show', '--user', 'user-x']);
    expect(stdout).toMatch(/^Password-Reset Agent accessed the Password API on behalf of user-x {2}20/);
    const data = JSON.parse((await verb(['audit', 'export', '--since', '1h'])).stdout) as {
      entries: object[];
    };
    expect(data.entries.length).toBeGreaterThan(10);
    const csv = (await verb(['audit', 'export', '--format', 'csv'])).stdout.split('\r\n');
    expect(csv).toHaveLength(data.entries.length + 2);
    const syslog = (await verb(['audit', 'export', '--format', 'syslog'])).stdout.trimEnd().split('\n');
    const lines = syslog.map((line) => /^<(\d+)>1 20\S+Z - agent-id - [a-z]+ - (\{.*\})$/.exec(line));
    expect(lines.map((line) => JSON.parse(line?.[2] ?? 'null') as object)).toEqual(data.entries);
    expect(lines.map((line) => line?.[1])).toEqual(
      data.entries.map((entry) => ('result' in entry && entry.result === 'ok' ? '110' : '108')),
    );
    expect(await verb(['audit', 'verify'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^intact: /) as string,
    });
    const file = join(world.paths.audit, 'log.jsonl');
    await writeFile(file, (await readFile(file, 'utf8')).replace('user-x', 'user-z'));
    expect(await verb(['audit', 'verify'])).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^altered: /) as string,
    });
    expect((await verb(['audit', 'show', '--since', 'never'])).code).toBe(2);
  });
});
