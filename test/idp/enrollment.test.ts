import { createPrivateKey, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signAssertion } from '../../src/exchange/assertion.ts';
import { makeKey, startKit, type Kit, type TestKey } from './kit.ts';

let kit: Kit;
const clientId = 'agent-id.reports.abcdefgh';

beforeAll(async () => {
  kit = await startKit();
  expect((await kit.register(clientId, makeKey())).status).toBe(201);
});

afterAll(() => kit.stop());

async function enroll(
  key: TestKey,
  more: object,
  signedBy: TestKey = key,
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const proof = await signAssertion(
    {
      kid: key.publicKey.kid,
      alg: 'ES256',
      sign: async (input) =>
        sign('sha256', input, {
          key: createPrivateKey(signedBy.privateKey.export({ format: 'pem', type: 'pkcs8' })),
          dsaEncoding: 'ieee-p1363',
        }),
    },
    { clientId, audience: `${kit.idp.issuer}/enroll`, now: Date.now() + kit.time.shift },
  );
  return post('/enroll', {
    client_id: clientId,
    name: 'laptop',
    jwks: { keys: [key.publicKey] },
    proof,
    ...more,
  });
}

async function post(
  path: string,
  body: object,
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const response = await fetch(`${kit.idp.issuer}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function makeCode(): Promise<string> {
  const { status, body } = await kit.admin('POST', `/register/${clientId}/code`);
  expect([status, body['expires_in']]).toEqual([201, 600]);
  return String(body['code']);
}

describe('enrolment at the embedded provider', () => {
  it('takes a code for ten minutes, also after a restart, and not a second longer', async () => {
    const [early, late] = [await makeCode(), await makeCode()];
    await kit.restart();
    kit.time.shift = 595_000;
    expect((await enroll(makeKey(), { code: early })).status).toBe(200);
    kit.time.shift = 601_000;
    expect(await enroll(makeKey(), { code: late })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    kit.time.shift = 0;
  });

  it('takes no key that the machine does not hold, and no second one beside it', async () => {
    const code = await makeCode();
    const [mine, theirs] = [makeKey(), makeKey()];
    expect(await enroll(theirs, { code }, mine)).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
    const two = { jwks: { keys: [mine.publicKey, theirs.publicKey] } };
    expect(await enroll(mine, { code, ...two })).toMatchObject({ status: 400 });
    expect((await enroll(mine, { code })).status).toBe(200);
  });

  it('lets one in of two that use a code at once', async () => {
    const code = await makeCode();
    const answers = await Promise.all([enroll(makeKey(), { code }), enroll(makeKey(), { code })]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400]);
  });

  it('tells those who wait nothing before an administrator decides, and ends after ten minutes', async () => {
    const asked = await enroll(makeKey(), {});
    const waiting = { device_code: asked.body['device_code'] };
    expect((await post('/enroll/poll', waiting)).body['error']).toBe('authorization_pending');
    expect(
      (await fetch(`${kit.idp.issuer}/admin/enrollments/${String(asked.body['user_code'])}`)).status,
    ).toBe(401);
    kit.time.shift = 601_000;
    expect((await post('/enroll/poll', waiting)).body['error']).toBe('expired_token');
    const late = await kit.admin('POST', `/admin/enrollments/${String(asked.body['user_code'])}/approve`);
    expect(late.status).toBe(404);
    kit.time.shift = 0;
  });
});
