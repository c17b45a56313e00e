import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Command } from 'commander';
import { addAgents } from '../../src/commands/agents.ts';
import { addIdp } from '../../src/commands/idp.ts';
import type { TrustedIdp } from '../../src/idp/types.ts';
import type { Io } from '../../src/lib/io.ts';
import { lockName, renderLock } from '../../src/lib/lock-file.ts';
import type { LockedAgent } from '../../src/model/agent.ts';
import { AgentIdError } from '../../src/model/error.ts';
import { renderError } from '../../src/output/error.ts';
import { makeFolder, makeKey, startKit, type Kit } from './kit.ts';
import { startPlainServer } from './plain-server.ts';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const clientId = 'agent-id.password-reset.abcdefgh';
let kit: Kit;
let home: string;
let repo: string;

beforeAll(async () => {
  kit = await startKit();
  home = join(kit.folder, 'state');
  repo = join(kit.folder, 'repo');
  await mkdir(repo);
  await kit.register(clientId, makeKey());
  await writeFile(
    join(repo, lockName),
    renderLock({ schemaVersion: 1, agents: { 'password-reset': locked() }, secrets: {} }),
  );
});
afterAll(() => kit.stop());

async function run(args: readonly string[], stdin = '', at = repo): Promise<Ran> {
  const text = { out: '', err: '' };
  const io: Io = {
    stdout: (data) => void (text.out += data),
    stderr: (data) => void (text.err += data),
    cwd: at,
    env: { AGENT_ID_HOME: home },
    interactive: false,
    color: false,
    clock: Date.now,
    stdin: async () => stdin,
    exitCode: 0,
  };
  const program = new Command('agent-id').exitOverride();
  addIdp(program, io);
  addAgents(program, io);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof AgentIdError)) throw error;
    text.err += renderError(error);
    io.exitCode = 2;
  }
  return { code: io.exitCode, ...text };
}

