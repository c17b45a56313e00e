import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import okta from '@okta/okta-sdk-nodejs';
import { Ajv2019 } from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findOperation } from '../../src/idp/embedded/sandbox/okta-operations.ts';
import {
  ask,
  assertionType,
  claimsOf,
  makeKey,
  signedAssertion,
  startKit,
  type Answer,
  type Kit,
} from './kit.ts';

interface Slice {
  readonly operations: readonly {
    readonly operationId: string;
    readonly method: string;
    readonly path: string;
    readonly scopes: readonly string[];
    readonly responses: Readonly<Record<string, object | null>>;
  }[];
  readonly definitions: Readonly<Record<string, Record<string, unknown>>>;
}

const agent = 'agent-id.password-reset.abcdefgh';
const cron = 'agent-id.list-users.abcdefgh';
const keys = { agent: makeKey(), cron: makeKey() };
let kit: Kit;
let slice: Slice;
let ssws: Record<string, string>;
let tokenId: string;

beforeAll(async () => {
  kit = await startKit();
  slice = JSON.parse(
    await readFile(join(import.meta.dirname, '../fixtures/okta-openapi-slice.json'), 'utf8'),
  ) as Slice;
  const made = await kit.idp.createApiToken('shared token');
  tokenId = made.id;
  ssws = { authorization: `SSWS ${made.token.open()}` };
  await kit.register(agent, keys.agent);
  await kit.register(cron, keys.cron, {
    acts_for: 'itself',
    grants: [{ uri: kit.idp.passwordApiUrl, scopes: ['okta.users.read', 'okta.users.manage'] }],
  });
});
afterAll(() => kit.stop());

