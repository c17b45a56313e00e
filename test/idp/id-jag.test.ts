import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAgent } from '../../src/exchange/agent.ts';
import { createProver } from '../../src/exchange/dpop.ts';
import { createFileSigner } from '../../src/exchange/node.ts';
import type { Agent, AgentOptions } from '../../src/exchange/types.ts';
import { ask, askToken, claimsOf, makeKey, startKit, type Answer, type Kit } from './kit.ts';

const here = 'agent-id.password-reset.abcdefgh';
const there = 'agent-id.at-the-api.abcdefgh';
const stranger = 'agent-id.stranger.abcdefgh';
const key = makeKey();
const keyThere = makeKey();
const bearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const jagType = 'urn:ietf:params:oauth:token-type:id-jag';
let home: Kit;
let api: Kit;
let subject: string;

/** One provider knows the user, another one issues the tokens of the API. */
beforeAll(async () => {
  [home, api] = await Promise.all([startKit(), startKit()]);
  const audience = {
    issuer: api.idp.issuer,
    client_id: there,
    uri: api.idp.passwordApiUrl,
    scopes: ['okta.users.manage'],
  };
  await home.register(here, key, { id_jag_audiences: [audience] });
  await api.register(there, keyThere, { id_jag_issuers: [home.idp.issuer] });
  await api.register(stranger, keyThere, { client_name: 'Stranger' });
  ({ access: subject } = await home.login());
});
afterAll(() => Promise.all([home.stop(), api.stop()]));

function assertion(more: Record<string, string> = {}): Promise<Answer> {
  const asked = { requested_token_type: jagType, audience: api.idp.issuer, resource: api.idp.passwordApiUrl };
  return home.exchange(here, key, subject, { ...asked, ...more });
}

async function jag(): Promise<string> {
  return String((await assertion()).body['access_token']);
}

function redeem(token: string, more: Record<string, string> = {}, clientId = there): Promise<Answer> {
  return askToken(
    api.idp.issuer,
    { clientId, key: keyThere },
    { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: token, ...more },
  );
}

function reset(token: unknown): Promise<Answer> {
  return ask(`${api.idp.passwordApiUrl}/api/v1/users/user-x/lifecycle/reset_password?sendEmail=false`, {
    method: 'POST',
    headers: { authorization: `Bearer ${String(token)}` },
  });
}

