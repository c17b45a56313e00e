import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAgent, type OpenAgent } from '../../src/helper/open.ts';
import { rotateKey } from '../../src/helper/rotation.ts';
import { readDefaultSubject } from '../../src/helper/subject.ts';
import type { Registration } from '../../src/idp/types.ts';
import { writeSession, type Session } from '../../src/lib/session.ts';
import { statePaths } from '../../src/lib/state.ts';
import { Secret } from '../../src/model/secret.ts';
import { codeOf } from './contract.ts';
import { claimsOf, makeKey } from './kit.ts';
import { passwordApi, startWorld, userSpec, type World } from './okta-kit.ts';
import { envOf, makeMachine, openReset, passwordResource, type LockedResource } from './okta-machine.ts';
import { table } from './okta-rows.ts';
import { toJwt } from './okta-tokens.ts';

let world: World;
let registered: Registration;
let folder: string;
const key = makeKey();

beforeEach(async () => {
  world = await startWorld({ crossApp: true });
  const { double, adapter, trust } = world;
  registered = await adapter.apply(await adapter.plan(userSpec(double, { keys: [key.publicKey] })));
  folder = await makeMachine(trust, key);
});
afterEach(async () => {
  expect(world.double.violations).toEqual([]);
  await world.double.stop();
});

const env = (): NodeJS.ProcessEnv => envOf(folder);

/** Opens the agent with what `migrate` would have put into the lock, or with what somebody made of it. */
function open(more: Partial<LockedResource> = {}): Promise<OpenAgent> {
  const resources = [{ ...passwordResource(registered), ...more }];
  return openReset(folder, { issuer: world.double.issuer, registered, resources });
}

/** What the sign-in application gets for a user. */
function idToken(more: object = {}): string {
  const iat = Math.floor(Date.now() / 1000);
  const { issuer } = world.double;
  return toJwt({ iss: issuer, aud: 'acme-cli', sub: '00u1', iat, exp: iat + 900, nonce: 'n', ...more });
}

function wanted(subject = idToken()): Parameters<OpenAgent['token']>[0] {
  return { subject: new Secret(subject), resource: 'password-api', scopes: ['password.reset'] };
}

describe('an AI agent of Okta at run time', () => {
  it('gets a five-minute token for a user by two requests, with itself as the actor', async () => {
    const granted = await (await open()).token(wanted());
    expect(claimsOf(granted.token.open())).toMatchObject({
      iss: registered.grants[0]?.tokenIssuer,
      aud: passwordApi,
      sub: '00u1',
      cid: registered.clientId,
      act: { sub: registered.clientId },
    });
    expect((granted.expiresAt - Date.now()) / 1000).toBeLessThanOrEqual(300);
    expect(world.double.calls.slice(-2)).toEqual(['POST token', 'POST tokenCustomAS']);
  });

  it('is told from the one who asks, by the log: one event for each token', async () => {
    await (await open()).token(wanted());
    expect(await world.adapter.events?.(0)).toEqual([
      {
        time: expect.any(Number) as number,
        clientId: registered.clientId,
        subject: '00u1',
        resource: passwordApi,
        scopes: ['password.reset'],
        outcome: 'ok',
      },
    ]);
  });

  it('gets nothing for an access token, for a sign-in elsewhere, or for nobody', async () => {
    const agent = await open();
    const access = toJwt({
      iss: world.double.issuer,
      aud: 'acme-cli',
      sub: '00u1',
      scp: ['openid'],
      cid: 'acme-cli',
    });
    expect(await codeOf(agent.token(wanted(access)))).not.toBe('no error');
    expect(await codeOf(agent.token(wanted(idToken({ aud: 'another-app' }))))).not.toBe('no error');
    expect(await codeOf(agent.token({ ...wanted(), subject: 'itself' }))).not.toBe('no error');
    expect(world.double.calls).not.toContain('POST tokenCustomAS');
  });

  it('gets nothing once it is revoked, and again once it is restored', async () => {
    await world.adapter.revoke(registered.clientId);
    expect(await codeOf((await open()).token(wanted()))).toBe('denied');
    await world.adapter.restore(registered.clientId);
    expect(await codeOf((await open()).token(wanted()))).toBe('no error');
  });

  it('gets nothing through a connection that is off or narrower, whatever its access rule says', async () => {
    const [connection] = [...table(world.double.rows, `connections ${registered.clientId}`).values()];
    Object.assign(connection ?? {}, { scopes: ['password.read'] });
    expect(await codeOf((await open()).token(wanted()))).toBe('denied');
    Object.assign(connection ?? {}, { scopes: ['password.reset'], status: 'INACTIVE' });
    expect(await codeOf((await open()).token(wanted()))).not.toBe('no error');
  });

  it('asks no server that a lock file made up, and none where nobody opted in', async () => {
    const before = world.double.calls.length;
    for (const tokenIssuer of ['https://attacker.example/oauth2/default', `${world.double.issuer}/elsewhere`])
      expect(await codeOf((await open({ tokenIssuer })).token(wanted()))).toBe('untrusted-issuer');
    const { crossAppAccess: _opt, ...plain } = world.trust;
    await writeFile(join(folder, 'state/idp/corp.json'), JSON.stringify(plain));
    expect(await codeOf((await open()).token(wanted()))).toBe('unsupported');
    expect(world.double.calls).toHaveLength(before);
  });

  it('changes its key without a moment of refusal, and the old one is gone', async () => {
    const { locked } = await open();
    let done = false;
    const ends: string[] = [];
    const loop = (async () => {
      while (!done) {
        const agent = await openAgent('reset', { from: folder, env: env() });
        ends.push(await codeOf(agent.token(wanted())));
      }
    })();
    const rotation = await rotateKey({
      id: 'reset',
      locked,
      adapter: world.adapter,
      paths: statePaths(env()),
      root: folder,
      chosen: undefined,
      clock: Date.now,
      machine: 'laptop',
      overlapMs: 1000,
      onSwapped: () => Promise.resolve(),
    });
    done = true;
    await loop;
    expect([...new Set(ends)]).toEqual(['no error']);
    expect(ends.length).toBeGreaterThan(3);
    const now = await world.adapter.inspect(registered.clientId);
    expect(now?.keys.map(({ kid }) => kid)).toEqual([rotation.next.kid]);
  });
});

describe('the session of a user for AI agents', () => {
  const paths = (): { keys: string } => ({ keys: join(folder, 'state/keys') });

  async function signedIn(more: Pick<Session, 'idToken'> = {}): Promise<Secret> {
    const { trust, double } = world;
    const session = {
      idp: 'corp',
      issuer: double.issuer,
      user: '00u1',
      accessToken: new Secret('user-access-token'),
      refreshToken: null,
      expiresAt: Date.now() + 3_600_000,
    };
    await writeSession(paths(), { ...session, ...more });
    const { locked } = await open();
    return readDefaultSubject({ trust, paths: paths(), locked }, 'password-api', { env: env() });
  }

  it('gives its ID token, without a flag for the API', async () => {
    const subject = await signedIn({ idToken: new Secret(idToken()) });
    expect(await codeOf((await open()).token(wanted(subject.open())))).toBe('no error');
  });

  it('without one says who must sign in', async () => {
    expect(await codeOf(signedIn())).toBe('not-signed-in');
  });
});
