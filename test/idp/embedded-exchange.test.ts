import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, claimsOf, makeKey, startKit, type Kit } from './kit.ts';

const agent = 'agent-id.password-reset.abcdefgh';
const other = 'agent-id.helpdesk.abcdefgh';
const cron = 'agent-id.list-groups.abcdefgh';
const keys = { agent: makeKey(), other: makeKey(), cron: makeKey() };
let kit: Kit;
let subject: string;
let refresh: string;

beforeAll(async () => {
  kit = await startKit();
  await kit.register(agent, keys.agent);
  await kit.register(other, keys.other, { client_name: 'Helpdesk Agent' });
  await kit.register(cron, keys.cron, {
    client_name: 'List-Groups Agent',
    acts_for: 'itself',
    grants: [{ uri: kit.idp.passwordApiUrl, scopes: ['okta.groups.read'] }],
  });
  ({ access: subject, refresh } = await kit.login());
});
afterAll(() => kit.stop());

function callApi(
  token: unknown,
  path = '/api/v1/users/user-x/lifecycle/reset_password?sendEmail=false',
  method = 'POST',
) {
  return ask(`${kit.idp.passwordApiUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${String(token)}` },
  });
}

describe('token exchange', () => {
  it('gives the login client a token that names the agents the user agreed to', () => {
    const { iss, sub, aud, client_id: client, exp, iat } = claimsOf(subject);
    expect({ iss, sub, aud, client }).toEqual({
      iss: kit.idp.issuer,
      sub: 'user-x',
      aud: [agent, other],
      client: 'agent-id-cli',
    });
    expect(Number(exp) - Number(iat)).toBe(3600);
    expect(refresh).toMatch(/^\S{20,}$/);
  });

  it('issues five minutes for one resource, with user and agent', async () => {
    const { status, body } = await kit.exchange(agent, keys.agent, subject);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'okta.users.manage',
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
    const claims = claimsOf(body['access_token']);
    expect(claims).toMatchObject({
      iss: kit.idp.issuer,
      sub: 'user-x',
      client_id: agent,
      aud: kit.idp.passwordApiUrl,
      scope: 'okta.users.manage',
      act: { sub: agent },
    });
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(300);
    const reset = await callApi(body['access_token']);
    expect([reset.status, Object.keys(reset.body)]).toEqual([200, ['resetPasswordUrl']]);
  });

  it('refuses a wider scope, another resource, several resources and a token that is none', async () => {
    const refusals = await Promise.all([
      kit.exchange(agent, keys.agent, subject, { scope: 'okta.users.manage okta.groups.read' }),
      kit.exchange(agent, keys.agent, subject, { resource: 'http://127.0.0.1:9/' }),
      kit.exchange(agent, keys.agent, `${subject}x`),
      kit.exchange(agent, keys.agent, subject, { actor_token: subject, actor_token_type: 'x' }),
      kit.exchange(agent, keys.agent, subject, { audience: agent }),
    ]);
    expect(refusals.map(({ status, body }) => [status, body['error']])).toEqual([
      [400, 'invalid_scope'],
      [400, 'invalid_target'],
      [400, 'invalid_request'],
      [400, 'invalid_request'],
      [400, 'invalid_target'],
    ]);
  });

  it('knows no agent without the right key', async () => {
    const { status, body } = await kit.exchange(agent, keys.other, subject);
    expect([status, body['error']]).toEqual([401, 'invalid_client']);
  });

  it('refuses a subject token that names another agent only', async () => {
    const late = 'agent-id.late.abcdefgh';
    const key = makeKey();
    await kit.register(late, key, { client_name: 'Late Agent' });
    const before = await kit.exchange(late, key, subject);
    expect([before.status, before.body['error']]).toEqual([400, 'invalid_request']);
    const again = await kit.login();
    expect(claimsOf(again.access)['aud']).toEqual([agent, other, late]);
    expect((await kit.exchange(late, key, again.access)).status).toBe(200);
  });

  it('gives an agent that acts for users nothing for its key alone', async () => {
    const { status, body } = await kit.itself(agent, keys.agent, { scope: 'okta.users.read' });
    expect([status, body['error']]).toEqual([400, 'unauthorized_client']);
  });

  it('lets an agent without a user act as itself, for reads only', async () => {
    const { status, body } = await kit.itself(cron, keys.cron);
    expect([status, body['expires_in']]).toEqual([200, 300]);
    expect(claimsOf(body['access_token'])).toMatchObject({ sub: cron, aud: kit.idp.passwordApiUrl });
    expect(claimsOf(body['access_token'])['act']).toBeUndefined();
    expect((await callApi(body['access_token'], '/api/v1/groups', 'GET')).status).toBe(200);
    const write = await callApi(body['access_token']);
    expect(write.status).toBe(403);
    const exchange = await kit.exchange(cron, keys.cron, subject);
    expect([exchange.status, exchange.body['error']]).toEqual([400, 'unauthorized_client']);
  });

  it('stops a revoked agent at once, its live tokens too, and no other', async () => {
    const live = (await kit.exchange(agent, keys.agent, subject)).body['access_token'];
    const theirs = (await kit.exchange(other, keys.other, subject)).body['access_token'];
    expect((await callApi(live)).status).toBe(200);
    await kit.admin('POST', `/register/${agent}/revoke`);
    const refused = await kit.exchange(agent, keys.agent, subject);
    expect(refused.body).toMatchObject({ error: 'access_denied', error_description: 'agent revoked' });
    const dead = await callApi(live);
    expect([dead.status, dead.body['error']]).toEqual([401, 'invalid_token']);
    expect((await callApi(theirs)).status).toBe(200);
    await kit.admin('POST', `/register/${agent}/restore`);
    expect((await callApi(live)).status).toBe(401);
    const anew = await kit.exchange(agent, keys.agent, (await kit.login()).access);
    expect(anew.status).toBe(200);
    expect((await callApi(anew.body['access_token'])).status).toBe(200);
  });

  it('keeps everything over a restart', async () => {
    const issuer = kit.idp.issuer;
    await kit.restart();
    expect(kit.idp.issuer).toBe(issuer);
    expect(kit.idp.users.map((user) => user.password)).toEqual([null, null]);
    const { status, body } = await kit.exchange(other, keys.other, subject);
    expect(status).toBe(200);
    expect((await callApi(body['access_token'])).status).toBe(200);
    const renewed = await ask(`${issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: 'agent-id-cli',
        refresh_token: refresh,
      }),
    });
    expect(renewed.status).toBe(200);
    expect(renewed.body['refresh_token']).not.toBe(refresh);
    expect(claimsOf(renewed.body['access_token'])).toMatchObject({ sub: 'user-x' });
  });
});
