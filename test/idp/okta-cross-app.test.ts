import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adapterFor } from '../../src/idp/index.ts';
import { lockName, readLock, renderLock } from '../../src/lib/lock-file.ts';
import { toGaps } from '../../src/plan/gaps.ts';
import { run } from '../commands/scan-kit.ts';
import { codeOf } from './contract.ts';
import { makeFolder, makeKey } from './kit.ts';
import { contentOf, passwordApi, startWorld, userSpec, wholeSpec, type World } from './okta-kit.ts';
import { table, type Row } from './okta-rows.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld({ crossApp: true });
});
afterEach(async () => {
  expect(world.double.violations).toEqual([]);
  await world.double.stop();
});

async function register(more: Parameters<typeof userSpec>[1] = {}): Promise<string> {
  const { adapter, double } = world;
  return (await adapter.apply(await adapter.plan(userSpec(double, more)))).clientId;
}

function agentRow(id: string): Row {
  return table(world.double.rows, 'ai-agents').get(id) ?? {};
}

/** Puts an AI agent there that somebody made in the Admin Console. */
function addForeign(name: string, description = 'Books travel.'): string {
  const id = 'wlp0123456789abcdef';
  const row = { id, status: 'ACTIVE', profile: { name, description }, _links: {} };
  table(world.double.rows, 'ai-agents').set(id, row);
  return id;
}

describe('a plan for an AI agent of Okta', () => {
  it('says for whom it acts, what is left to a person, and that nobody tried it at Okta', async () => {
    const { adapter, double } = world;
    const { kind, lines } = await adapter.plan(userSpec(double));
    expect(kind).toBe('create');
    expect(lines).toContain('acts only for users who are signed in to "Acme sign-in"');
    expect(lines.at(-1)).toMatch(
      /left to a person.*Admin Console > Directory > AI Agents > Reset Agent > Owners/,
    );
    expect(toGaps(adapter.capabilities, ['user']).join('\n')).toMatch(
      /Cross App Access.*description and a double of it only, never at Okta/,
    );
    expect(adapter.capabilities).toMatchObject({ exchange: 'id-jag', act: 'native' });
  });

  it('is made only where somebody opted in', async () => {
    const { trust, double } = world;
    const { crossAppAccess: _opt, ...plain } = trust;
    const usual = await adapterFor(plain, { paths: { keys: '/nowhere' } });
    expect((await usual.plan(userSpec(double))).lines.join('\n')).not.toContain('AI agent');
    expect(toGaps(usual.capabilities, ['user']).join('\n')).not.toContain('Cross App Access');
    expect(await codeOf(usual.inspect(await register()))).toBe('unsupported');
    expect(double.calls.filter((call) => call === 'GET listAIAgents').length).toBeGreaterThan(0);
  });

  it("leaves Okta's own API, and whoever acts as itself, to an application", async () => {
    const { adapter, double } = world;
    for (const spec of [wholeSpec(double), userSpec(double, { actsFor: 'itself' })])
      expect((await adapter.plan(spec)).lines.join('\n')).not.toContain('AI agent');
    const clientId = await register();
    expect(await codeOf(adapter.plan(wholeSpec(double, { clientId })))).toBe('unsupported');
  });

  it('keeps an application that is there', async () => {
    const { trust, adapter, double } = world;
    const { crossAppAccess: _opt, ...plain } = trust;
    const usual = await adapterFor(plain, { paths: { keys: '/nowhere' } });
    const { clientId } = await usual.apply(await usual.plan(userSpec(double)));
    expect(await adapter.plan(userSpec(double))).toMatchObject({ kind: 'none' });
    expect((await adapter.list()).map((one) => one.clientId)).toEqual([clientId]);
    expect(table(double.rows, 'ai-agents').size).toBe(0);
  });
});

