import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browse } from '../../src/demo/browser.ts';
import {
  ask,
  askToken,
  assertionType,
  claimsOf,
  makeKey,
  signedAssertion,
  startKit,
  type Answer,
  type Kit,
} from './kit.ts';

/** An agent asks a user who is not there (OpenID CIBA Core, poll mode). */
const agent = 'agent-id.password-reset.abcdefgh';
const other = 'agent-id.other.abcdefgh';
const key = makeKey();
const cibaGrant = 'urn:openid:params:grant-type:ciba';
const message = 'Reset the password of anna? <b>Ticket</b> 7';
let kit: Kit;

beforeAll(async () => {
  kit = await startKit();
  await kit.register(agent, key);
  await kit.register(other, key);
});
afterAll(() => kit.stop());

async function question(more: Record<string, string> = {}, clientId = agent): Promise<Answer> {
  return ask(`${kit.idp.issuer}/backchannel`, {
    method: 'POST',
    body: new URLSearchParams({
      scope: 'openid okta.users.manage',
      login_hint: 'user-x',
      resource: kit.idp.passwordApiUrl,
      binding_message: message,
      ...more,
      client_assertion_type: assertionType,
      client_assertion: await signedAssertion({ clientId, key }, kit.idp.issuer),
    }),
  });
}

async function poll(id: unknown, clientId = agent): Promise<Answer> {
  kit.time.shift += 10_000;
  return askToken(kit.idp.issuer, { clientId, key }, { grant_type: cibaGrant, auth_req_id: String(id) });
}

function person(name = 'user-x'): { name: string; password: string } {
  return { name, password: kit.password(name) };
}

/** Signs in at the page and gives the cookie and what the page shows. */
async function openPage(name = 'user-x'): Promise<{ cookie: string; page: string }> {
  const url = `${kit.idp.issuer}/requests`;
  const signedIn = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: kit.idp.issuer },
    body: new URLSearchParams({ username: name, password: kit.password(name), decision: 'sign-in' }),
  });
  const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  return { cookie, page: await (await fetch(url, { headers: { cookie } })).text() };
}

async function answer(
  cookie: string,
  form: Record<string, string>,
  origin = kit.idp.issuer,
): Promise<Response> {
  return fetch(`${kit.idp.issuer}/requests`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, origin },
    body: new URLSearchParams(form),
  });
}

function hiddenIn(page: string): { csrf: string; request: string } {
  const value = (name: string): string => new RegExp(`name="${name}" value="([^"]+)"`).exec(page)?.[1] ?? '';
  return { csrf: value('csrf'), request: value('request') };
}

