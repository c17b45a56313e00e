import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAudit } from '../../src/audit/read.ts';
import { openAgent, type OpenAgent } from '../../src/helper/open.ts';
import { rotateKey } from '../../src/helper/rotation.ts';
import { withOwnApi } from '../../src/idp/okta/own-api.ts';
import type { Registration, TrustedIdp } from '../../src/idp/types.ts';
import { statePaths } from '../../src/lib/state.ts';
import { Secret } from '../../src/model/secret.ts';
import { codeOf } from './contract.ts';
import { claimsOf, makeKey } from './kit.ts';
import { passwordApi, startWorld, wholeSpec, type World } from './okta-kit.ts';
import { makeMachine, openReset, passwordResource, type LockedResource } from './okta-machine.ts';
import { toJwt } from './okta-tokens.ts';

let world: World;
let registered: Registration;
let folder: string;
let trust: TrustedIdp;
const key = makeKey();

beforeEach(async () => {
  world = await startWorld();
  const { double, adapter } = world;
  const spec = wholeSpec(double, { keys: [key.publicKey] });
  registered = await adapter.apply(await adapter.plan(spec));
  const own = { key: 'okta', uri: double.issuer, displayName: 'Okta', scopes: [], maxTtlSeconds: 300 };
  trust = { ...world.trust, resources: [...world.trust.resources, withOwnApi(double.issuer, own)] };
  folder = await makeMachine(trust, key);
});
afterEach(() => world.double.stop());

/** Opens the agent with what `migrate` would have put into the lock, or with what somebody made of it. */
function open(more: Partial<LockedResource> = {}): Promise<OpenAgent> {
  const { issuer } = world.double;
  const scopes = [{ scope: 'okta.users.manage', evidence: [] }];
  const resources = [
    { ...passwordResource(registered), ...more },
    { key: 'okta', uri: issuer, scopes, maxTtlSeconds: 3600, ...more },
  ];
  return openReset(folder, { issuer, registered, resources });
}

const user = new Secret(toJwt({ sub: 'user-x', exp: Math.floor(Date.now() / 1000) + 900 }));
const reset = { subject: user, resource: 'password-api', scopes: ['password.reset'] };
const users = { subject: 'itself', resource: 'okta', scopes: ['okta.users.manage'] } as const;

describe('an agent of an Okta organisation at run time', () => {
  it('gets five-minute tokens for a user from the authorization server of its resource', async () => {
    const granted = await (await open()).token(reset);
    const claims = claimsOf(granted.token.open());
    expect(claims).toMatchObject({ aud: passwordApi, sub: 'user-x', cid: registered.clientId });
    expect(claims['iss']).toMatch(/\/oauth2\/aus[0-9a-f]+$/);
    expect((granted.expiresAt - Date.now()) / 1000).toBeLessThanOrEqual(300);
    expect(world.double.calls.filter((call) => call.includes('tokenCustomAS'))).toHaveLength(1);
    expect(world.double.violations).toEqual([]);
  });

  it('gets tokens of one hour for the own API as itself, where plan and trust say so', async () => {
    const granted = await (await open()).token(users);
    expect((granted.expiresAt - Date.now()) / 1000).toBeGreaterThan(3000);
    const audit = await readAudit({ audit: join(folder, 'state/audit'), keys: join(folder, 'state/keys') });
    expect(audit.at(-1)).toMatchObject({ result: 'ok', resource: expect.anything() as unknown });
    expect(world.double.violations).toEqual([]);
  });

  it('refuses the hour where the plan did not record it, and a user where no token names one', async () => {
    const short = await open({ maxTtlSeconds: 300 });
    expect(await codeOf(short.token(users))).toBe('unacceptable-token');
    expect(await codeOf((await open()).token({ ...users, subject: user }))).toBe('unsupported');
  });

  it('asks no server that a lock file made up', async () => {
    const before = world.double.calls.length;
    for (const tokenIssuer of [
      'https://attacker.example/oauth2/default',
      `${world.double.issuer}.attacker.example/oauth2/default`,
      `${world.double.issuer}/oauth2/../evil`,
      `${world.double.issuer}/elsewhere`,
    ]) {
      expect(await codeOf((await open({ tokenIssuer })).token(reset))).toBe('untrusted-issuer');
    }
    expect(world.double.calls).toHaveLength(before);
  });

  it('is found in the System Log with user, resource and scopes; nobody else is', async () => {
    const agent = await open();
    const before = Date.now();
    await agent.token(reset);
    await agent.token(users);
    const events = await world.adapter.events?.(0);
    const { clientId } = registered;
    expect(events).toEqual([
      {
        time: expect.any(Number) as number,
        clientId,
        subject: 'user-x',
        resource: passwordApi,
        scopes: ['password.reset'],
        outcome: 'ok',
      },
      {
        time: expect.any(Number) as number,
        clientId,
        subject: null,
        resource: world.double.issuer,
        scopes: ['okta.users.manage'],
        outcome: 'ok',
      },
    ]);
    expect(events?.every(({ time }) => time >= before - 1000)).toBe(true);
    expect(await world.adapter.events?.(Date.now() + 60_000)).toEqual([]);
    expect(world.double.violations).toEqual([]);
  });

  it('changes its key without a moment of refusal, and the old one is gone', async () => {
    const { locked, env, clientId } = {
      ...(await open()),
      env: { AGENT_ID_HOME: join(folder, 'state') },
      ...registered,
    };
    let done = false;
    const ends: string[] = [];
    const loop = (async () => {
      while (!done) {
        const agent = await openAgent('reset', { from: folder, env });
        ends.push(await codeOf(agent.token(reset)));
      }
    })();
    const rotation = await rotateKey({
      id: 'reset',
      locked,
      adapter: world.adapter,
      paths: statePaths(env),
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
    const now = await world.adapter.inspect(clientId);
    expect(now?.keys.map(({ kid }) => kid)).toEqual([rotation.next.kid]);
    const keyCalls = world.double.calls.filter((call) => /JsonWebKey|addJwk|deletejwk/.test(call));
    expect(keyCalls).toEqual(['POST addJwk', 'POST deactivateOAuth2ClientJsonWebKey', 'DELETE deletejwk']);
    expect(world.double.violations).toEqual([]);
  });
});