/** Checks an answer against Okta's own description; a field that it does not know is an error too. */
function judge(operationId: string, { status, body }: Answer, path: string): string {
  const operation = slice.operations.find((one) => one.operationId === operationId);
  const schema = operation?.responses[String(status)];
  if (operation === undefined || schema === undefined) return `${operationId} has no answer ${status}`;
  expect(findOperation(operation.method, path)?.operation.scope).toBe(operation.scopes[0]);
  if (schema === null) return 'ok';
  const ajv = new Ajv2019({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const definitions = Object.fromEntries(
    Object.entries(slice.definitions).map(([name, definition]) => [
      name,
      // Links of one thing are put together from several of these.
      name.startsWith('Links') ? definition : closed(definition),
    ]),
  );
  const validate = ajv.compile({ ...schema, definitions });
  const value: unknown = 'text' in body ? undefined : body;
  return validate(value) ? 'ok' : ajv.errorsText(validate.errors);
}

/** The description allows any field; for what is closed by nature, the test does not. */
function closed(schema: Record<string, unknown>): Record<string, unknown> {
  const open = schema['properties'] === undefined || schema['additionalProperties'] !== undefined;
  return open ? schema : { ...schema, unevaluatedProperties: false };
}

describe('Okta-shaped API', () => {
  it('answers as Okta describes', async () => {
    const calls: readonly (readonly [string, string, string, number])[] = [
      ['listUsers', 'GET', '/api/v1/users', 200],
      ['getUser', 'GET', '/api/v1/users/user-x', 200],
      ['getUser', 'GET', '/api/v1/users/nobody', 404],
      ['generateResetPasswordToken', 'POST', '/api/v1/users/user-y/lifecycle/reset_password', 200],
      ['generateResetPasswordToken', 'POST', '/api/v1/users/nobody/lifecycle/reset_password', 404],
      ['listGroups', 'GET', '/api/v1/groups', 200],
      ['listApiTokens', 'GET', '/api/v1/api-tokens', 200],
      ['getApiToken', 'GET', `/api/v1/api-tokens/${tokenId}`, 200],
      ['getApiToken', 'GET', '/api/v1/api-tokens/00Tnone', 404],
      ['revokeApiToken', 'DELETE', '/api/v1/api-tokens/00Tnone', 404],
    ];
    for (const [id, method, path, status] of calls) {
      const answer = await ask(`${kit.idp.oktaUrl}${path}?sendEmail=false`, { method, headers: ssws });
      expect([id, answer.status, judge(id, answer, path)]).toEqual([id, status, 'ok']);
    }
  });

  it('would notice a field that Okta does not have', () => {
    const answer = { status: 200, body: { id: '00T', name: 'x', value: 'leak' }, headers: new Headers() };
    expect(judge('getApiToken', answer, '/api/v1/api-tokens/x')).toContain('unevaluated');
  });

  it('works with the real SDK', async () => {
    const client = new okta.Client({ orgUrl: kit.idp.oktaUrl, token: ssws['authorization']?.slice(5) ?? '' });
    const reset = await client.userApi.generateResetPasswordToken({ userId: 'user-x', sendEmail: false });
    expect(reset.resetPasswordUrl).toContain('/reset_password/');
    const logins: string[] = [];
    const users = await client.userApi.listUsers({ limit: 2 });
    await users.each((user) => void logins.push(String(user.profile?.login)));
    expect(logins).toHaveLength(5);
    await expect(client.userApi.getUser({ userId: 'nobody' })).rejects.toThrow(/E0000007/);
  });

  it('searches, pages, and refuses what it cannot read', async () => {
    const get = (query: string): Promise<Answer> =>
      ask(`${kit.idp.oktaUrl}/api/v1/users?${query}`, { headers: ssws });
    const search = await get(`search=${encodeURIComponent('profile.login eq "user-y@acme.example"')}`);
    expect(search.body).toHaveLength(1);
    expect((await get('q=xen')).body).toHaveLength(1);
    const page = await get('limit=2');
    expect(page.headers.get('link')).toContain('rel="next"');
    expect((await get('limit=0')).body).toMatchObject({ errorCode: 'E0000001' });
    expect((await get('search=(drop')).body).toMatchObject({ errorCode: 'E0000031' });
  });

  it('takes no token but its own, and says so as Okta does', async () => {
    const delegated = await onBehalf();
    const refusals = await Promise.all(
      [undefined, 'SSWS 00wrong', 'Bearer x', `Bearer ${delegated}`, 'Basic eDp5'].map((authorization) =>
        ask(
          `${kit.idp.oktaUrl}/api/v1/users`,
          authorization === undefined ? {} : { headers: { authorization } },
        ),
      ),
    );
    for (const { status, body } of refusals) {
      expect([status, body['errorCode']]).toEqual([401, 'E0000011']);
      expect(Object.keys(body)).toEqual(['errorCode', 'errorSummary', 'errorLink', 'errorId', 'errorCauses']);
    }
    expect((await ask(`${kit.idp.oktaUrl}/api/v1/apps`, { headers: ssws })).body).toMatchObject({
      errorCode: 'E0000022',
    });
  });

  it('gives a service app one hour, only its scopes, only with its key', async () => {
    const endpoint = `${kit.idp.oktaUrl}/oauth2/v1/token`;
    const key = await passwordApiKey();
    const token = async (form: Record<string, string>, signer = key): Promise<Answer> =>
      ask(endpoint, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_assertion_type: assertionType,
          client_assertion: await signedAssertion({ clientId: 'password-api', key: signer }, endpoint),
          ...form,
        }),
      });
    const good = await token({ scope: 'okta.groups.read' });
    expect(good.body).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'okta.groups.read' });
    expect(claimsOf(good.body['access_token'])).toMatchObject({
      scp: ['okta.groups.read'],
      cid: 'password-api',
    });
    const headers = { authorization: `Bearer ${String(good.body['access_token'])}` };
    expect((await ask(`${kit.idp.oktaUrl}/api/v1/groups`, { headers })).status).toBe(200);
    const narrow = await ask(`${kit.idp.oktaUrl}/api/v1/users`, { headers });
    expect([narrow.status, narrow.body['errorCode']]).toEqual([403, 'E0000006']);
    expect((await token({ scope: 'okta.apps.manage' })).body['error']).toBe('invalid_scope');
    expect((await token({ scope: 'okta.groups.read' }, makeKey())).body['error']).toBe('invalid_client');
  });

  it('shows a static token once, keeps a hash, and forgets a deleted one at once', async () => {
    const made = await kit.idp.createApiToken('short');
    const headers = { authorization: `SSWS ${made.token.open()}` };
    expect(made.token.open()).toMatch(/^00[A-Za-z0-9]{40}$/);
    expect((await ask(`${kit.idp.oktaUrl}/api/v1/users`, { headers })).status).toBe(200);
    expect(await readFile(join(kit.dataDir, 'okta.json'), 'utf8')).not.toContain(made.token.open());
    const url = `${kit.idp.oktaUrl}/api/v1/api-tokens/${made.id}`;
    expect((await ask(url, { method: 'DELETE', headers: ssws })).status).toBe(204);
    expect((await ask(`${kit.idp.oktaUrl}/api/v1/users`, { headers })).status).toBe(401);
    expect(
      (await ask(`${kit.idp.oktaUrl}/sandbox/api-tokens`, { method: 'POST', headers: ssws })).status,
    ).toBe(401);
  });
});

