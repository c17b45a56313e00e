import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OktaRequestExecutor } from '../../src/helper/okta-executor.ts';
import { openAgent } from '../../src/helper/open.ts';
import { Secret } from '../../src/model/secret.ts';
import { readAudit } from '../../src/audit/read.ts';
import { claimsOf } from '../exchange/fake-as.ts';
import { startWorld, type World } from './world.ts';

interface OktaClient {
  readonly userApi: {
    getUser(query: { userId: string }): Promise<{ profile: { login: string } }>;
    generateResetPasswordToken(query: { userId: string; sendEmail: boolean }): Promise<unknown>;
  };
  readonly groupApi: { listGroups(query: object): Promise<AsyncIterable<{ id: string }>> };
}

const { Client } = createRequire(import.meta.url)('@okta/okta-sdk-nodejs') as {
  Client: new (options: object) => OktaClient;
};

let world: World;
let user = 'user-x';
let calls: { method: string | undefined; url: string | undefined; sub: unknown }[] = [];

beforeEach(async () => {
  world = await startWorld();
  user = 'user-x';
  calls = [];
  world.fake.api = (request, response) => {
    const { sub } = claimsOf(request.headers.authorization ?? '');
    calls.push({ method: request.method, url: request.url, sub });
    response.setHeader('content-type', 'application/json');
    const self = { href: `${world.fake.origin}${request.url}` };
    const body = { id: '00u', profile: { login: sub }, _links: { self } };
    response.end(JSON.stringify(request.url?.includes('/groups') ? [{ id: '00g' }] : body));
  };
});

afterEach(() => world.stop());

async function executor(): Promise<OktaRequestExecutor> {
  const agent = await openAgent('password-reset', { from: world.service, env: world.env });
  return new OktaRequestExecutor((input, init) =>
    agent.fetch(
      {
        subject: new Secret(world.fake.subject(user)),
        resource: 'password-api',
        scopes: ['okta.users.manage'],
      },
      input,
      init,
    ),
  );
}

async function client(): Promise<OktaClient> {
  const orgUrl = world.fake.resource.replace(/\/$/, '');
  return new Client({ orgUrl, token: 'agent-id', requestExecutor: await executor() });
}

describe('the Okta SDK for Node with our executor', () => {
  it('needs a token property, whatever it holds', async () => {
    const requestExecutor = await executor();
    expect(() => new Client({ orgUrl: world.fake.resource, requestExecutor })).toThrow(/token not provided/);
  });

  it('reads, writes and lists on behalf of the user', async () => {
    const okta = await client();
    await okta.userApi.generateResetPasswordToken({ userId: '00u', sendEmail: false });
    const ids: string[] = [];
    for await (const group of await okta.groupApi.listGroups({ limit: 1 })) ids.push(group.id);
    expect(ids).toEqual(['00g']);
    expect(calls).toEqual([
      {
        method: 'POST',
        url: '/api/api/v1/users/00u/lifecycle/reset_password?sendEmail=false',
        sub: 'user-x',
      },
      { method: 'GET', url: '/api/api/v1/groups?limit=1', sub: 'user-x' },
    ]);
    expect((await readAudit(world.paths)).at(-1)).toMatchObject({
      action: 'call',
      user: 'user-x',
      result: 'ok',
    });
  });

  it('never shows one user what the cache kept for another', async () => {
    const okta = await client();
    expect((await okta.userApi.getUser({ userId: '00u' })).profile.login).toBe('user-x');
    user = 'user-y';
    expect((await okta.userApi.getUser({ userId: '00u' })).profile.login).toBe('user-y');
    expect(calls).toHaveLength(2);
  });

  it('waits for the rate limit as the SDK does', async () => {
    const okta = await client();
    const { api } = world.fake;
    let refused = 0;
    world.fake.api = (request, response) => {
      if (refused++ > 0) return api(request, response);
      const reset = String(Math.floor(Date.now() / 1000) - 1);
      response.writeHead(429, { 'x-rate-limit-reset': reset }).end('{}');
    };
    expect((await okta.userApi.getUser({ userId: '00u' })).profile.login).toBe('user-x');
  });

  it('shows listeners no token', async () => {
    const seen: unknown[] = [];
    const requestExecutor = (await executor()).on('request', (request: unknown) => seen.push(request));
    const okta = new Client({ orgUrl: world.fake.resource, token: 'agent-id', requestExecutor });
    await okta.userApi.getUser({ userId: '00u' });
    expect(seen).toHaveLength(1);
    expect(JSON.stringify(seen)).not.toContain('Bearer');
  });

  it('reports an API error as the SDK does', async () => {
    const okta = await client();
    world.fake.api = (_request, response) => response.writeHead(404).end('{"errorCode":"E0000007"}');
    await expect(okta.userApi.getUser({ userId: '00u' })).rejects.toMatchObject({ status: 404 });
  });
});