describe('idp', () => {
  it('trusts the embedded provider with one command and no question', async () => {
    const added = await run(['idp', 'add', 'local', '--type', 'embedded', '--data', kit.dataDir]);
    expect(added.code).toBe(0);
    const file = JSON.parse(await readFile(join(home, 'idp', 'local.json'), 'utf8')) as object;
    expect(file).toMatchObject({
      schemaVersion: 1,
      name: 'local',
      type: 'embedded',
      issuer: kit.idp.issuer,
      loginClientId: 'agent-id-cli',
      admin: { clientId: 'agent-id-admin', keyFile: kit.idp.adminKeyFile },
      resources: [
        {
          key: 'password-api',
          uri: kit.idp.passwordApiUrl,
          displayName: 'Password API',
          scopes: ['okta.users.read', 'okta.users.manage', 'okta.groups.read'],
          maxTtlSeconds: 300,
          fronts: { api: 'okta', baseUrl: kit.idp.oktaUrl },
        },
      ],
    });
    const again = await run(['idp', 'add', 'twin', '--type', 'embedded', '--data', kit.dataDir]);
    expect([again.code, again.err]).toEqual([2, expect.stringContaining('error[conflict]')]);
  });

  it('puts a resource of its own in front of an API, and says what a later call takes away', async () => {
    const add = ['idp', 'add', 'local', '--type', 'embedded', '--data', kit.dataDir];
    const fronts = ['--fronts', 'password-api=okta@https://acme.okta.example'];
    expect((await run([...add, ...fronts, '--dpop', 'password-api'])).code).toBe(0);
    const list = (await run(['idp', 'list'])).out;
    expect(list.match(/password-api/g)).toHaveLength(1);
    const again = await run([...add, ...fronts]);
    expect([again.code, again.err]).toEqual([
      0,
      expect.stringContaining('No longer set for password-api: dpop\n'),
    ]);
    expect((await run(add)).code).toBe(0);
  });

  it('lists, checks and says whether it runs', async () => {
    expect((await run(['idp', 'list'])).out).toContain(`local  embedded  ${kit.idp.issuer}`);
    const check = await run(['idp', 'check', 'local', '--format', 'json']);
    expect(check.code).toBe(0);
    const { checks } = JSON.parse(check.out) as { checks: { what: string; ok: boolean }[] };
    expect(checks.every(({ ok }) => ok)).toBe(true);
    expect(checks.length).toBeGreaterThan(4);
    expect((await run(['idp', 'status', '--data', kit.dataDir])).out).toContain(': running');
    const nowhere = await run(['idp', 'status', '--data', join(kit.folder, 'nowhere')]);
    expect([nowhere.code, nowhere.out]).toEqual([1, 'never started: not running\n']);
  });

  it('refuses a key that is not the provider’s, an unknown name, and a tenant without its issuer', async () => {
    const folder = await makeFolder();
    const foreign = join(folder, 'key.json');
    await writeFile(foreign, JSON.stringify(makeKey().privateKey.export({ format: 'jwk' })), { mode: 0o600 });
    const add = ['idp', 'add', 'other', '--type', 'embedded', '--issuer', kit.idp.issuer];
    const refused = await run([...add, '--admin-key', foreign]);
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('error[idp-refused]')]);
    const missing = await run([...add, '--admin-key', join(folder, 'none.json')]);
    expect(missing.err).toContain('error[unreadable]: the admin key of other is missing');
    expect((await run(['idp', 'check', 'nobody'])).err).toContain('error[unknown-name]');
    const nameless = await run(['idp', 'add', 'x', '--type', 'auth0']);
    expect([nameless.code, nameless.err]).toEqual([2, expect.stringContaining('name the issuer')]);
  });

  it('writes down how tokens of a resource are asked for, and asks its server who it is', async () => {
    const server = await startPlainServer();
    try {
      const add = ['idp', 'add', 'two', '--type', 'oidc', '--issuer', server.issuer];
      const api = [...add, '--resource', 'api=https://api.acme.example/#read'];
      const flags = ['--id-token', 'api', '--dpop', 'api', '--authorization-server'];
      const added = await run([...api, ...flags, `api=${kit.idp.issuer}`]);
      expect([added.code, added.err]).toEqual([
        0,
        expect.stringContaining(
          `read  (tokens of ${kit.idp.issuer}; asked for with an ID token; bound to a key (DPoP))`,
        ),
      ]);
      const [resource] = (JSON.parse(await readFile(join(home, 'idp', 'two.json'), 'utf8')) as TrustedIdp)
        .resources;
      expect(resource).toMatchObject({
        dpop: true,
        subject: 'id-token',
        authorizationServer: kit.idp.issuer,
      });
      await run(['idp', 'remove', 'two']);
      const refused = await Promise.all([
        run([...api, '--dpop', 'other']),
        run([...api, '--authorization-server', 'api']),
        run([...api, '--authorization-server', 'api=http://api.acme.example']),
        run([...api, '--authorization-server', `api=${kit.idp.issuer}/other`]),
      ]);
      expect(refused.map(({ code, err }) => [code, /error\[([a-z-]+)\]/.exec(err)?.[1]])).toEqual([
        [2, 'usage'],
        [2, 'usage'],
        [2, 'untrusted-issuer'],
        [2, 'idp-refused'],
      ]);
      expect((await run(['idp', 'list'])).out).not.toContain('two  ');
    } finally {
      await server.stop();
    }
  });

  it('trusts a standard server; its registration token comes by stdin and goes to the key store', async () => {
    const server = await startPlainServer();
    try {
      const resource = 'password-api=https://password.acme.example/#okta.users.read,okta.users.manage';
      const added = await run(
        [
          'idp',
          'add',
          'corp',
          '--type',
          'oidc',
          '--issuer',
          server.issuer,
          '--resource',
          resource,
          '--secret-stdin',
        ].concat(['--fronts', 'password-api=okta@https://acme.okta.example']),
        `${server.initialAccessToken}\n`,
      );
      expect([added.code, added.err]).toEqual([0, expect.stringContaining('corp is trusted')]);
      const trust = await readFile(join(home, 'idp', 'corp.json'), 'utf8');
      expect(trust).not.toContain(server.initialAccessToken);
      expect(JSON.parse(trust)).toMatchObject({
        resources: [{ scopes: ['okta.users.read', 'okta.users.manage'], fronts: { api: 'okta' } }],
      });
      expect(await readFile(join(home, 'keys', 'oidc-corp.json'), 'utf8')).toContain(
        server.initialAccessToken,
      );
      const removed = await run(['idp', 'remove', 'corp']);
      expect(removed.code).toBe(0);
      expect((await run(['idp', 'list', '--format', 'json'])).out).not.toContain('corp');
    } finally {
      await server.stop();
    }
  });

  it('starts in the foreground, gives passwords once, and ends on request', async () => {
    const data = join(await makeFolder(), 'data');
    const start = ['idp', 'start', '--foreground', '--data', data, '--format', 'json'];
    const first = await untilStopped(start, data);
    expect([first.code, first.err]).toEqual([0, '']);
    const said = JSON.parse(first.out) as {
      issuer: string;
      users: { id: string; password: string | null }[];
    };
    expect(said.users.map(({ id, password }) => [id, typeof password])).toEqual([
      ['user-x', 'string'],
      ['user-y', 'string'],
    ]);
    const second = await untilStopped(start, data);
    expect(JSON.parse(second.out)).toMatchObject({
      issuer: said.issuer,
      users: [{ password: null }, { password: null }],
    });
    expect((await run(['idp', 'stop', '--data', data])).err).toBe('It did not run.\n');
  });

  async function untilStopped(start: readonly string[], data: string): Promise<Ran> {
    const running = run(start);
    for (let tries = 0; tries < 100; tries += 1) {
      if ((await run(['idp', 'status', '--data', data])).code === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await run(['idp', 'stop', '--data', data])).err).toContain('Stopped http://127.0.0.1:');
    return running;
  }
});