describe('Password API', () => {
  it('answers on behalf of a user, as Okta describes, with links of its own', async () => {
    const token = await onBehalf('okta.users.read');
    const users = await ask(`${kit.idp.passwordApiUrl}/api/v1/users?limit=2`, bearer(token));
    expect(judge('listUsers', users, '/api/v1/users')).toBe('ok');
    expect(users.headers.get('link')).not.toContain(kit.idp.oktaUrl);
    expect(JSON.stringify(users.body)).not.toContain(kit.idp.oktaUrl);
    const missing = await ask(`${kit.idp.passwordApiUrl}/api/v1/users/nobody`, bearer(token));
    expect([missing.status, missing.body['errorCode']]).toEqual([404, 'E0000007']);
  });

  it('refuses in the words of RFC 6750', async () => {
    const reset = `${kit.idp.passwordApiUrl}/api/v1/users/user-x/lifecycle/reset_password?sendEmail=false`;
    const read = await onBehalf('okta.users.read');
    const narrow = await ask(reset, { method: 'POST', ...bearer(read) });
    expect([narrow.status, narrow.headers.get('www-authenticate')]).toEqual([
      403,
      expect.stringContaining('error="insufficient_scope"'),
    ]);
    const none = await ask(reset, { method: 'POST' });
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="Password API"']);
    const { access } = await kit.login();
    for (const token of [access, 'x', `${read}x`, ssws['authorization']?.slice(5) ?? '']) {
      const { status, headers } = await ask(reset, { method: 'POST', ...bearer(token) });
      expect([status, headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringContaining('error="invalid_token"'),
      ]);
    }
    const own = await kit.itself(cron, keys.cron, { scope: 'okta.users.manage' });
    expect((await ask(reset, { method: 'POST', ...bearer(own.body['access_token']) })).status).toBe(403);
    expect((await ask(`${kit.idp.passwordApiUrl}/api/v1/api-tokens`, bearer(read))).status).toBe(404);
  });

  it('takes no token after five minutes, and none that was revoked', async () => {
    const token = await onBehalf('okta.users.read');
    const url = `${kit.idp.passwordApiUrl}/api/v1/users`;
    const { body } = await kit.exchange(agent, keys.agent, (await kit.login()).access, {
      scope: 'okta.users.read',
    });
    await ask(`${kit.idp.issuer}/revoke`, {
      method: 'POST',
      body: new URLSearchParams({
        token: String(body['access_token']),
        client_assertion_type: assertionType,
        client_assertion: await signedAssertion({ clientId: agent, key: keys.agent }, kit.idp.issuer),
      }),
    });
    expect((await ask(url, bearer(body['access_token']))).status).toBe(401);
    expect((await ask(url, bearer(token))).status).toBe(200);
    kit.time.shift = 301_000;
    expect((await ask(url, bearer(token))).status).toBe(401);
    kit.time.shift = 0;
  });

  it('writes each access to the events: agent, user, operation', async () => {
    const token = await onBehalf('okta.users.manage');
    await ask(`${kit.idp.passwordApiUrl}/api/v1/users/user-x/lifecycle/reset_password?sendEmail=false`, {
      method: 'POST',
      ...bearer(token),
    });
    const { body } = await kit.admin('GET', '/admin/events?since=0');
    const events = body['events'] as Record<string, unknown>[];
    expect(events.findLast((event) => event['kind'] === 'access')).toMatchObject({
      agent: { clientId: agent, displayName: 'Password-Reset Agent' },
      user: 'user-x',
      resource: { displayName: 'Password API' },
      operation: 'POST /api/v1/users/{id}/lifecycle/reset_password',
      result: 'ok',
    });
    expect(JSON.stringify(events)).not.toContain(token);
  });
});

function bearer(token: unknown): { headers: Record<string, string> } {
  return { headers: { authorization: `Bearer ${String(token)}` } };
}

async function onBehalf(scope = 'okta.users.manage'): Promise<string> {
  const { body } = await kit.exchange(agent, keys.agent, (await kit.login()).access, { scope });
  return String(body['access_token']);
}

async function passwordApiKey(): Promise<ReturnType<typeof makeKey>> {
  const { createPrivateKey } = await import('node:crypto');
  const { toPublicJwk } = await import('../../src/lib/keys.ts');
  const jwk = JSON.parse(await readFile(join(kit.dataDir, 'password-api.jwk.json'), 'utf8')) as {
    x: string;
    y: string;
  };
  return { privateKey: createPrivateKey({ format: 'jwk', key: jwk as never }), publicKey: toPublicJwk(jwk) };
}
