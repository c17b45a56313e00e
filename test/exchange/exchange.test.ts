import { chmod } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ExchangeError, type ExchangeCode } from '../../src/exchange/error.ts';
import { createFileSigner, toThumbprint } from '../../src/exchange/node.ts';
import { toOperation } from '../../src/exchange/operation.ts';
import { clientId, startFakeAs, userScope, type FakeAs } from './fake-as.ts';

let fake: FakeAs;

beforeAll(async () => {
  fake = await startFakeAs();
});

afterAll(() => fake.stop());

beforeEach(() => {
  fake.seen.length = 0;
  fake.events.length = 0;
  fake.now = Date.now();
  fake.alter = () => undefined;
  fake.intercept = () => false;
  fake.api = (_request, response) => response.end('{}');
});

function request(scopes = [userScope]): { resource: string; scopes: string[] } {
  return { resource: fake.resource, scopes };
}

async function codeOf(promise: Promise<unknown>): Promise<ExchangeCode | undefined> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined || error instanceof ExchangeError) return error?.code;
  throw new Error('not an ExchangeError', { cause: error });
}

describe('exchange', () => {
  it('sends what RFC 8693, 8707 and 7523 ask for', async () => {
    const subject = fake.subject('user-x');
    const token = await fake
      .agent()
      .onBehalfOf(subject)
      .token(request(['b.read', 'a.read', 'a.read']));
    expect(token).toMatchObject({ subject: 'user-x', resource: fake.resource, jti: 'jti-1' });
    const [seen] = fake.seen;
    expect(Object.fromEntries(seen?.form ?? [])).toMatchObject({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subject,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      resource: fake.resource,
      scope: 'a.read b.read',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
    const { iat, exp, jti, ...claims } = seen?.assertion ?? {};
    expect(claims).toEqual({ iss: clientId, sub: clientId, aud: `${fake.origin}/token` });
    expect(Number(exp) - Number(iat)).toBe(60);
    expect(jti).toEqual(expect.any(String));
    expect(seen?.kid).toBe((await createFileSigner(fake.keyFile)).kid);
  });

  it('acts as itself only when told to', async () => {
    const token = await fake.agent().asItself().token(request());
    expect(token.subject).toBeNull();
    expect(fake.seen[0]?.form.get('grant_type')).toBe('client_credentials');
    expect(fake.seen[0]?.form.get('subject_token')).toBeNull();
    expect(fake.events).toMatchObject([{ kind: 'exchange', asItself: true, subject: null, result: 'ok' }]);
  });

  it('shares one exchange among 100 parallel callers, and answers later from memory', async () => {
    const source = fake.agent().onBehalfOf(fake.subject('user-x'));
    const tokens = await Promise.all(Array.from({ length: 100 }, () => source.token(request())));
    await source.token(request());
    expect(new Set(tokens.map((token) => token.value)).size).toBe(1);
    expect(fake.seen).toHaveLength(1);
  });

  it('keeps users, resources and scopes apart', async () => {
    const agent = fake.agent();
    const x = fake.subject('user-x');
    const asks = [
      agent.onBehalfOf(x).token(request()),
      agent.onBehalfOf(fake.subject('user-y')).token(request()),
      agent.onBehalfOf(x).token(request(['other.read'])),
      agent.onBehalfOf(x).token({ resource: `${fake.origin}/second/`, scopes: [userScope] }),
      agent.asItself().token(request()),
    ];
    const tokens = await Promise.all(asks);
    expect(new Set(tokens.map((token) => token.value)).size).toBe(5);
    expect(fake.seen).toHaveLength(5);
    expect(tokens.map((token) => token.subject)).toEqual(['user-x', 'user-y', 'user-x', 'user-x', null]);
  });

  it('gets a new token 30 seconds before the old one ends, or when the user’s own ends', async () => {
    const source = fake.agent().onBehalfOf(fake.subject('user-x'));
    await source.token(request());
    fake.now += 269_000;
    await source.token(request());
    expect(fake.seen).toHaveLength(1);
    fake.now += 2_000;
    await source.token(request());
    expect(fake.seen).toHaveLength(2);

    const brief = fake.agent().onBehalfOf(fake.subject('user-x', { exp: Math.floor(fake.now / 1000) + 60 }));
    await brief.token(request());
    fake.now += 31_000;
    await brief.token(request());
    expect(fake.seen).toHaveLength(4);
    fake.now += 30_000;
    expect(await codeOf(brief.token(request()))).toBe('subject-expired');
    expect(fake.seen).toHaveLength(4);
  });
});

describe('an answer that is not what was asked', () => {
  const cases: readonly [string, ExchangeCode, FakeAs['alter']][] = [
    [
      'wider by its scope field',
      'wider-scope',
      (answer) => (answer['scope'] = `${userScope} okta.apps.manage`),
    ],
    ['wider inside the token', 'wider-scope', (_, claims) => (claims['scope'] = `${userScope} admin`)],
    [
      'wider inside the token as scp',
      'wider-scope',
      (_, claims) => {
        delete claims['scope'];
        claims['scp'] = [userScope, 'admin'];
      },
    ],
    ['longer by expires_in', 'too-long', (answer) => (answer['expires_in'] = 301)],
    ['longer by the token’s exp', 'too-long', (_, claims) => (claims['exp'] = Number(claims['iat']) + 3600)],
    [
      'longer, dated into the future',
      'too-long',
      (_, claims) => {
        claims['iat'] = Number(claims['iat']) + 3600;
        claims['exp'] = Number(claims['iat']) + 300;
      },
    ],
    [
      'silent about its end',
      'too-long',
      (answer, claims) => {
        delete answer['expires_in'];
        delete claims['exp'];
      },
    ],
    [
      'expired already',
      'expired-answer',
      (_, claims) => {
        claims['iat'] = Number(claims['iat']) - 900;
        claims['exp'] = Number(claims['iat']) + 300;
      },
    ],
    ['for another audience', 'wrong-audience', (_, claims) => (claims['aud'] = 'https://elsewhere.example')],
    [
      'for one audience more',
      'wrong-audience',
      (_, claims) => (claims['aud'] = [claims['aud'], 'https://b.example']),
    ],
    ['without an audience', 'wrong-audience', (_, claims) => delete claims['aud']],
    ['by another issuer', 'wrong-issuer', (_, claims) => (claims['iss'] = 'https://elsewhere.example')],
    ['without an actor', 'wrong-actor', (_, claims) => delete claims['act']],
    [
      'with another actor',
      'wrong-actor',
      (_, claims) => (claims['act'] = { sub: 'agent-id.other.abcdefgh' }),
    ],
    [
      'with the agent only as an earlier actor',
      'wrong-actor',
      (_, claims) => {
        claims['act'] = { sub: 'other', act: { sub: clientId } };
      },
    ],
    [
      'opaque, so that the actor cannot be seen',
      'wrong-actor',
      (answer) => (answer['access_token'] = 'opaque'),
    ],
    ['for another user', 'wrong-subject', (_, claims) => (claims['sub'] = 'user-y')],
    ['without a user', 'wrong-subject', (_, claims) => delete claims['sub']],
    [
      'an ID token',
      'wrong-token-type',
      (answer) => {
        answer['issued_token_type'] = 'urn:ietf:params:oauth:token-type:id_token';
      },
    ],
    ['of unnamed type', 'wrong-token-type', (answer) => delete answer['issued_token_type']],
    ['bound to a key', 'wrong-token-type', (answer) => (answer['token_type'] = 'DPoP')],
    ['no token', 'malformed-answer', (answer) => (answer['access_token'] = '')],
    ['a header in disguise', 'malformed-answer', (answer) => (answer['access_token'] = 'a\r\nX-Evil: 1')],
    ['malformed in its scope', 'malformed-answer', (answer) => (answer['scope'] = 7)],
  ];

  it.each(cases)('is refused when it is %s', async (_name, code, alter) => {
    fake.alter = alter;
    expect(await codeOf(fake.agent().onBehalfOf(fake.subject('user-x')).token(request()))).toBe(code);
    expect(fake.events).toMatchObject([{ kind: 'exchange', result: 'failed', reason: code }]);
  });

  it('is accepted when it is narrower, and says so', async () => {
    fake.alter = (answer, claims) => (answer['scope'] = claims['scope'] = 'a.read');
    const token = await fake
      .agent()
      .onBehalfOf(fake.subject('user-x'))
      .token(request(['a.read', 'b.read']));
    expect(token.scopes).toEqual(['a.read']);
  });

  it('may lack the actor where the provider cannot name it', async () => {
    fake.alter = (_answer, claims) => delete claims['act'];
    const agent = fake.agent({ requireAct: false });
    expect((await agent.onBehalfOf(fake.subject('user-x')).token(request())).subject).toBe('user-x');
  });
});

describe('a refusal of the provider', () => {
  const cases: readonly [number, string, ExchangeCode, string][] = [
    [400, '{"error":"access_denied"}', 'access-denied', 'denied'],
    [400, '{"error":"invalid_grant"}', 'invalid-grant', 'denied'],
    [400, '{"error":"invalid_request"}', 'invalid-request', 'denied'],
    [400, '{"error":"invalid_target"}', 'invalid-target', 'denied'],
    [400, '{"error":"unauthorized_client"}', 'unauthorized-client', 'denied'],
    [401, '{"error":"invalid_client"}', 'invalid-client', 'denied'],
    [403, '<html>', 'access-denied', 'denied'],
    [400, '{"error":"strange"}', 'malformed-answer', 'failed'],
    [200, 'not json', 'malformed-answer', 'failed'],
    [200, '[]', 'malformed-answer', 'failed'],
    [302, '', 'malformed-answer', 'failed'],
    [429, '{"error":"access_denied"}', 'server-error', 'failed'],
    [503, '{"error":"invalid_grant"}', 'server-error', 'failed'],
  ];

  it.each(cases)('%i %s is %s', async (status, body, code, kind) => {
    fake.intercept = (response) => {
      response.writeHead(status, { location: 'https://elsewhere.example/' }).end(body);
      return true;
    };
    const error: unknown = await fake
      .agent()
      .onBehalfOf(fake.subject('user-x'))
      .token(request())
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      name: 'ExchangeError',
      code,
      kind,
      status,
    });
  });

  it('is remembered for a few seconds when asking again cannot help', async () => {
    let error = 'access_denied';
    fake.intercept = (response) => {
      response.writeHead(400).end(JSON.stringify({ error }));
      return true;
    };
    const source = fake.agent().onBehalfOf(fake.subject('user-x'));
    expect(await codeOf(source.token(request()))).toBe('access-denied');
    expect(await codeOf(source.token(request()))).toBe('access-denied');
    expect(fake.seen).toHaveLength(1);
    fake.now += 6_000;
    error = 'invalid_client';
    expect(await codeOf(source.token(request()))).toBe('invalid-client');
    expect(await codeOf(source.token(request()))).toBe('invalid-client');
    expect(fake.seen).toHaveLength(3);
  });

  it('never quotes what might be a token', async () => {
    const subject = fake.subject('user-x');
    fake.intercept = (response) => {
      response
        .writeHead(400)
        .end(JSON.stringify({ error: 'invalid_grant', error_description: `bad ${subject}` }));
      return true;
    };
    const error: unknown = await fake
      .agent()
      .onBehalfOf(subject)
      .token(request())
      .catch((reason: unknown) => reason);
    expect(String(error)).toContain('invalid_grant');
    expect(JSON.stringify([String(error), fake.events])).not.toContain(subject.slice(0, 40));
  });

  it('is told from a provider that cannot be reached', async () => {
    const agent = fake.agent({ tokenEndpoint: 'http://127.0.0.1:9/token' });
    expect(await codeOf(agent.asItself().token(request()))).toBe('unreachable');
  });

  it('comes before any request when the request itself is malformed', async () => {
    const agent = fake.agent();
    expect(() => agent.onBehalfOf('')).toThrow(ExchangeError);
    expect(() => agent.onBehalfOf('a b')).toThrow(ExchangeError);
    expect(await codeOf(agent.asItself().token({ resource: 'not a uri', scopes: [] }))).toBe(
      'malformed-request',
    );
    expect(await codeOf(agent.asItself().token(request(['a b'])))).toBe('malformed-request');
    expect(fake.seen).toHaveLength(0);
  });
});