describe('agents', () => {
  it('lists and shows what lock and provider say', async () => {
    const list = await run(['agents', 'list', '--format', 'json']);
    expect(JSON.parse(list.out)).toMatchObject({
      agents: [
        { id: 'password-reset', status: 'active', flow: 'on-behalf-of', lastTokenAt: null, problem: null },
      ],
    });
    const shown = await run(['agents', 'show', 'password-reset']);
    expect(shown.out).toContain(
      'okta.users.manage  (services/password-reset/src/main.ts:13 generateResetPasswordToken)',
    );
    const nobody = await run(['agents', 'show', 'constructor']);
    expect([nobody.code, nobody.err]).toEqual([2, expect.stringContaining('error[unknown-name]')]);
  });

  it('revokes and restores one, and the audit log says so', async () => {
    const revoked = await run(['agents', 'revoke', 'password-reset']);
    expect([revoked.code, revoked.err]).toEqual([
      0,
      'Password-Reset Agent is revoked. Its tokens are dead as well.\n',
    ]);
    expect((await run(['agents', 'list'])).out).toContain('revoked');
    expect((await run(['agents', 'restore', 'password-reset', '--format', 'json'])).out).toContain(
      '"restored"',
    );
    expect((await run(['agents', 'list'])).out).toContain('active');
    const log = await readFile(join(home, 'audit', 'log.jsonl'), 'utf8');
    const actions = log
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { action: string }).action);
    expect(actions).toEqual(['revoke', 'restore']);
  });

  it('asks nothing of an issuer that only the lock names', async () => {
    const hostile = join(await makeFolder(), 'repo');
    await mkdir(hostile);
    const agents = { mine: { ...locked(), issuer: 'http://127.0.0.1:9' } };
    await writeFile(join(hostile, lockName), renderLock({ schemaVersion: 1, agents, secrets: {} }));
    const revoked = await run(['agents', 'revoke', 'mine'], '', hostile);
    expect([revoked.code, revoked.err]).toEqual([2, expect.stringContaining('error[untrusted-issuer]')]);
    expect((await run(['agents', 'list'], '', hostile)).out).toContain('unknown');
  });

  it('removes one after a yes only', async () => {
    const asked = await run(['agents', 'remove', 'password-reset']);
    expect([asked.code, asked.err]).toEqual([2, expect.stringContaining('--yes')]);
    const removed = await run(['agents', 'remove', 'password-reset', '--yes']);
    expect(removed.code).toBe(0);
    expect((await kit.admin('GET', `/register/${clientId}`)).status).toBe(404);
    expect(JSON.parse(await readFile(join(repo, lockName), 'utf8'))).toMatchObject({ agents: {} });
  });
});

function locked(): LockedAgent {
  const evidence = [
    { path: 'services/password-reset/src/main.ts', line: 13, call: 'generateResetPasswordToken' },
  ];
  return {
    displayName: 'Password-Reset Agent',
    owner: '@acme/support',
    idp: 'local',
    issuer: kit.idp.issuer,
    clientId,
    keys: [],
    flow: 'on-behalf-of',
    resources: [
      {
        key: 'password-api',
        uri: kit.idp.passwordApiUrl,
        scopes: [{ scope: 'okta.users.manage', evidence }],
        maxTtlSeconds: 300,
      },
    ],
    consumers: [{ id: 'code:services/password-reset', secret: 'x', state: 'rewritten' }],
  };
}
