import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browse } from '../../src/demo/browser.ts';
import { startEmbedded } from '../../src/idp/embedded/index.ts';
import { codeOf } from './contract.ts';
import {
  accessTokenType,
  ask,
  assertionType,
  claimsOf,
  exchangeType,
  makeFolder,
  makeKey,
  registration,
  signedAssertion,
  startKit,
  type Kit,
  type TestKey,
} from './kit.ts';

const agent = 'agent-id.password-reset.abcdefgh';
const key = makeKey();
let kit: Kit;
let admin: TestKey;

beforeAll(async () => {
  kit = await startKit();
  const { createPrivateKey } = await import('node:crypto');
  const { toPublicJwk } = await import('../../src/lib/keys.ts');
  const jwk = JSON.parse(await readFile(kit.idp.adminKeyFile, 'utf8')) as { x: string; y: string };
  admin = { privateKey: createPrivateKey({ format: 'jwk', key: jwk as never }), publicKey: toPublicJwk(jwk) };
  await kit.register(agent, key);
});
afterAll(() => kit.stop());

describe('administration', () => {
  async function adminToken(
    change: { clientId?: string; audience?: string; key?: TestKey; seconds?: number; jti?: string } = {},
  ): Promise<string> {
    const { clientId = 'agent-id-admin', audience = kit.idp.issuer } = change;
    return signedAssertion({ clientId, key: change.key ?? admin }, audience, {
      ...(change.seconds === undefined ? {} : { seconds: change.seconds }),
      ...(change.jti === undefined ? {} : { jti: change.jti }),
    });
  }

  function list(token: string | undefined): Promise<{ status: number }> {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return ask(`${kit.idp.issuer}/register`, { headers });
  }

  it('needs the admin key, for this issuer, for a minute, once', async () => {
    expect((await list(await adminToken())).status).toBe(200);
    const used = await adminToken({ jti: 'once' });
    const statuses = await Promise.all([
      list(undefined),
      list('x'),
      list(await adminToken({ key: makeKey() })),
      list(await adminToken({ audience: 'http://127.0.0.1:9' })),
      list(await adminToken({ seconds: 3600 })),
      list(await adminToken({ seconds: -60 })),
      list(await adminToken({ clientId: agent, key })),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual(Array(7).fill(401));
    expect((await list(used)).status).toBe(200);
    await kit.restart();
    expect((await list(used)).status).toBe(401);
  });

  it('never overwrites a client id, also not those of its own', async () => {
    for (const id of [agent, 'agent-id-admin', 'agent-id-cli', 'password-api']) {
      const { status, body } = await kit.register(id, makeKey());
      expect([id, status, body['error']]).toEqual([id, 409, 'conflict']);
    }
    const { body } = await kit.admin('GET', `/register/${agent}`);
    expect(body['jwks']).toEqual({ keys: [key.publicKey] });
  });

  it('lets one of many win who register the same id at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => kit.register('agent-id.race.abcdefgh', makeKey())),
    );
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409, 409, 409, 409, 409]);
  });

  it('registers no client secret, no private key, no other algorithm, no unknown resource or scope', async () => {
    const uri = kit.idp.passwordApiUrl;
    const secret = key.privateKey.export({ format: 'jwk' });
    const bad: readonly object[] = [
      { client_secret: 'x' },
      { token_endpoint_auth_method: 'client_secret_basic' },
      { token_endpoint_auth_method: undefined },
      { token_endpoint_auth_signing_alg: 'RS256' },
      { jwks: { keys: [secret] } },
      { jwks: { keys: [{ kty: 'RSA', n: 'x', e: 'AQAB' }] } },
      { jwks_uri: 'https://keys.acme.example' },
      { redirect_uris: ['https://acme.example'] },
      { grants: [{ uri: 'http://127.0.0.1:9', scopes: [] }] },
      { grants: [{ uri, scopes: ['okta.apps.manage'] }] },
      { client_id: '../admin' },
      { acts_for: 'everybody' },
    ];
    for (const change of bad) {
      const { status, body } = await kit.admin(
        'POST',
        '/register',
        registration(uri, 'agent-id.bad.abcdefgh', key, change),
      );
      expect([change, status, body['error']]).toEqual([change, 400, 'invalid_client_metadata']);
    }
    expect((await kit.admin('GET', '/register/agent-id.bad.abcdefgh')).status).toBe(404);
    const { body } = await kit.admin('GET', `/register/${agent}`);
    expect(JSON.stringify(body)).not.toMatch(/secret|registration_access_token/);
  });

  it('answers only to its own name', async () => {
    for (const url of [kit.idp.issuer, kit.idp.oktaUrl, kit.idp.passwordApiUrl]) {
      const { hostname, port } = new URL(url);
      const status = await new Promise((resolve, reject) => {
        const options = {
          hostname,
          port,
          path: '/.well-known/openid-configuration',
          headers: { host: `evil.example:${port}` },
        };
        httpRequest(options, (response) => resolve(response.resume().statusCode))
          .on('error', reject)
          .end();
      });
      expect([url, status]).toEqual([url, 421]);
    }
  });

  it('lists its own routes in the metadata', async () => {
    for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']) {
      const { body } = await ask(`${kit.idp.issuer}${path}`);
      expect(body).toMatchObject({
        issuer: kit.idp.issuer,
        registration_endpoint: `${kit.idp.issuer}/register`,
        introspection_endpoint: `${kit.idp.issuer}/introspect`,
        revocation_endpoint: `${kit.idp.issuer}/revoke`,
      });
      expect(body['grant_types_supported']).toEqual(
        expect.arrayContaining([exchangeType, 'client_credentials']),
      );
      expect(body['token_endpoint_auth_methods_supported']).toEqual(['private_key_jwt', 'none']);
    }
  });
});