describe('an AI agent of Okta', () => {
  it('has its key, one connection with its scopes, and an access rule of five minutes for assertions', async () => {
    const { double, adapter } = world;
    const id = await register();
    expect(id).toMatch(/^wlp/);
    expect(agentRow(id)).toMatchObject({ status: 'ACTIVE', appId: expect.stringMatching(/^0oa/) as string });
    const [server] = [...table(double.rows, 'servers').values()];
    expect([...table(double.rows, `connections ${id}`).values()]).toMatchObject([
      {
        connectionType: 'IDENTITY_ASSERTION_CUSTOM_AS',
        authorizationServer: { issuerUrl: server?.['issuer'] },
        resourceIndicator: passwordApi,
        scopeCondition: 'INCLUDE_ONLY',
        scopes: ['password.reset'],
        status: 'ACTIVE',
      },
    ]);
    const [policy] = [...table(double.rows, `policies ${String(server?.['id'])}`).values()];
    expect(policy).toMatchObject({ conditions: { clients: { include: [id] } } });
    expect([...table(double.rows, `rules ${String(policy?.['id'])}`).values()]).toMatchObject([
      {
        conditions: {
          grantTypes: { include: ['urn:ietf:params:oauth:grant-type:jwt-bearer'] },
          scopes: { include: ['password.reset'] },
        },
        actions: { token: { accessTokenLifetimeMinutes: 5 } },
      },
    ]);
    expect((await adapter.inspect(id))?.grants).toEqual([
      {
        uri: passwordApi,
        scopes: ['password.reset'],
        tokenIssuer: server?.['issuer'],
        identityAssertion: true,
      },
    ]);
  });

  it('without an owner waits, can do nothing, and the same again finishes it', async () => {
    const { double, adapter } = world;
    double.owners = false;
    const id = await register();
    expect((await adapter.inspect(id))?.status).toBe('revoked');
    expect(agentRow(id)['status']).toBe('STAGED');
    const waiting = await adapter.plan(userSpec(double));
    expect(waiting).toMatchObject({ kind: 'update' });
    expect(waiting.lines).toEqual([expect.stringContaining('is not active yet: name an owner') as string]);
    expect(await codeOf(adapter.restore(id))).toBe('idp-refused');
    double.owners = true;
    expect(await adapter.apply(waiting)).toMatchObject({ clientId: id, status: 'active' });
    expect((await adapter.plan(userSpec(double))).kind).toBe('none');
  });

  it('that a person switched off stays off when it changes', async () => {
    const { double, adapter } = world;
    const id = await register();
    await adapter.revoke(id);
    const wanted = userSpec(double, { owner: '@acme/desk', displayName: 'Password Desk' });
    const change = await adapter.plan(wanted);
    expect(change.lines).toEqual(['name: Reset Agent becomes Password Desk']);
    expect((await adapter.apply(change)).status).toBe('revoked');
    expect(agentRow(id)).toMatchObject({ status: 'INACTIVE', profile: { name: 'Password Desk' } });
    expect(JSON.stringify(agentRow(id))).toContain('@acme/desk');
    expect((await adapter.plan(wanted)).kind).toBe('none');
  });

  it('keeps what others wrote: fields, a description, connections of other kinds', async () => {
    const { double, adapter } = world;
    const id = await register();
    const row = agentRow(id);
    row['platform'] = 'HOMEGROWN';
    const profile = row['profile'] as Row;
    profile['description'] = `Resets passwords. ${String(profile['description'])} See the wiki.`;
    const href = { self: { href: 'https://acme.example/' } };
    const vault = {
      id: 'mcnvault',
      orn: 'orn:okta:idp:acme:connections:mcnvault',
      connectionType: 'STS_VAULT_SECRET',
      resourceIndicator: 'orn:okta:pam:acme:secrets:1',
      secret: { orn: 'orn:okta:pam:acme:secrets:1', name: 'vault', _links: href },
      status: 'ACTIVE',
      _links: href,
    };
    table(double.rows, `connections ${id}`).set('mcnvault', { ...vault });
    await adapter.apply(await adapter.plan(userSpec(double, { owner: '@acme/{desk}' })));
    expect(agentRow(id)['platform']).toBe('HOMEGROWN');
    expect(profile['description']).not.toBe((agentRow(id)['profile'] as Row)['description']);
    expect((agentRow(id)['profile'] as Row)['description']).toMatch(
      /^Resets passwords\. agent-id .* See the wiki\.$/,
    );
    expect(table(double.rows, `connections ${id}`).get('mcnvault')).toEqual(vault);
    expect((await adapter.plan(userSpec(double, { owner: '@acme/{desk}' }))).kind).toBe('none');
  });

  it('is narrowed and widened in both halves, and loses what is no longer wanted', async () => {
    const { double, adapter } = world;
    const id = await register();
    const wide = userSpec(double, {
      grants: [
        { uri: passwordApi, scopes: ['password.reset', 'password.read'], maxTtlSeconds: 300 },
        { uri: 'https://mail.acme.example/', scopes: ['mail.send'], maxTtlSeconds: 300 },
      ],
    });
    const { grants } = await adapter.apply(await adapter.plan(wide));
    expect(grants.map(({ uri, scopes }) => ({ uri, scopes }))).toEqual(
      wide.grants.map(({ uri, scopes }) => ({ uri, scopes })),
    );
    expect((await adapter.plan(wide)).kind).toBe('none');
    // A person widens the connection alone: nothing more is allowed, but the plan sees it.
    const [connection] = [...table(double.rows, `connections ${id}`).values()];
    Object.assign(connection ?? {}, { scopeCondition: 'ALL_SCOPES', scopes: ['*'] });
    const drift = await adapter.plan(wide);
    expect(drift.lines).toEqual([
      `${passwordApi}: scopes of its connection: all becomes password.reset password.read`,
    ]);
    await adapter.apply(await adapter.plan(userSpec(double)));
    expect((await adapter.inspect(id))?.grants.map(({ uri }) => uri)).toEqual([passwordApi]);
    expect((await adapter.plan(userSpec(double))).kind).toBe('none');
  });

  it('goes with all that was made for it', async () => {
    const { double, adapter } = world;
    const before = contentOf(double);
    await adapter.remove(await register());
    expect(contentOf(double)).toEqual(before);
  });
});