describe('fetch', () => {
  it('adds the token and tells which operation was called', async () => {
    const seen: (string | undefined)[] = [];
    fake.api = (incoming, response) => {
      seen.push(incoming.headers.authorization);
      response.end('{}');
    };
    const call = fake.agent().onBehalfOf(fake.subject('user-x')).fetch(request());
    const answer = await call(`${fake.resource}v1/users/00u1/lifecycle/reset_password?x=1`, {
      method: 'POST',
      headers: { authorization: 'SSWS old' },
    });
    expect(answer.status).toBe(200);
    expect(seen[0]).toMatch(/^Bearer ey/);
    expect(fake.events.map((event) => event.kind)).toEqual(['exchange', 'call']);
    expect(fake.events[1]).toMatchObject({
      operation: 'POST /api/v1/users/{id}/lifecycle/reset_password',
      subject: 'user-x',
      result: 'ok',
      jti: 'jti-1',
    });
    expect(JSON.stringify(fake.events)).not.toContain('00u1');
  });

  it('sends the token nowhere but below the resource', async () => {
    const call = fake.agent().asItself().fetch(request());
    for (const url of [
      'http://127.0.0.1:9/api/x',
      `${fake.origin}/other`,
      `${fake.origin}/apix`,
      `${fake.origin}/api/../other`,
      `${fake.origin}/api/%2e%2e/other`,
      `${fake.origin}/api/..%2fother`,
      fake.resource.replace('http://', 'http://user:word@'),
    ]) {
      const error: unknown = await call(url).catch((reason: unknown) => reason);
      expect([url, error instanceof ExchangeError || error instanceof TypeError]).toEqual([url, true]);
    }
    expect(fake.seen).toHaveLength(0);
  });

  it('follows a redirect below the resource and refuses any other', async () => {
    let location = '/api/there';
    const paths: (string | undefined)[] = [];
    fake.api = (incoming, response) => {
      paths.push(incoming.url);
      if (incoming.url === '/api/here') response.writeHead(302, { location }).end();
      else response.end('there');
    };
    const call = fake.agent().asItself().fetch(request());
    expect(await (await call(`${fake.resource}here`)).text()).toBe('there');
    expect((await call(`${fake.resource}here`, { redirect: 'manual' })).status).toBe(302);
    expect((await call(`${fake.resource}here`, { method: 'POST' })).status).toBe(302);
    expect(await codeOf(call(`${fake.resource}here`, { redirect: 'error' }))).toBe('redirected');
    location = `${fake.origin}/elsewhere`;
    expect(await codeOf(call(`${fake.resource}here`))).toBe('redirected');
    location = 'http://127.0.0.1:9/api/';
    expect(await codeOf(call(`${fake.resource}here`))).toBe('redirected');
    expect(paths).not.toContain('/elsewhere');
  });

  it('exchanges once more when the resource says invalid_token, with the same body', async () => {
    const bodies: string[] = [];
    fake.api = (incoming, response) => {
      let body = '';
      incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
      incoming.on('end', () => {
        bodies.push(body);
        if (bodies.length === 1)
          response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' });
        response.end('{}');
      });
    };
    const call = fake.agent().asItself().fetch(request());
    expect((await call(fake.resource, { method: 'POST', body: '{"a":1}' })).status).toBe(200);
    expect(bodies).toEqual(['{"a":1}', '{"a":1}']);
    expect(fake.seen).toHaveLength(2);
    fake.api = (_incoming, response) =>
      response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end();
    expect((await call(fake.resource)).status).toBe(401);
    expect(fake.seen).toHaveLength(3);
    fake.api = (_incoming, response) =>
      response.writeHead(401, { 'www-authenticate': 'Bearer error="insufficient_scope"' }).end();
    expect((await call(fake.resource)).status).toBe(401);
    expect(fake.seen).toHaveLength(3);
    expect(fake.events.at(-1)).toMatchObject({ kind: 'call', result: 'denied', reason: '401' });
  });

  it('tells no call where there was no token', async () => {
    fake.intercept = (response) => {
      response.writeHead(400).end('{"error":"access_denied"}');
      return true;
    };
    expect(await codeOf(fake.agent().asItself().fetch(request())(fake.resource))).toBe('access-denied');
    expect(fake.events.map((event) => [event.kind, event.result])).toEqual([['exchange', 'denied']]);
  });
});