describe('introspection and revocation', () => {
  async function client(
    path: string,
    clientId: string,
    signer: TestKey,
    token: string,
  ): Promise<Awaited<ReturnType<typeof ask>>> {
    return ask(`${kit.idp.issuer}${path}`, {
      method: 'POST',
      body: new URLSearchParams({
        token,
        client_assertion_type: assertionType,
        client_assertion: await signedAssertion({ clientId, key: signer }, kit.idp.issuer),
      }),
    });
  }

  it('tells only those whom a token concerns', async () => {
    const other = makeKey();
    await kit.register('agent-id.other.abcdefgh', other);
    const token = String((await kit.exchange(agent, key, (await kit.login()).access)).body['access_token']);
    expect((await client('/introspect', agent, key, token)).body).toMatchObject({
      active: true,
      sub: 'user-x',
      act: { sub: agent },
      client_id: agent,
      scope: 'okta.users.manage',
      aud: kit.idp.passwordApiUrl,
    });
    expect((await client('/introspect', 'agent-id-admin', admin, token)).body['active']).toBe(true);
    expect((await client('/introspect', 'agent-id.other.abcdefgh', other, token)).body).toEqual({
      active: false,
    });
    expect((await client('/introspect', agent, other, token)).status).toBe(401);
    expect((await client('/revoke', 'agent-id.other.abcdefgh', other, token)).status).toBe(400);
    expect((await client('/introspect', agent, key, token)).body['active']).toBe(true);
    expect((await client('/revoke', agent, key, token)).status).toBe(200);
    expect((await client('/introspect', agent, key, token)).body).toEqual({ active: false });
    expect((await client('/revoke', agent, key, 'unknown')).status).toBe(200);
    await kit.restart();
    expect((await client('/introspect', agent, key, token)).body).toEqual({ active: false });
  });

  it('ends a session for good: refresh token and the token for agents', async () => {
    const { access, refresh } = await kit.login();
    for (const token of [access, refresh]) {
      const body = new URLSearchParams({ token, client_id: 'agent-id-cli' });
      expect((await ask(`${kit.idp.issuer}/revoke`, { method: 'POST', body })).status).toBe(200);
    }
    const renew = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'agent-id-cli',
      refresh_token: refresh,
    });
    expect((await ask(`${kit.idp.issuer}/token`, { method: 'POST', body: renew })).body['error']).toBe(
      'invalid_grant',
    );
    expect((await kit.exchange(agent, key, access)).body['error']).toBe('invalid_request');
  });

  it('keeps earlier actors when an API goes on with what was sent to it', async () => {
    const [api, first] = [makeKey(), makeKey()];
    const [apiId, firstId] = ['agent-id.orders.abcdefgh', 'agent-id.first.abcdefgh'];
    const uri = 'https://orders.acme.example/';
    await kit.register(apiId, api, { client_name: 'Orders Agent' });
    const resource = { uri, display_name: 'Orders', scopes: ['orders.write'], client_id: apiId };
    expect((await kit.admin('PUT', '/admin/resources/orders', resource)).status).toBe(200);
    await kit.register(firstId, first, { grants: [{ uri, scopes: ['orders.write'] }] });
    const { access } = await kit.login();
    const one = await kit.exchange(firstId, first, access, { resource: uri, scope: 'orders.write' });
    const token = String(one.body['access_token']);
    expect(claimsOf(token)).toMatchObject({ aud: uri, act: { sub: firstId } });
    expect((await client('/introspect', apiId, api, token)).body['active']).toBe(true);
    const two = await kit.exchange(apiId, api, token);
    expect(claimsOf(two.body['access_token'])).toMatchObject({
      sub: 'user-x',
      client_id: apiId,
      aud: kit.idp.passwordApiUrl,
      act: { sub: apiId, act: { sub: firstId } },
    });
    expect(Number(claimsOf(two.body['access_token'])['exp'])).toBeLessThanOrEqual(
      Number(claimsOf(token)['exp']),
    );
    const stranger = await kit.exchange(agent, key, token);
    expect(stranger.body['error']).toBe('invalid_request');
  });
});

