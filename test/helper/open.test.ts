import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAudit } from '../../src/audit/read.ts';
import { renderAuditLine } from '../../src/audit/render.ts';
import { openAgent, type OpenAgent } from '../../src/helper/open.ts';
import { readSessionToken } from '../../src/helper/session.ts';
import { readDefaultSubject } from '../../src/helper/subject.ts';
import { writeSession } from '../../src/lib/session.ts';
import { Secret } from '../../src/model/secret.ts';
import { startWorld, type World } from './world.ts';

let world: World;
const scopes = ['okta.users.manage'];

beforeEach(async () => {
  world = await startWorld();
});

afterEach(() => world.stop());

function open(): Promise<OpenAgent> {
  return openAgent('password-reset', { from: world.service, env: world.env });
}

function userX(): Secret {
  return new Secret(world.fake.subject('user-x'));
}

async function denied(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'accepted',
    (error: unknown) => error,
  );
}

describe('an agent of this machine', () => {
  it('gets a token by the name of its resource or its address, and the log says it as the article does', async () => {
    const agent = await open();
    const granted = await agent.token({ subject: userX(), resource: 'password-api', scopes });
    const again = await agent.token({ subject: userX(), resource: world.fake.resource, scopes });
    expect(again.token.open()).not.toBe('');
    expect(granted.resource.displayName).toBe('Password API');
    await agent.token({ subject: 'itself', resource: 'password-api', scopes });
    const lines = (await readAudit(world.paths)).map(renderAuditLine);
    expect(lines[0]).toMatch(/^Password-Reset Agent accessed the Password API on behalf of user-x {2}20/);
    expect(lines.at(-1)).toMatch(/^Password-Reset Agent accessed the Password API as itself {2}20/);
  });

  it('audits each call', async () => {
    const agent = await open();
    const wanted = { subject: userX(), resource: 'password-api', scopes };
    expect((await agent.fetch(wanted, `${world.fake.resource}v1/users/00u`)).status).toBe(200);
    const entries = await readAudit(world.paths);
    expect(entries.map(({ action, operation }) => [action, operation])).toEqual([
      ['exchange', 'token exchange'],
      ['call', 'GET /api/v1/users/{id}'],
    ]);
  });

  it('gives no token that the log could not take', async () => {
    const agent = await open();
    await agent.token({ subject: userX(), resource: 'password-api', scopes });
    await rm(join(world.paths.audit, 'head.json'));
    const other = { subject: userX(), resource: 'password-api', scopes: ['okta.users.read'] };
    await expect(agent.token(other)).rejects.toMatchObject({ code: 'audit-broken' });
  });

  it('says what to do when it is refused', async () => {
    world.fake.intercept = (response) => {
      response.writeHead(401).end('{"error":"invalid_client"}');
      return true;
    };
    const agent = await open();
    await expect(agent.token({ subject: userX(), resource: 'password-api', scopes })).rejects.toMatchObject({
      code: 'denied',
      message: expect.stringContaining('Password-Reset Agent') as string,
      hint: expect.stringContaining('agent-id agents restore password-reset') as string,
    });
    expect((await readAudit(world.paths))[0]).toMatchObject({ result: 'denied', reason: 'invalid-client' });
  });

  it('needs a key that is this user’s alone', async () => {
    const key = join(world.paths.keys, 'password-reset.json');
    await chmod(key, 0o644);
    const wanted = { subject: userX(), resource: 'password-api', scopes };
    await expect((await open()).token(wanted)).rejects.toMatchObject({ code: 'unreadable' });
    await rm(key);
    await expect((await open()).token(wanted)).rejects.toMatchObject({ code: 'not-enrolled' });
  });
});

describe('a repository that lies', () => {
  it('names an issuer that is not trusted: refused before any request', async () => {
    await world.lock({ issuer: 'http://127.0.0.1:9' });
    expect(await denied(open())).toMatchObject({ code: 'untrusted-issuer' });
    expect(world.fake.seen).toEqual([]);
  });

  it('gives a resource another address: refused before any request', async () => {
    const uri = 'http://127.0.0.1:9/api/';
    await world.lock({ resources: [{ key: 'password-api', uri, scopes: [], maxTtlSeconds: 300 }] });
    for (const resource of ['password-api', uri]) {
      expect(await denied((await open()).token({ subject: userX(), resource, scopes }))).toMatchObject({
        code: 'untrusted-resource',
      });
    }
    expect(world.fake.seen).toEqual([]);
  });

  it('asks for a longer life than is trusted: not granted', async () => {
    const uri = world.fake.resource;
    await world.lock({ resources: [{ key: 'password-api', uri, scopes: [], maxTtlSeconds: 86_400 }] });
    world.fake.alter = (answer) => (answer['expires_in'] = 3600);
    expect(
      await denied((await open()).token({ subject: userX(), resource: 'password-api', scopes })),
    ).toMatchObject({ code: 'unacceptable-token' });
  });

  it('names an agent that is none', async () => {
    for (const id of ['other', 'constructor', '../password-reset']) {
      expect(await denied(openAgent(id, { from: world.service, env: world.env }))).toMatchObject({
        code: 'unknown-name',
      });
    }
    expect(await denied(openAgent('password-reset', { from: '/', env: world.env }))).toMatchObject({
      code: 'unknown-name',
    });
  });
});