describe('identity assertion grants', () => {
  it('says at both servers that there are such', async () => {
    const { body } = await ask(`${home.idp.issuer}/.well-known/openid-configuration`);
    expect(body).toMatchObject({
      identity_chaining_requested_token_types_supported: [jagType],
      authorization_grant_profiles_supported: ['urn:ietf:params:oauth:grant-profile:id-jag'],
    });
  });

  it('is for one server, one client there, five minutes', async () => {
    const { status, body } = await assertion();
    expect([status, body['token_type'], body['issued_token_type']]).toEqual([200, 'N_A', jagType]);
    expect(decodeProtectedHeader(String(body['access_token'])).typ).toBe('oauth-id-jag+jwt');
    const claims = claimsOf(body['access_token']);
    expect(claims).toMatchObject({
      iss: home.idp.issuer,
      aud: api.idp.issuer,
      sub: 'user-x',
      client_id: there,
      resource: api.idp.passwordApiUrl,
      scope: 'okta.users.manage',
      act: { sub: here },
    });
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(300);
    expect(claims['jti']).toMatch(/^\S{20,}$/);
  });

  it('becomes a token of five minutes for the API, with user and agent, once', async () => {
    const token = await jag();
    const { status, body } = await redeem(token);
    expect([status, body['expires_in'], body['scope']]).toEqual([200, 300, 'okta.users.manage']);
    expect(claimsOf(body['access_token'])).toMatchObject({ sub: 'user-x', act: { sub: there } });
    expect((await reset(body['access_token'])).status).toBe(200);
    const again = await redeem(token);
    expect([again.status, again.body['error']]).toEqual([400, 'invalid_grant']);
  });

  it('is refused for another server, resource, scope than the registration says', async () => {
    const answers = await Promise.all([
      assertion({ audience: 'https://other.acme.example' }),
      assertion({ resource: 'https://other.acme.example/api' }),
      assertion({ scope: 'okta.users.read' }),
    ]);
    expect(answers.map(({ body }) => body['error'])).toEqual([
      'invalid_target',
      'invalid_target',
      'invalid_scope',
    ]);
  });

  it('is taken of no other client, of no untrusted issuer, not late, not changed, not widened', async () => {
    const token = await jag();
    const [head, payload, signature = ''] = token.split('.');
    const changed = `${head}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    const wider = await redeem(token, { scope: 'okta.users.manage okta.users.read' });
    const answers = [
      await redeem(token, {}, stranger),
      await redeem(changed),
      await redeem(subject),
      await redeem('none'),
    ];
    api.time.shift = 10 * 60_000;
    answers.push(await redeem(token));
    api.time.shift = 0;
    expect(answers.map(({ body }) => body['error'])).toEqual(Array(5).fill('invalid_grant'));
    expect(wider.body['error']).toBe('invalid_scope');
  });

  it('is no token here: neither for the API nor for another exchange', async () => {
    const token = await jag();
    expect((await reset(token)).status).toBe(401);
    const { body } = await home.exchange(here, key, token);
    expect(body['error']).toBe('invalid_request');
  });

  it('gives nothing more where the issuer is not trusted any more, also to tokens that are out', async () => {
    const { body } = await redeem(await jag());
    const registration = (await api.admin('GET', `/register/${there}`)).body;
    await api.admin('PUT', `/register/${there}`, { ...registration, id_jag_issuers: [] });
    expect((await reset(body['access_token'])).status).toBe(401);
    expect((await redeem(await jag())).body['error']).toBe('invalid_grant');
  });
});

describe('an agent at another server', () => {
  async function makeAgent(change: Partial<AgentOptions> = {}): Promise<Agent> {
    const file = join(home.folder, 'agent.jwk');
    await writeFile(file, JSON.stringify(key.privateKey.export({ format: 'jwk' })), { mode: 0o600 });
    return createAgent({
      signer: await createFileSigner(file),
      fetch: globalThis.fetch,
      clock: Date.now,
      clientId: here,
      issuer: home.idp.issuer,
      tokenEndpoint: `${home.idp.issuer}/token`,
      resourceServer: { issuer: api.idp.issuer, tokenEndpoint: `${api.idp.issuer}/token` },
      requireAct: true,
      ...change,
    });
  }

  function wanted(scopes = ['okta.users.manage']): { resource: string; scopes: string[] } {
    return { resource: api.idp.passwordApiUrl, scopes };
  }

  /** Passes requests on, and alters what the assertion's answer says. */
  function altering(alter: (body: Record<string, unknown>) => object): typeof globalThis.fetch {
    return async (input, init) => {
      const response = await fetch(input, init);
      if (!response.url.startsWith(home.idp.issuer)) return response;
      return Response.json(alter((await response.json()) as Record<string, unknown>));
    };
  }

  beforeAll(async () => {
    const { body } = await api.admin('GET', `/register/${there}`);
    const sameKey = { jwks: { keys: [key.publicKey] }, id_jag_issuers: [home.idp.issuer] };
    await api.admin('PUT', `/register/${there}`, { ...body, ...sameKey });
  });

  it('gets its token by two requests behind the same call', async () => {
    const token = await (await makeAgent()).onBehalfOf(subject).token(wanted());
    expect(token).toMatchObject({ subject: 'user-x', scopes: ['okta.users.manage'] });
    expect((await reset(token.value)).status).toBe(200);
    expect(claimsOf(token.value)).toMatchObject({ iss: api.idp.issuer, act: { sub: there } });
  });

  it('asks nothing wider, and takes no assertion that is for others', async () => {
    const wide = (await makeAgent()).onBehalfOf(subject).token(wanted(['okta.users.read']));
    await expect(wide).rejects.toMatchObject({ code: 'invalid-scope' });
    const strange = String((await home.exchange(here, key, subject)).body['access_token']);
    const alterations: readonly [(body: Record<string, unknown>) => object, string][] = [
      [
        (body) => ({ ...body, issued_token_type: 'urn:ietf:params:oauth:token-type:jwt' }),
        'wrong-token-type',
      ],
      [(body) => ({ ...body, access_token: strange }), 'wrong-audience'],
      [(body) => ({ ...body, access_token: 'x' }), 'malformed-answer'],
    ];
    for (const [alter, code] of alterations) {
      const agent = await makeAgent({ fetch: altering(alter) });
      await expect(agent.onBehalfOf(subject).token(wanted())).rejects.toMatchObject({ code });
    }
  });

  it('keeps the assertion until it ends, and gets another where a server takes each only once', async () => {
    const asked: string[] = [];
    let takesTwice = true;
    let first: Response | undefined;
    const counting: typeof globalThis.fetch = async (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      asked.push(url.startsWith(home.idp.issuer) ? 'assertion' : url.endsWith('/token') ? 'token' : 'call');
      if (url.endsWith('/reset')) return new Response(null, { status: 401, headers: expired });
      if (!takesTwice || !url.startsWith(api.idp.issuer)) return fetch(input, init);
      first ??= await fetch(input, init);
      return first.clone();
    };
    const expired = { 'www-authenticate': 'Bearer error="invalid_token"' };
    const source = (await makeAgent({ fetch: counting })).onBehalfOf(subject);
    const call = (): Promise<Response> => source.fetch(wanted())(`${api.idp.passwordApiUrl}/reset`);
    expect((await call()).status).toBe(401);
    expect(asked).toEqual(['assertion', 'token', 'call', 'token', 'call']);
    takesTwice = false;
    asked.length = 0;
    await call();
    expect(asked).toEqual(['call', 'token', 'assertion', 'token', 'call']);
  });

  it('proves one key at both servers (DPoP), and the assertion is of no use without it', async () => {
    for (const [kit, id] of [
      [home, here],
      [api, there],
    ] as const) {
      const { body } = await kit.admin('GET', `/register/${id}`);
      await kit.admin('PUT', `/register/${id}`, { ...body, dpop_bound_access_tokens: true });
    }
    let stolen = '';
    const spying: typeof globalThis.fetch = async (input, init) => {
      const assertion =
        typeof init?.body === 'string' ? new URLSearchParams(init.body).get('assertion') : null;
      if (assertion === null) return fetch(input, init);
      const { kid } = key.publicKey;
      stolen = assertion;
      expect(claimsOf(assertion)['cnf']).toEqual({ jkt: await prover.thumbprint() });
      expect(kid).not.toBe(await prover.thumbprint());
      return fetch(input, init);
    };
    const prover = createProver(Date.now);
    const source = (await makeAgent({ prover, fetch: spying })).onBehalfOf(subject);
    const send = source.fetch(wanted());
    const url = `${api.idp.passwordApiUrl}/api/v1/users/user-x/lifecycle/reset_password?sendEmail=false`;
    expect((await send(url, { method: 'POST' })).status).toBe(200);
    const { value } = await source.token(wanted());
    expect(claimsOf(value)).toMatchObject({ cnf: { jkt: await prover.thumbprint() }, act: { sub: there } });
    expect((await reset(value)).status).toBe(401);
    const unproven = await askToken(
      api.idp.issuer,
      { clientId: there, key },
      { grant_type: bearerGrant, assertion: stolen },
    );
    expect([unproven.status, unproven.body['error']]).toEqual([400, 'invalid_dpop_proof']);
    const { body } = await api.admin('GET', `/register/${there}`);
    await api.admin('PUT', `/register/${there}`, { ...body, dpop_bound_access_tokens: false });
    const again = await askToken(
      api.idp.issuer,
      { clientId: there, key },
      { grant_type: bearerGrant, assertion: stolen },
    );
    expect([again.status, again.body['error']]).toEqual([400, 'invalid_grant']);
  });
});