describe('pages', () => {
  async function openSignIn(): Promise<{ body: string; headers: Headers; cookie: string; url: string }> {
    const query = new URLSearchParams({
      client_id: 'agent-id-cli',
      response_type: 'code',
      redirect_uri: 'http://127.0.0.1:9/callback',
      scope: 'openid',
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
    });
    const start = await fetch(`${kit.idp.issuer}/auth?${query.toString()}`, { redirect: 'manual' });
    const cookie = start.headers
      .getSetCookie()
      .map((one) => one.split(';')[0])
      .join('; ');
    const url = new URL(start.headers.get('location') ?? '', kit.idp.issuer).href;
    const page = await fetch(url, { headers: { cookie } });
    return { body: await page.text(), headers: page.headers, cookie, url };
  }

  it('run no script, may not be framed, and belong to one browser', async () => {
    const { body, headers, url } = await openSignIn();
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(body).not.toContain('<script');
    expect((await ask(url)).status).toBe(400);
  });

  it('take no form that is not theirs', async () => {
    const { body, cookie, url } = await openSignIn();
    const csrf = /name="csrf" value="([^"]+)"/.exec(body)?.[1] ?? '';
    const send = (
      form: Record<string, string>,
      headers: Record<string, string> = {},
    ): Promise<{ status: number }> =>
      ask(url, { method: 'POST', headers: { cookie, ...headers }, body: new URLSearchParams(form) });
    const login = { username: 'user-x', password: 'wrong' };
    expect((await send(login)).status).toBe(403);
    expect((await send({ ...login, csrf: `${csrf}x` })).status).toBe(403);
    expect((await send({ ...login, csrf }, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await send({ ...login, csrf }, { origin: kit.idp.issuer })).status).toBe(401);
  });

  it('refuse a login client of another address, and one without PKCE', async () => {
    const base = { client_id: 'agent-id-cli', response_type: 'code', scope: 'openid' };
    const evil = new URLSearchParams({ ...base, redirect_uri: 'https://evil.example/callback' });
    const answer = await ask(`${kit.idp.issuer}/auth?${evil.toString()}`);
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
    const bare = new URLSearchParams({ ...base, redirect_uri: 'http://127.0.0.1:9/callback' });
    const location = (await ask(`${kit.idp.issuer}/auth?${bare.toString()}`)).headers.get('location');
    expect(location).toContain('error=invalid_request');
  });

  it('sign in on another device by code, with a question whether it is yours', async () => {
    const { body } = await ask(`${kit.idp.issuer}/device/auth`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'agent-id-cli', scope: 'openid offline_access' }),
    });
    expect(body['user_code']).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
    const poll = async (): Promise<Awaited<ReturnType<typeof ask>>> =>
      ask(`${kit.idp.issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
          client_id: 'agent-id-cli',
          device_code: String(body['device_code']),
        }),
      });
    expect((await poll()).body['error']).toBe('authorization_pending');
    const login = kit.password('user-x');
    const done = await browse(String(body['verification_uri_complete']), { name: 'user-x', password: login });
    expect(done).toContain('The device is signed in');
    const tokens = await poll();
    expect(tokens.status).toBe(200);
    expect(claimsOf(tokens.body['access_token'])['aud']).toContain(agent);
    expect((await kit.exchange(agent, key, String(tokens.body['access_token']))).status).toBe(200);
    const used = await browse(String(body['verification_uri_complete']), {
      name: 'user-x',
      password: login,
    }).catch(String);
    expect(used).not.toContain('The device is signed in');
  });
});

describe('bad input', () => {
  it('keeps its port, and says when another program has it', async () => {
    const dataDir = join(await makeFolder(), 'data');
    const first = await startEmbedded({ dataDir });
    expect(await codeOf(startEmbedded({ dataDir }))).toBe('port-taken');
    await first.stop();
    const { port } = new URL(first.issuer);
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(Number(port), '127.0.0.1', resolve));
    expect(await codeOf(startEmbedded({ dataDir }))).toBe('port-taken');
    await new Promise((resolve) => squatter.close(resolve));
    expect(await codeOf(startEmbedded({ dataDir, port: Number(port) + 1 }))).toBe('usage');
    const again = await startEmbedded({ dataDir, port: Number(port) });
    expect([again.issuer, again.oktaUrl]).toEqual([first.issuer, first.oktaUrl]);
    await again.stop();
  });

  it('takes the port that it is given at the first start', async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const idp = await startEmbedded({ dataDir: join(await makeFolder(), 'data'), port });
    expect(idp.issuer).toBe(`http://127.0.0.1:${port}`);
    await idp.stop();
  });

  it('overwrites no damaged file', async () => {
    const dataDir = join(await makeFolder(), 'data');
    await (await startEmbedded({ dataDir })).stop();
    for (const name of [
      'idp.json',
      'sessions.json',
      'okta.json',
      'sandbox-users.json',
      'server.json',
      'admin.jwk.json',
    ]) {
      const path = join(dataDir, name);
      const whole = await readFile(path);
      for (const damage of ['{"schemaVersion":1', '{}', '[]']) {
        await writeFile(path, damage);
        expect([name, damage, await codeOf(startEmbedded({ dataDir }))]).toEqual([name, damage, 'malformed']);
        expect(await readFile(path, 'utf8')).toBe(damage);
      }
      await writeFile(path, whole);
    }
    await (await startEmbedded({ dataDir })).stop();
  });

  it('refuses a folder or file that others may read, and makes its own private', async () => {
    const dataDir = join(await makeFolder(), 'data');
    await (await startEmbedded({ dataDir })).stop();
    for (const name of ['idp.json', 'sandbox-users.json', 'admin.jwk.json', 'server.json']) {
      expect((await stat(join(dataDir, name))).mode & 0o777).toBe(0o600);
    }
    await chmod(join(dataDir, 'idp.json'), 0o644);
    expect(await codeOf(startEmbedded({ dataDir }))).toBe('unreadable');
    await chmod(join(dataDir, 'idp.json'), 0o600);
    await chmod(dataDir, 0o755);
    expect(await codeOf(startEmbedded({ dataDir }))).toBe('unreadable');
  });

  it('keeps passwords only as a hash', async () => {
    const dataDir = join(await makeFolder(), 'data');
    const idp = await startEmbedded({ dataDir });
    const stored = await readFile(join(dataDir, 'sandbox-users.json'), 'utf8');
    for (const { password } of idp.users) expect(stored).not.toContain(password ?? 'none');
    await idp.stop();
  });

  it('issues nothing without a subject token of the right type', async () => {
    const { body } = await kit.exchange(agent, key, 'x', {
      subject_token_type: accessTokenType.replace('access', 'id'),
    });
    expect(body['error']).toBe('invalid_request');
  });
});