describe('a provider that lies', () => {
  it('says that it is another issuer', async () => {
    world.fake.metadata = { issuer: 'https://elsewhere.example' };
    expect(
      await denied((await open()).token({ subject: userX(), resource: 'password-api', scopes })),
    ).toMatchObject({ code: 'untrusted-issuer' });
    expect(world.fake.seen).toEqual([]);
  });

  it('sends us to an address without TLS', async () => {
    world.fake.metadata = { token_endpoint: 'http://elsewhere.example/token' };
    expect(
      await denied((await open()).token({ subject: userX(), resource: 'password-api', scopes })),
    ).toMatchObject({ code: 'untrusted-issuer' });
  });
});

describe('the session', () => {
  it('is renewed by one of many, and the refresh token rotates', async () => {
    const { trust, paths } = await open();
    let round = 0;
    world.fake.intercept = (response, form) => {
      round++;
      expect(form.get('refresh_token')).toBe(`refresh-${round - 1}`);
      const answer = {
        access_token: `access-${round}`,
        refresh_token: `refresh-${round}`,
        token_type: 'Bearer',
        expires_in: 300,
      };
      response.end(JSON.stringify(answer));
      return true;
    };
    await writeSession(paths, {
      idp: 'acme',
      issuer: trust.issuer,
      user: 'user-x',
      accessToken: new Secret('access-0'),
      refreshToken: new Secret('refresh-0'),
      expiresAt: Date.now() + 10_000,
    });
    const sessions = await Promise.all(Array.from({ length: 8 }, () => readSessionToken(trust, paths)));
    expect(new Set(sessions.map((session) => session.accessToken.open()))).toEqual(new Set(['access-1']));
    expect(round).toBe(1);
  });

  it('gives the ID token for a resource that is asked for with it', async () => {
    const { resources } = (await open()).trust;
    await world.trust({ resources: resources.map((one) => ({ ...one, subject: 'id-token' })) });
    const opened = await open();
    const session = {
      idp: 'acme',
      issuer: opened.trust.issuer,
      user: 'user-x',
      accessToken: new Secret('access-0'),
      refreshToken: null,
      expiresAt: Date.now() + 600_000,
    };
    await writeSession(opened.paths, session);
    const read = (): Promise<Secret> => readDefaultSubject(opened, 'password-api', world);
    expect(await denied(read())).toMatchObject({
      code: 'not-signed-in',
      message: 'Password API needs the ID token of a sign-in',
    });
    const idToken = userX();
    await writeSession(opened.paths, { ...session, idToken });
    const subject = await read();
    await opened.token({ subject, resource: 'password-api', scopes });
    const { form } = world.fake.seen.at(-1) ?? {};
    expect(form?.get('subject_token')).toBe(idToken.open());
    expect(form?.get('subject_token_type')).toBe('urn:ietf:params:oauth:token-type:id_token');
  });

  it('that has ended, or is none, says how to sign in', async () => {
    const { trust, paths, locked } = await open();
    expect(await denied(readDefaultSubject({ trust, paths, locked }, 'password-api', world))).toMatchObject({
      code: 'not-signed-in',
      hint: 'Run: agent-id login --idp acme',
    });
  });

  it('of another issuer of the same name is not used', async () => {
    const { trust, paths, locked } = await open();
    await writeSession(paths, {
      idp: 'acme',
      issuer: 'https://elsewhere.example',
      user: 'user-x',
      accessToken: new Secret('access-0'),
      refreshToken: null,
      expiresAt: Date.now() + 600_000,
    });
    expect(await denied(readDefaultSubject({ trust, paths, locked }, 'password-api', world))).toMatchObject({
      code: 'not-signed-in',
    });
  });
});
