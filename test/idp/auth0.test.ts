import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkIdp } from '../../src/idp/check.ts';
import { adapterFor } from '../../src/idp/index.ts';
import { adminScopes } from '../../src/idp/auth0/probe.ts';
import type { IdpAdapter, TrustedIdp } from '../../src/idp/types.ts';
import type { AgentSpec } from '../../src/model/agent.ts';
import { codeOf, describeAdapter } from './contract.ts';
import { startAuth0Double, type Auth0Double } from './auth0-double.ts';
import { table } from './okta-rows.ts';
import { makeAdminKey, makeRsaKey, toPem } from './rsa-keys.ts';

const api = 'https://password-api.acme.example/';

describeAdapter('auth0', async () => {
  const double = await startAuth0Double();
  return {
    trust: await toTrust(double),
    resource: api,
    scope: 'password.reset',
    makeKey: makeRsaKey,
    stop: () => double.stop(),
  };
});

async function toTrust(double: Auth0Double, scopes = adminScopes): Promise<TrustedIdp> {
  const { keyFile, key } = await makeAdminKey();
  return {
    schemaVersion: 1,
    name: 'corp',
    type: 'auth0',
    issuer: double.issuer,
    resources: [
      {
        key: 'password-api',
        uri: api,
        displayName: 'Password API',
        scopes: ['password.reset'],
        maxTtlSeconds: 300,
      },
    ],
    admin: { clientId: double.addAdmin(toPem(key), key.kid, scopes), keyFile },
  };
}

