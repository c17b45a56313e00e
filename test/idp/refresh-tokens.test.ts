import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, startKit, type Answer, type Kit } from './kit.ts';

let kit: Kit;

beforeAll(async () => {
  kit = await startKit();
});
afterAll(() => kit.stop());

function renew(refresh: unknown): Promise<Answer> {
  return ask(`${kit.idp.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'agent-id-cli',
      refresh_token: String(refresh),
    }),
  });
}

describe('refresh tokens of a session', () => {
  it('are replaced at each use, in a chain', async () => {
    const { refresh } = await kit.login();
    const first = await renew(refresh);
    const second = await renew(first.body['refresh_token']);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(new Set([refresh, first.body['refresh_token'], second.body['refresh_token']]).size).toBe(3);
  });

  it('end with their whole family when an old one comes back, and no other session does', async () => {
    const stolen = await kit.login();
    const other = await kit.login();
    const mine = await renew(stolen.refresh);
    const replayed = await renew(stolen.refresh);
    expect([replayed.status, replayed.body['error']]).toEqual([400, 'invalid_grant']);
    const after = await renew(mine.body['refresh_token']);
    expect([after.status, after.body['error']]).toEqual([400, 'invalid_grant']);
    expect((await renew(other.refresh)).status).toBe(200);
  });

  it('end over a restart too', async () => {
    const { refresh } = await kit.login();
    const mine = await renew(refresh);
    await renew(refresh);
    await kit.restart();
    expect((await renew(mine.body['refresh_token'])).body['error']).toBe('invalid_grant');
  });
});
