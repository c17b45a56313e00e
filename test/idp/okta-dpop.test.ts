import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adapterFor } from '../../src/idp/index.ts';
import type { IdpAdapter, TrustedIdp } from '../../src/idp/types.ts';
import { Secret } from '../../src/model/secret.ts';
import { codeOf } from './contract.ts';
import { claimsOf, makeKey } from './kit.ts';
import {
  contentOf,
  passwordApi,
  startWorld,
  userSpec,
  wholeSpec,
  withCrossApp,
  type World,
} from './okta-kit.ts';
import { makeMachine, openReset } from './okta-machine.ts';
import { table, type Row } from './okta-rows.ts';
import { toJwt } from './okta-tokens.ts';

let world: World;
let trust: TrustedIdp;
let adapter: IdpAdapter;
const key = makeKey();

beforeEach(async () => {
  world = await startWorld();
  trust = withDpop(world.trust);
  adapter = await adapterFor(trust, { paths: { keys: '/nowhere' } });
});
afterEach(async () => {
  expect(world.double.violations).toEqual([]);
  await world.double.stop();
});

/** What `idp add --dpop password-api` writes. */
function withDpop(plain: TrustedIdp): TrustedIdp {
  return { ...plain, resources: plain.resources.map((one) => ({ ...one, dpop: true })) };
}

function bindings(): readonly unknown[] {
  return [...table(world.double.rows, 'apps').values()]
    .filter(({ profile }) => profile !== undefined)
    .map((app) => (app['settings'] as { oauthClient: Row }).oauthClient['dpop_bound_access_tokens']);
}

describe('an agent at Okta whose API wants tokens that are bound to a key', () => {
  it('is an application that Okta gives no others, and follows what the trust says of the API', async () => {
    const { double } = world;
    const change = await adapter.plan(userSpec(double));
    expect(change.lines).toContain('all its tokens are bound to a key of the process that asks (DPoP)');
    await adapter.apply(change);
    expect(bindings()).toEqual([true]);
    expect((await adapter.plan(userSpec(double))).kind).toBe('none');
    const loose = await world.adapter.plan(userSpec(double));
    expect(loose.lines).toEqual(['its tokens are no longer bound to a key']);
    await world.adapter.apply(loose);
    expect(bindings()).toEqual([false]);
  });

  it('is an application also where AI agents are chosen', async () => {
    const { double } = world;
    const both = await adapterFor(withCrossApp(double, trust), { paths: { keys: '/nowhere' } });
    expect((await both.apply(await both.plan(userSpec(double)))).clientId).not.toMatch(/^wlp/);
  });

  it('reaches no other API: Okta binds all tokens of an application, or none', async () => {
    const { double } = world;
    const before = contentOf(double);
    const spec = wholeSpec(double);
    expect(await codeOf(adapter.plan(spec))).toBe('unsupported');
    expect(await codeOf(adapter.apply({ kind: 'create', spec, lines: [] }))).toBe('unsupported');
    expect(contentOf(double)).toEqual(before);
  });

  it('proves its key to Okta, with the nonce that Okta gives, and to the API with each request', async () => {
    const registered = await adapter.apply(
      await adapter.plan(userSpec(world.double, { keys: [key.publicKey] })),
    );
    const seen: Headers[] = [];
    const opened = await openReset(await makeMachine(trust, key), {
      issuer: world.double.issuer,
      registered,
      fetch: async (input, init) => {
        const request = new Request(input, init);
        if (!request.url.startsWith(passwordApi)) return fetch(input, init);
        seen.push(request.headers);
        return Response.json({ done: true });
      },
    });
    const subject = new Secret(toJwt({ sub: 'user-x', exp: Math.floor(Date.now() / 1000) + 900 }));
    const wanted = { subject, resource: 'password-api', scopes: ['password.reset'] };
    const answer = await opened.fetch(wanted, `${passwordApi}users/user-y/reset`, { method: 'POST' });
    expect(await answer.json()).toEqual({ done: true });
    expect(world.double.calls.slice(-2)).toEqual(['POST tokenCustomAS', 'POST tokenCustomAS']);
    const [scheme, token] = (seen[0]?.get('authorization') ?? '').split(' ');
    const proof = seen[0]?.get('dpop') ?? '';
    expect(scheme).toBe('DPoP');
    expect(decodeJwt(proof)).toMatchObject({ htm: 'POST', htu: `${passwordApi}users/user-y/reset` });
    const thumbprint = await calculateJwkThumbprint(decodeProtectedHeader(proof).jwk ?? {});
    expect(claimsOf(token)).toMatchObject({ cnf: { jkt: thumbprint }, sub: 'user-x' });
    expect(await codeOf(opened.token(wanted))).toBe('unsupported');
  });
});