describe('agent-id agents at an organisation with AI agents', () => {
  it('registers one into the lock file with who issues its tokens, and takes it through its life', async () => {
    const { double, trust } = world;
    const root = await makeFolder();
    const home = join(root, 'state');
    await mkdir(join(home, 'idp'), { recursive: true, mode: 0o700 });
    await writeFile(join(home, 'idp/corp.json'), JSON.stringify(trust));
    const described = { actsFor: 'user', resources: { 'password-api': ['password.reset'] } };
    await writeFile(join(root, 'agents.json'), JSON.stringify({ agents: { reset: described } }));
    await writeFile(join(root, lockName), renderLock({ schemaVersion: 1, agents: {}, secrets: {} }));
    const agents = async (...args: readonly string[]): Promise<string> => {
      const env = { AGENT_ID_HOME: home };
      const { code, out, err } = await run(['agents', ...args], { cwd: root, env, now: Date.now() });
      expect(code, err).not.toBe(2);
      return out + err;
    };
    expect(await agents('register', 'agents.json')).toMatch(
      /description and a double only.*left to a person.*AI Agents > Reset Agent > Owners/,
    );
    const { agents: locked } = await readLock(root);
    const [id = ''] = [...table(double.rows, 'ai-agents').keys()];
    expect(locked['reset']).toMatchObject({
      clientId: id,
      resources: [
        {
          uri: passwordApi,
          tokenIssuer: expect.stringContaining('/oauth2/aus') as string,
          identityAssertion: true,
        },
      ],
    });
    expect(await agents('register', 'agents.json')).toContain('is as described');
    await agents('revoke', 'reset');
    expect(agentRow(id)['status']).toBe('INACTIVE');
    await agents('restore', 'reset');
    expect(agentRow(id)['status']).toBe('ACTIVE');
    addForeign('Travel Agent');
    expect(await agents('gc', '--dry-run')).not.toContain('wlp');
    await agents('remove', 'reset', '--yes');
    expect(table(double.rows, 'ai-agents').size).toBe(1);
  });
});

describe("somebody else's AI agent", () => {
  it('of our name is a conflict, and stays as it is', async () => {
    const { double, adapter } = world;
    addForeign('Reset Agent');
    const before = contentOf(double);
    const change = await adapter.plan(userSpec(double));
    expect(change).toMatchObject({ kind: 'conflict', lines: [expect.stringContaining('takes a name once')] });
    expect(await codeOf(adapter.apply(change))).toBe('conflict');
    expect(await codeOf(adapter.apply({ ...change, kind: 'create' }))).toBe('idp-refused');
    expect(contentOf(double)).toEqual(before);
  });

  it('is neither listed nor touched by any verb', async () => {
    const { double, adapter } = world;
    const id = addForeign('Travel Agent', 'Written by hand: agent-id {"marker":true}');
    await register();
    const before = JSON.stringify(agentRow(id));
    expect((await adapter.list()).map(({ clientId }) => clientId)).not.toContain(id);
    expect(await adapter.inspect(id)).toMatchObject({ marker: null, grants: [], keys: [] });
    for (const verb of ['revoke', 'restore', 'remove'] as const)
      expect(await codeOf(adapter[verb](id))).toBe('conflict');
    expect(await codeOf(adapter.addKey(id, makeKey().publicKey))).toBe('conflict');
    expect(await codeOf(adapter.removeKey(id, 'any'))).toBe('conflict');
    expect((await adapter.plan(userSpec(double, { clientId: id }))).kind).toBe('conflict');
    expect(JSON.stringify(agentRow(id))).toBe(before);
  });
});

describe('an answer that points elsewhere', () => {
  it('is not followed: only the id of the work is taken from it', async () => {
    const { double, trust } = world;
    const seen = new Set<string>();
    const adapter = await adapterFor(trust, {
      paths: { keys: '/nowhere' },
      fetch: async (input, init) => {
        seen.add(new URL(input instanceof Request ? input.url : String(input)).origin);
        const answer = await fetch(input, init);
        const location = answer.headers.get('location');
        if (location === null) return answer;
        const moved = location.replace(double.issuer, 'https://attacker.example');
        return new Response(null, { status: answer.status, headers: { location: moved } });
      },
    });
    expect((await adapter.apply(await adapter.plan(userSpec(double)))).status).toBe('active');
    expect([...seen]).toEqual([double.issuer]);
  });
});
