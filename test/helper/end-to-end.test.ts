import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browse } from '../../src/demo/browser.ts';
import { lockName, renderLock } from '../../src/lib/lock-file.ts';
import { deleteAgentKey, makeAgentKey } from '../../src/lib/keys.ts';
import { readSession, writeSession } from '../../src/lib/session.ts';
import type { LockedAgent } from '../../src/model/agent.ts';
import { claimsOf } from '../exchange/fake-as.ts';
import { startKit, type Kit } from '../idp/kit.ts';
import { buildVerbs, run, type Ran } from './run.ts';

let kit: Kit;
let env: NodeJS.ProcessEnv;
let repo: string;
let agentId: string;
let paths: { keys: string };

const agents = { 'password-reset': 'on-behalf-of', 'sync-groups': 'as-itself' } as const;
const scopesOf = { 'password-reset': 'okta.users.manage', 'sync-groups': 'okta.groups.read' } as const;

beforeAll(async () => {
  kit = await startKit();
  const root = await realpath(kit.folder);
  const home = join(root, 'state');
  repo = join(root, 'repo');
  paths = { keys: join(home, 'keys') };
  env = { AGENT_ID_HOME: home, PATH: process.env['PATH'] ?? '' };
  await mkdir(join(home, 'idp'), { recursive: true, mode: 0o700 });
  await mkdir(repo);
  agentId = await buildVerbs(home);
  const uri = kit.idp.passwordApiUrl;
  const resource = { key: 'password-api', uri, displayName: 'Password API', maxTtlSeconds: 300 };
  const trust = {
    schemaVersion: 1,
    name: 'embedded',
    type: 'embedded',
    issuer: kit.idp.issuer,
    loginClientId: 'agent-id-cli',
    admin: { clientId: 'agent-id-admin', keyFile: kit.idp.adminKeyFile },
    resources: [{ ...resource, scopes: ['okta.users.manage', 'okta.groups.read'] }],
  };
  await writeFile(join(home, 'idp', 'embedded.json'), JSON.stringify(trust));
  const locked: Record<string, LockedAgent> = {};
  for (const [id, flow] of Object.entries(agents) as [keyof typeof agents, LockedAgent['flow']][]) {
    const { key } = await makeAgentKey(paths, id);
    const scope = scopesOf[id];
    const { status } = await kit.admin('POST', '/register', {
      client_id: `agent-id.${id}.abcdefgh`,
      client_name: id === 'password-reset' ? 'Password-Reset Agent' : 'Sync-Groups Agent',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [key] },
      owner: '@acme/identity',
      software_id: 'test',
      acts_for: flow === 'as-itself' ? 'itself' : 'user',
      grants: [{ uri, scopes: [scope] }],
    });
    expect(status).toBe(201);
    locked[id] = {
      displayName: id === 'password-reset' ? 'Password-Reset Agent' : 'Sync-Groups Agent',
      owner: null,
      idp: 'embedded',
      issuer: kit.idp.issuer,
      clientId: `agent-id.${id}.abcdefgh`,
      keys: [{ thumbprint: key.kid, name: 'here' }],
      flow,
      resources: [{ key: 'password-api', uri, scopes: [{ scope, evidence: [] }], maxTtlSeconds: 300 }],
      consumers: [],
    };
  }
  await writeFile(join(repo, lockName), renderLock({ schemaVersion: 1, agents: locked, secrets: {} }));
});

afterAll(() => kit.stop());

function verb(args: readonly string[]): Promise<Ran> {
  return run(agentId, args, { cwd: repo, env });
}

/** Signs in as a person does: runs the verb, opens the page that it shows, and fills the forms in. */
function login(...flags: readonly string[]): Promise<Ran> {
  const user = kit.idp.users.find(({ id }) => id === 'user-x');
  const person = { name: 'user-x', password: user?.password ?? '' };
  return run(agentId, ['login', ...flags], {
    cwd: repo,
    env,
    started: (child) => {
      let shown = '';
      child.stderr?.on('data', (chunk: Buffer) => {
        const before = /\n {2}http\S+\n/.test(shown);
        shown += chunk.toString();
        const url = /\n {2}(http\S+)\n/.exec(shown)?.[1];
        if (!before && url !== undefined) browse(url, person).catch(() => child.kill());
      });
    },
  });
}

const token = ['token', '--resource', 'password-api', '--agent'];