describe('auth0 adapter', () => {
  let double: Auth0Double;
  let adapter: IdpAdapter;

  beforeAll(async () => {
    double = await startAuth0Double();
    adapter = await adapterFor(await toTrust(double), { paths: { keys: '/nonexistent' } });
  });
  afterAll(() => double.stop());

  it('makes an application with a key and no secret, that can do what it must and no more', async () => {
    const spec = makeSpec('reset');
    const { clientId } = await adapter.apply(await adapter.plan(spec));
    const client = clients().find((one) => one['client_id'] === clientId);
    expect(client).not.toHaveProperty('client_secret');
    expect(client).toMatchObject({
      app_type: 'resource_server',
      grant_types: [],
      token_exchange: { allow_any_profile_of_type: ['on_behalf_of_token_exchange'] },
      resource_server_identifier: 'urn:agent-id:agent-id.reset.abcdefgh',
    });
    expect(
      [...table(double.state.rows, 'client-grants').values()].filter((one) => one['client_id'] === clientId),
    ).toMatchObject([{ audience: api, scope: ['password.reset'], subject_type: 'user' }]);
    expect(table(double.state.rows, 'resource-servers').get(api)).toMatchObject({ token_lifetime: 300 });
  });

  it('gives an agent without a user client credentials and nothing else', async () => {
    const { clientId } = await adapter.apply(await adapter.plan({ ...makeSpec('cron'), actsFor: 'itself' }));
    expect(clients().find((one) => one['client_id'] === clientId)).toMatchObject({
      app_type: 'non_interactive',
      grant_types: ['client_credentials'],
      token_exchange: { allow_any_profile_of_type: [] },
    });
  });

  it('keeps what it does not know of an application, its metadata and its API', async () => {
    const spec = makeSpec('known');
    const { clientId } = await adapter.apply(await adapter.plan(spec));
    const client = clients().find((one) => one['client_id'] === clientId);
    Object.assign(client ?? {}, { logo_uri: 'https://acme.example/logo.png', future_field: { a: 1 } });
    Object.assign(client?.['client_metadata'] ?? {}, { cost_centre: '4711' });
    const server = table(double.state.rows, 'resource-servers').get(api);
    Object.assign(server ?? {}, {
      scopes: [{ value: 'password.reset', description: 'Resets' }],
      future_field: 1,
    });
    const wider = {
      ...spec,
      displayName: 'Known 2',
      grants: [{ uri: api, scopes: ['password.reset', 'password.read'], maxTtlSeconds: 300 }],
    };
    const change = await adapter.plan(wider);
    expect(change.lines).toContain(`adds to the API ${api}: password.read`);
    await adapter.apply(change);
    expect(client).toMatchObject({
      logo_uri: 'https://acme.example/logo.png',
      future_field: { a: 1 },
      name: 'Known 2',
    });
    expect(client?.['client_metadata']).toMatchObject({ cost_centre: '4711', agent_id_marker: spec.marker });
    expect(server).toMatchObject({
      scopes: [{ value: 'password.reset', description: 'Resets' }, { value: 'password.read' }],
      future_field: 1,
    });
    expect(await adapter.plan(wider)).toMatchObject({ kind: 'none' });
  });

  it('touches no application that is not ours', async () => {
    const [foreign] = clients();
    const clientId = String(foreign?.['client_id']);
    const before = JSON.stringify(foreign);
    expect((await adapter.plan({ ...makeSpec('x'), clientId })).kind).toBe('conflict');
    const change = { kind: 'update', spec: { ...makeSpec('x'), clientId }, lines: [] } as const;
    for (const attempt of [
      () => adapter.apply(change),
      () => adapter.revoke(clientId),
      () => adapter.restore(clientId),
      () => adapter.remove(clientId),
      () => adapter.addKey(clientId, makeRsaKey()),
    ]) {
      expect(await codeOf(attempt())).toBe('conflict');
    }
    expect(JSON.stringify(clients()[0])).toBe(before);
    expect((await adapter.list()).map((one) => one.clientId)).not.toContain(clientId);
  });

  it('makes one application where the answer is lost, and where two register at once', async () => {
    let lost = false;
    double.fault = (call) => {
      if (lost || call !== 'POST /clients') return undefined;
      lost = true;
      return 'after';
    };
    const spec = makeSpec('lost');
    await adapter.apply(await adapter.plan(spec));
    double.fault = undefined;
    expect(lost).toBe(true);
    expect(named('agent-id.lost.abcdefgh')).toHaveLength(1);
    const racing = makeSpec('race');
    const change = await adapter.plan(racing);
    const [a, b] = await Promise.allSettled([adapter.apply(change), adapter.apply(change)]);
    expect([a.status, b.status]).toContain('fulfilled');
    expect(named('agent-id.race.abcdefgh')).toHaveLength(1);
    expect((await adapter.plan(racing)).kind).toBe('none');
  });

  it('waits when it is asked to, and tries again', async () => {
    let times = 0;
    double.fault = () => ((times += 1) === 1 ? 429 : undefined);
    expect((await adapter.list()).length).toBeGreaterThan(0);
    double.fault = () => 429;
    await expect(adapter.list()).rejects.toMatchObject({
      code: 'idp-unreachable',
      message: expect.stringContaining('429') as string,
    });
    double.fault = undefined;
  });

  it('refuses what Auth0 cannot keep', async () => {
    const spec = makeSpec('limits');
    const { clientId, keys } = await adapter.apply(await adapter.plan(spec));
    await adapter.addKey(clientId, makeRsaKey(), 'laptop');
    expect(Object.values((await adapter.inspect(clientId))?.machines ?? {})).toEqual(['laptop']);
    expect(await codeOf(adapter.addKey(clientId, makeRsaKey()))).toBe('unsupported');
    for (const { kid } of (await adapter.inspect(clientId))?.keys.slice(1) ?? [])
      await adapter.removeKey(clientId, kid);
    expect(await codeOf(adapter.removeKey(clientId, keys[0]?.kid ?? ''))).toBe('unsupported');
    expect(await codeOf(adapter.plan({ ...spec, displayName: '<b>' }))).toBe('usage');
    expect(
      await codeOf(
        adapter.plan({ ...spec, actsFor: 'itself' }).then(async (change) => adapter.apply(change)),
      ),
    ).toBe('unsupported');
    expect(await codeOf(adapter.staticSecrets('okta'))).toBe('unsupported');
  });

  it('says what the administrator lacks', async () => {
    const whole = await checkIdp(adapter);
    expect(whole.filter((one) => !one.ok).map((one) => one.what)).toEqual(['sign-in client']);
    const few = await adapterFor(await toTrust(double, adminScopes.slice(0, 3)), {
      paths: { keys: '/nonexistent' },
    });
    const missing = (await checkIdp(few)).filter((one) => !one.ok).map((one) => one.what);
    expect(missing).toContain('right delete:clients');
    expect(missing).toContain('administration');
    const refused = few.plan(makeSpec('few'));
    await expect(refused).rejects.toMatchObject({
      code: 'idp-refused',
      message: expect.stringContaining('insufficient_scope') as string,
      hint: expect.stringContaining('read:resource_servers') as string,
    });
  });

  it('reads the tenant’s log from a checkpoint on, page by page, of our agents only', async () => {
    const { clientId } = await adapter.apply(await adapter.plan(makeSpec('logged')));
    const start = Date.UTC(2026, 10, 1);
    const log = (at: number, fields: Record<string, unknown>): void => {
      const entry = { log_id: `log-${at}`, date: new Date(start + at * 1000).toISOString(), ...fields };
      table(double.state.rows, 'logs').set(entry.log_id, entry);
    };
    const token = { client_id: clientId, audience: api, scope: 'password.reset' };
    for (let at = 0; at < 250; at += 1) log(at, { type: 's', client_id: 'somebody-else' });
    log(250, { ...token, type: 'success_on_behalf_of_token_exchange', user_id: 'auth0|jane' });
    log(251, { ...token, type: 'feccft', scope: ['password.read'] });
    log(252, { ...token, type: 'seccft', client_id: 'somebody-else' });
    const got = { time: start + 250_000, clientId, subject: 'auth0|jane', resource: api };
    const denied = { time: start + 251_000, clientId, subject: null, resource: api };
    const all = [
      { ...got, scopes: ['password.reset'], outcome: 'ok' },
      { ...denied, scopes: ['password.read'], outcome: 'denied' },
    ];
    expect(await adapter.events?.(0)).toEqual(all);
    expect(await adapter.events?.(start + 251_000)).toEqual(all.slice(1));
    expect(await adapter.events?.(start + 300_000)).toEqual([]);
    const paths = double.requests.map(({ path }) => path);
    expect(paths).toContain('/logs?from=log-200&take=100');
    await adapter.remove(clientId);
  });

  function clients(): Record<string, unknown>[] {
    return [...table(double.state.rows, 'clients').values()];
  }

  function named(name: string): Record<string, unknown>[] {
    return clients().filter(
      (one) => (one['client_metadata'] as Record<string, unknown> | undefined)?.['agent_id_name'] === name,
    );
  }
});

function makeSpec(id: string): AgentSpec {
  return {
    id,
    displayName: `${id} Agent`,
    owner: '@acme/support',
    actsFor: 'user',
    clientId: `agent-id.${id}.abcdefgh`,
    keys: [makeRsaKey()],
    grants: [{ uri: api, scopes: ['password.reset'], maxTtlSeconds: 300 }],
    marker: `tx-${id}`,
  };
}
