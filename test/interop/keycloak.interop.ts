import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapterFor } from '../../src/idp/index.ts';
import type { IdpAdapter } from '../../src/idp/types.ts';
import type { AgentSpec } from '../../src/model/agent.ts';
import { codeOf } from '../idp/contract.ts';
import { claimsOf, makeKey, type TestClient } from '../idp/kit.ts';
import { administer, api, asClient, exchange, keycloak, keycloakTrust, signInFor } from './keycloak.ts';

const tag = randomBytes(3).toString('hex');
let adapter: IdpAdapter;
/** The API itself: introspection tells only who is in the audience. */
const apiClient: TestClient = { clientId: api, key: makeKey() };

beforeAll(async () => {
  adapter = await adapterFor(keycloakTrust(), { paths: { keys: '/nowhere' } });
  const body = {
    clientId: api,
    publicClient: false,
    standardFlowEnabled: false,
    clientAuthenticatorType: 'client-jwt',
    attributes: {
      'use.jwks.string': 'true',
      'jwks.string': JSON.stringify({ keys: [apiClient.key.publicKey] }),
      'token.endpoint.auth.signing.alg': 'ES256',
    },
  };
  expect([201, 409]).toContain((await administer('POST', '/clients', body)).status);
});

afterAll(async () => {
  const found = await rawClient(api);
  await administer('DELETE', `/clients/${String(found['id'])}`);
});