describe('against the embedded provider', () => {
  it('an agent’s key alone, without a user, yields nothing', async () => {
    expect(await verb([...token, 'password-reset', '--as-agent'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error\[denied\]: .*its key alone yields nothing/) as string,
    });
    expect((await verb([...token, 'password-reset'])).stderr).toMatch(/^error\[not-signed-in\]/);
  });

  it('an agent of its own acts as itself', async () => {
    const { stdout, stderr } = await verb([...token, 'sync-groups', '--as-agent']);
    expect(stderr).toBe('');
    expect(claimsOf(stdout)).toMatchObject({
      sub: 'agent-id.sync-groups.abcdefgh',
      scope: 'okta.groups.read',
    });
  });

  it('a user signs in through the browser, and agents act on the user’s behalf', async () => {
    expect(await login('--no-browser')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Signed in as user-x at embedded.') as string,
    });
    const { stdout } = await verb([...token, 'password-reset', '--format', 'json']);
    const { access_token: access } = JSON.parse(stdout) as { access_token: string };
    const claims = claimsOf(access);
    expect(claims).toMatchObject({
      sub: 'user-x',
      act: { sub: 'agent-id.password-reset.abcdefgh' },
      aud: kit.idp.passwordApiUrl,
      scope: 'okta.users.manage',
    });
    expect(Number(claims['exp']) - Number(claims['iat'])).toBeLessThanOrEqual(300);
    const call =
      'fetch(process.argv[1], { method: "POST", headers: { authorization: `Bearer ${process.env.T}` } }).then((r) => console.log(r.status))';
    const url = `${kit.idp.passwordApiUrl}/api/v1/users/user-x/lifecycle/reset_password?sendEmail=false`;
    const ran = await verb([
      'exec',
      '--agent',
      'password-reset',
      '--env',
      'T=password-api',
      '--',
      process.execPath,
      '-e',
      call,
      url,
    ]);
    expect(ran).toMatchObject({ code: 0, stdout: '200\n' });
  });

  it('the session is renewed, and its refresh token rotates', async () => {
    const before = await readSession(paths, 'embedded');
    if (before === undefined) throw new Error('no session');
    await writeSession(paths, { ...before, expiresAt: 0 });
    expect((await verb([...token, 'password-reset'])).code).toBe(0);
    const after = await readSession(paths, 'embedded');
    expect(after?.user).toBe('user-x');
    expect(after?.refreshToken?.open()).not.toBe(before.refreshToken?.open());
  });

  it('a user signs in with a code on another device', async () => {
    expect(await login('--device')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Signed in as user-x') as string,
    });
  });

  it('a revoked agent fails at once and says why; the other goes on', async () => {
    await kit.admin('POST', '/register/agent-id.password-reset.abcdefgh/revoke');
    const { code, stderr } = await verb([...token, 'password-reset']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error\[denied\]: Password-Reset Agent .*agent revoked/);
    expect(stderr).toContain('agent-id agents restore password-reset');
    expect((await verb([...token, 'sync-groups', '--as-agent'])).code).toBe(0);
    await kit.admin('POST', '/register/agent-id.password-reset.abcdefgh/restore');
    expect((await verb([...token, 'password-reset'])).code).toBe(0);
  });

  it('another machine gets a key of its own, which can be repeated', async () => {
    await deleteAgentKey(paths, 'sync-groups');
    expect((await verb([...token, 'sync-groups', '--as-agent'])).stderr).toMatch(
      /^error\[not-enrolled\].*\n.*agent-id agents enroll sync-groups/s,
    );
    const first = await verb(['agents', 'enroll', 'sync-groups', '--name', 'runner 7', '--format', 'json']);
    const again = await verb(['agents', 'enroll', 'sync-groups']);
    expect(JSON.parse(first.stdout)).toMatchObject({ created: true, name: 'runner 7' });
    expect(again.stdout.trim()).toBe((JSON.parse(first.stdout) as { thumbprint: string }).thumbprint);
    expect((await verb([...token, 'sync-groups', '--as-agent'])).code).toBe(0);
  });

  it('signing out ends the refresh token at the provider', async () => {
    const session = await readSession(paths, 'embedded');
    expect(await verb(['logout'])).toMatchObject({ code: 0, stderr: 'Signed out user-x.\n' });
    if (session === undefined) throw new Error('no session');
    await writeSession(paths, { ...session, expiresAt: 0 });
    expect((await verb([...token, 'password-reset'])).stderr).toMatch(/^error\[not-signed-in\]/);
  });

  it('the audit log tells it all, and is whole', async () => {
    const { stdout } = await verb(['audit', 'show']);
    expect(stdout).toMatch(/^Sync-Groups Agent accessed the Password API as itself {2}/m);
    expect(stdout).toMatch(/^Password-Reset Agent accessed the Password API on behalf of user-x {2}/m);
    expect(stdout).toMatch(/^Password-Reset Agent was denied the Password API as itself {2}/m);
    expect(stdout).toMatch(/^user-x signed in {2}/m);
    expect(stdout).not.toMatch(/eyJ/);
    expect((await verb(['audit', 'verify'])).code).toBe(0);
  });
});