describe('asking a user who is not there', () => {
  it('is published', async () => {
    const { body } = await ask(`${kit.idp.issuer}/.well-known/openid-configuration`);
    expect(body).toMatchObject({
      backchannel_authentication_endpoint: `${kit.idp.issuer}/backchannel`,
      backchannel_token_delivery_modes_supported: ['poll'],
    });
    expect(body['grant_types_supported']).toContain(cibaGrant);
  });

  it('gives, once allowed, a subject token of five minutes for this agent, this user, this API', async () => {
    const asked = await question();
    expect(asked).toMatchObject({ status: 200, body: { expires_in: 300, interval: 2 } });
    const id = asked.body['auth_req_id'];
    expect(await poll(id)).toMatchObject({ status: 400, body: { error: 'authorization_pending' } });
    await browse(`${kit.idp.issuer}/requests`, person());
    const { status, body } = await poll(id);
    expect([status, body['expires_in'], body['refresh_token']]).toEqual([200, 300, undefined]);
    const subject = String(body['access_token']);
    const claims = claimsOf(subject);
    expect(claims).toMatchObject({
      sub: 'user-x',
      aud: agent,
      resource: kit.idp.passwordApiUrl,
      scope: 'okta.users.manage',
    });
    expect(claimsOf(body['id_token'])).toMatchObject({ sub: 'user-x', aud: agent });

    const exchanged = await kit.exchange(agent, key, subject);
    const final = claimsOf(exchanged.body['access_token']);
    expect(final).toMatchObject({ sub: 'user-x', act: { sub: agent }, aud: kit.idp.passwordApiUrl });
    expect(Number(final['exp'])).toBeLessThanOrEqual(Number(claims['exp']));
    const live = await introspected(exchanged.body['access_token']);
    expect(live).toMatchObject({ active: true, act: { sub: agent } });

    // It is an answer to what was asked, and to no more.
    expect((await kit.exchange(agent, key, subject, { scope: 'okta.users.read' })).body['error']).toBe(
      'invalid_scope',
    );
    expect((await kit.exchange(other, key, subject)).body['error']).toBe('invalid_request');
    expect((await poll(id)).body['error']).toBe('invalid_grant');
    const { body: log } = await kit.admin('GET', '/admin/events');
    expect(log['events']).toContainEqual(
      expect.objectContaining({ kind: 'consent', operation: 'asked once', result: 'ok', user: 'user-x' }),
    );
  });

  it('shows who asks for what, as text, to that user only', async () => {
    await question();
    const { page, cookie } = await openPage();
    expect(page).toContain('Reset the password of anna? &lt;b&gt;Ticket&lt;/b&gt; 7');
    expect(page).toContain('Password-Reset Agent');
    expect(page).toContain('answers to @acme/support');
    expect(page).toContain('okta.users.manage');
    const theirs = await openPage('user-y');
    expect(theirs.page).toContain('No agent waits for your answer');
    const form = hiddenIn(page);
    await answer(theirs.cookie, { ...form, decision: 'allow' });
    expect((await openPage()).page).toContain(form.request);
    await answer(cookie, { ...form, decision: 'deny' });
    expect((await openPage()).page).not.toContain(form.request);
  });

  it('gives nothing to who was denied, and the answer only to who asked', async () => {
    const id = (await question()).body['auth_req_id'];
    expect((await poll(id, other)).body['error']).toBe('invalid_grant');
    const { page, cookie } = await openPage();
    await answer(cookie, { ...hiddenIn(page), decision: 'deny' });
    expect(await poll(id)).toMatchObject({ status: 400, body: { error: 'access_denied' } });
  });

  it('takes no answer that is not from its page', async () => {
    const id = (await question()).body['auth_req_id'];
    const { page, cookie } = await openPage();
    const form = { ...hiddenIn(page), decision: 'allow' };
    expect((await answer(cookie, form, 'https://elsewhere.example')).status).toBe(403);
    expect((await answer(cookie, { ...form, csrf: 'guess' })).status).toBe(403);
    expect((await answer(`${cookie.slice(0, -4)}AAAA`, form)).status).toBe(303);
    expect((await poll(id)).body['error']).toBe('authorization_pending');
    kit.time.shift += 601_000;
    await answer(cookie, form);
    expect((await poll(id)).body['error']).toBe('authorization_pending');
    const again = await openPage();
    await answer(again.cookie, { ...hiddenIn(again.page), decision: 'deny' });
  });

  it.each([
    ['an unknown user', 'unknown_user_id', { login_hint: 'nobody' }],
    ['a scope beyond its registration', 'invalid_scope', { scope: 'openid okta.groups.manage' }],
    ['no scope', 'invalid_scope', { scope: 'openid' }],
    ['an unknown API', 'invalid_target', { resource: 'https://api.example' }],
    ['a message that hides something', 'invalid_binding_message', { binding_message: 'a\u202eb' }],
    ['a long message', 'invalid_binding_message', { binding_message: 'm'.repeat(121) }],
  ])('refuses %s', async (_, error, more) => {
    expect(await question(more)).toMatchObject({ status: 400, body: { error } });
  });

  it('refuses an agent that acts as itself, and one that is revoked', async () => {
    await kit.register('agent-id.itself.abcdefgh', key, { acts_for: 'itself' });
    expect((await question({}, 'agent-id.itself.abcdefgh')).body['error']).toBe('unauthorized_client');
    await kit.register('agent-id.gone.abcdefgh', key);
    await kit.admin('POST', '/register/agent-id.gone.abcdefgh/revoke', {});
    expect((await question({}, 'agent-id.gone.abcdefgh')).body['error']).toBe('access_denied');
  });

  it('slows down who asks for the answer too often, and ends what was not answered', async () => {
    const id = String((await question({ requested_expiry: '2' })).body['auth_req_id']);
    const form = { grant_type: cibaGrant, auth_req_id: id };
    const client = { clientId: agent, key };
    expect((await askToken(kit.idp.issuer, client, form)).body['error']).toBe('authorization_pending');
    expect((await askToken(kit.idp.issuer, client, form)).body['error']).toBe('slow_down');
    await new Promise((resolve) => setTimeout(resolve, 3_100));
    expect((await poll(id)).body['error']).toBe('expired_token');
  });

  it('does not nag: at most five questions wait', async () => {
    const answers = [];
    for (let n = 0; n < 6; n += 1) answers.push(await question({ login_hint: 'user-y' }));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 400]);
    expect(answers[5]?.body['error']).toBe('access_denied');
  });
});

async function introspected(token: unknown): Promise<Record<string, unknown>> {
  const client_assertion = await signedAssertion({ clientId: agent, key }, kit.idp.issuer);
  const body = new URLSearchParams({
    token: String(token),
    client_assertion_type: assertionType,
    client_assertion,
  });
  return (await ask(`${kit.idp.issuer}/introspect`, { method: 'POST', body })).body;
}