describe('an agent at Keycloak', () => {
  it('acts for a user who let it: five minutes, one audience, named as actor', async () => {
    const agent = await register('plain');
    const { status, body } = await exchange(agent, await signInFor(agent.clientId));
    expect(status).toBe(200);
    expect(claimsOf(body['access_token'])).toMatchObject({
      sub: keycloak().user,
      azp: agent.clientId,
      aud: api,
      scope: 'password.reset',
      act: { sub: agent.clientId },
    });
    expect(body['expires_in']).toBe(300);
  });

  it('cannot act for a user who did not let it, nor reach another scope, nor act as itself', async () => {
    const [agent, other] = [await register('shy'), await register('other')];
    const subject = await signInFor(other.clientId);
    expect(await exchange(agent, subject)).toMatchObject({ status: 403, body: { error: 'access_denied' } });
    const own = await signInFor(agent.clientId);
    expect(await exchange(agent, own, { scope: 'password.read' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope' },
    });
    expect(await asClient(agent, { grant_type: 'client_credentials' })).toMatchObject({
      status: 401,
      body: { error: 'unauthorized_client' },
    });
  });

  it('acts as itself where it has no user', async () => {
    const agent = await register('itself', { actsFor: 'itself' });
    const form = { grant_type: 'client_credentials', scope: 'password.reset' };
    const { status, body } = await asClient(agent, form);
    expect(status).toBe(200);
    const claims = claimsOf(body['access_token']);
    expect(claims).toMatchObject({ azp: agent.clientId, aud: api, scope: 'password.reset' });
    expect(claims).not.toHaveProperty('act');
  });

  it('is found in the realm’s events: what it got, for whom, and what it was refused', async () => {
    const before = Date.now() - 60_000;
    const [agent, itself] = [await register('logged'), await register('alone', { actsFor: 'itself' })];
    const subject = await signInFor(agent.clientId);
    expect((await exchange(agent, subject)).status).toBe(200);
    expect((await exchange(agent, subject, { scope: 'password.read' })).status).toBe(400);
    const form = { grant_type: 'client_credentials', scope: 'password.reset' };
    expect((await asClient(itself, form)).status).toBe(200);
    const events = (await adapter.events?.(before)) ?? [];
    const got = { resource: api, scopes: ['password.reset'], outcome: 'ok' };
    expect(events.filter(({ clientId }) => clientId === agent.clientId)).toMatchObject([
      { ...got, subject: keycloak().user },
      { outcome: 'denied' },
    ]);
    expect(events.filter(({ clientId }) => clientId === itself.clientId)).toMatchObject([
      { ...got, subject: null },
    ]);
    expect(await adapter.events?.(Date.now() + 60_000)).toEqual([]);
  });

  it('has nobody’s secret to lose: none is sent, and the one that Keycloak makes lets nobody in', async () => {
    const agent = await register('secret');
    const raw = await rawClient(agent.clientId);
    const found = await administer('GET', `/clients/${String(raw['id'])}/client-secret`);
    const secret = String(found.body['value']);
    expect(secret.length).toBeGreaterThan(20);
    for (const [clientSecret] of [[secret], ['']]) {
      const answer = await fetch(`${keycloak().issuer}/protocol/openid-connect/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: agent.clientId,
          client_secret: clientSecret ?? '',
        }),
      });
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
  });

  it('keeps what we do not know of a client, and takes back what somebody switched on', async () => {
    const agent = await register('drift');
    const raw = await rawClient(agent.clientId);
    await administer('PUT', `/clients/${String(raw['id'])}`, {
      clientId: agent.clientId,
      description: 'written by hand',
      clientAuthenticatorType: 'client-secret',
      fullScopeAllowed: true,
      attributes: { 'acme.cost-centre': '4711', 'access.token.lifespan': '36000' },
    });
    const [offline] = await scopesNamed('offline_access');
    await administer(
      'PUT',
      `/clients/${String(raw['id'])}/optional-client-scopes/${String(offline?.['id'])}`,
    );
    const change = await adapter.plan(agent.spec);
    expect(change.kind).toBe('update');
    expect(change.lines.join('\n')).toMatch(/client-secret becomes client-jwt/);
    expect(change.lines.join('\n')).toMatch(/36000 becomes 300/);
    expect(change.lines.join('\n')).toMatch(/drops the scopes offline_access/);
    await adapter.apply(change);
    const now = await rawClient(agent.clientId);
    expect(now).toMatchObject({ description: 'written by hand', clientAuthenticatorType: 'client-jwt' });
    expect(now['fullScopeAllowed']).toBe(false);
    expect(now['attributes']).toMatchObject({ 'acme.cost-centre': '4711', 'access.token.lifespan': '300' });
    expect(now['optionalClientScopes']).toEqual(['password.reset']);
    expect((await adapter.plan(agent.spec)).kind).toBe('none');
    expect((await exchange(agent, await signInFor(agent.clientId))).status).toBe(200);
  });

  it('loses a scope at once, also in tokens that it holds', async () => {
    const agent = await register('narrow', { scopes: ['password.read', 'password.reset'] });
    const { body } = await exchange(agent, await signInFor(agent.clientId), { scope: 'password.read' });
    expect(await isActive(body['access_token'])).toBe(true);
    const narrow = { ...agent.spec, grants: [{ uri: api, scopes: ['password.reset'], maxTtlSeconds: 300 }] };
    const change = await adapter.plan(narrow);
    expect(change.lines).toContain(`${api}: drops password.read`);
    await adapter.apply(change);
    expect(await isActive(body['access_token'])).toBe(false);
  });

  it('is revoked with the tokens that it holds, for good; others go on', async () => {
    const [agent, other] = [await register('revoked'), await register('goes-on')];
    const subject = await signInFor(agent.clientId, other.clientId);
    const held = (await exchange(agent, subject)).body['access_token'];
    const others = (await exchange(other, subject)).body['access_token'];
    expect([await isActive(held), await isActive(others)]).toEqual([true, true]);
    await adapter.revoke(agent.clientId);
    expect(await exchange(agent, subject)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect([await isActive(held), await isActive(others)]).toEqual([false, true]);
    expect((await exchange(other, subject)).status).toBe(200);
    await adapter.restore(agent.clientId);
    expect(await isActive(held)).toBe(false);
    await sleep(2100);
    const fresh = await exchange(agent, subject);
    expect(await isActive(fresh.body['access_token'])).toBe(true);
  });

  it('says when an agent last got a token', async () => {
    const agent = await register('seen');
    expect((await adapter.inspect(agent.clientId))?.lastTokenAt).toBeNull();
    await exchange(agent, await signInFor(agent.clientId));
    const { lastTokenAt } = (await adapter.inspect(agent.clientId)) ?? {};
    expect(Math.abs((lastTokenAt ?? 0) - Date.now() / 1000)).toBeLessThan(30);
  });
});

describe('the realm of Keycloak', () => {
  it('never touches a client that is not ours', async () => {
    const clientId = `somebody-elses-${tag}`;
    await administer('POST', '/clients', { clientId, publicClient: true });
    const before = await rawClient(clientId);
    const spec = makeSpec('foreign', { clientId });
    expect((await adapter.plan(spec)).kind).toBe('conflict');
    expect(await codeOf(adapter.apply({ kind: 'create', spec, lines: [] }))).toBe('conflict');
    for (const deed of ['revoke', 'restore', 'remove'] as const)
      expect(await codeOf(adapter[deed](clientId))).toBe('conflict');
    expect(await codeOf(adapter.addKey(clientId, makeKey().publicKey))).toBe('conflict');
    expect(await rawClient(clientId)).toEqual(before);
  });

  it('takes no scope that is for something else, and no scope for two APIs', async () => {
    const name = `taken.${tag}`;
    await administer('POST', '/client-scopes', { name, protocol: 'openid-connect' });
    expect(await codeOf(adapter.plan(makeSpec('taken', { scopes: [name] })))).toBe('unsupported');
    const twice = makeSpec('twofold');
    const grants = [...twice.grants, { ...twice.grants[0]!, uri: 'https://other.acme.example/' }];
    expect(await codeOf(adapter.plan({ ...twice, grants }))).toBe('unsupported');
    expect(await codeOf(adapter.plan(makeSpec('long', { clientId: 'x'.repeat(300) })))).toBe('usage');
  });

  it('is registered once by eight at the same time', async () => {
    const spec = makeSpec('race');
    const change = await adapter.plan(spec);
    const all = await Promise.all(Array.from({ length: 8 }, () => adapter.apply(change)));
    expect(new Set(all.map((one) => JSON.stringify({ ...one, lastTokenAt: null }))).size).toBe(1);
    expect((await adapter.plan(spec)).kind).toBe('none');
  });

  it('leaves nothing of a removed agent behind', async () => {
    const agent = await register('leaves', { scopes: [`only.${tag}`] });
    await signInFor(agent.clientId);
    await adapter.remove(agent.clientId);
    expect(await scopesNamed(`only.${tag}`)).toEqual([]);
    expect(await scopesNamed(`agent:${agent.clientId}`)).toEqual([]);
    expect(await scopesNamed('password.reset')).toHaveLength(1);
  });

  it('is probed without a change', async () => {
    const results = (await adapter.probe?.()) ?? [];
    expect(results.map(({ ok }) => ok)).toEqual(expect.arrayContaining([true]));
    expect(results.filter(({ ok }) => !ok).map(({ what }) => what)).toEqual([
      'exchanges held to the user’s token',
    ]);
  });
});

interface Registered extends TestClient {
  readonly spec: AgentSpec;
}

interface Wish {
  readonly clientId?: string;
  readonly actsFor?: 'user' | 'itself';
  readonly scopes?: readonly string[];
}

async function register(id: string, wish: Wish = {}): Promise<Registered> {
  const key = makeKey();
  const spec = { ...makeSpec(id, wish), keys: [key.publicKey] };
  await adapter.apply(await adapter.plan(spec));
  return { clientId: spec.clientId, key, spec };
}

function makeSpec(
  id: string,
  { clientId = `agent-id.${id}.${tag}`, actsFor = 'user', scopes = ['password.reset'] }: Wish = {},
): AgentSpec {
  return {
    id,
    displayName: `${id} Agent`,
    owner: '@acme/support',
    actsFor,
    clientId,
    keys: [makeKey().publicKey],
    grants: [{ uri: api, scopes, maxTtlSeconds: 300 }],
    marker: `tx-${tag}-${id}`,
  };
}

async function isActive(token: unknown): Promise<boolean> {
  const { body } = await asClient(apiClient, { token: String(token) }, 'token/introspect');
  return body['active'] === true;
}

async function rawClient(clientId: string): Promise<Record<string, unknown>> {
  const { body } = await administer('GET', `/clients?clientId=${encodeURIComponent(clientId)}`);
  const [found] = body as unknown as Record<string, unknown>[];
  return found ?? {};
}

async function scopesNamed(name: string): Promise<Record<string, unknown>[]> {
  const { body } = await administer('GET', '/client-scopes');
  return (body as unknown as Record<string, unknown>[]).filter((one) => one['name'] === name);
}