describe('operation', () => {
  it.each([
    ['get', '/api/v1/users/user-x', 'GET /api/v1/users/{id}'],
    [
      'POST',
      '/api/v1/users/00u/lifecycle/reset_password',
      'POST /api/v1/users/{id}/lifecycle/reset_password',
    ],
    ['GET', '/api/v1/groups', 'GET /api/v1/groups'],
    ['GET', '/a/5f9c/b/x@y.example', 'GET /a/{id}/b/{id}'],
    ['GET', '/status', 'GET /status'],
  ])('%s %s', (method, path, expected) => {
    expect(toOperation(method, path)).toBe(expected);
  });
});

describe('key file', () => {
  it('is refused when others may read it', async () => {
    await chmod(fake.keyFile, 0o640);
    await expect(createFileSigner(fake.keyFile)).rejects.toMatchObject({ problem: 'too-open' });
    await chmod(fake.keyFile, 0o600);
    await expect(createFileSigner(`${fake.keyFile}.no`)).rejects.toMatchObject({ problem: 'missing' });
  });

  it('has the thumbprint of RFC 7638 for EC keys', () => {
    // The example key of RFC 7517 appendix A.1.
    const x = 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4';
    const y = '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM';
    expect(toThumbprint({ x, y })).toBe('cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s');
  });
});
