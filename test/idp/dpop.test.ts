import { createHash, randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAgent } from '../../src/exchange/agent.ts';
import { createProver } from '../../src/exchange/dpop.ts';
import { createFileSigner } from '../../src/exchange/node.ts';
import type { Agent } from '../../src/exchange/types.ts';
import { openAgent, type OpenAgent } from '../../src/helper/open.ts';
import { lockName, renderLock } from '../../src/lib/lock-file.ts';
import type { LockedAgent } from '../../src/model/agent.ts';
import { Secret } from '../../src/model/secret.ts';
import {
  accessTokenType,
  ask,
  assertionType,
  claimsOf,
  exchangeType,
  makeKey,
  signedAssertion,
  startKit,
  type Answer,
  type Kit,
} from './kit.ts';

const agent = 'agent-id.password-reset.abcdefgh';
const key = makeKey();
const proofKey = makeKey();
let kit: Kit;
let subject: string;
let nonce: string;

beforeAll(async () => {
  kit = await startKit();
  await kit.register(agent, key, { dpop_bound_access_tokens: true });
  ({ access: subject } = await kit.login());
  nonce = (await exchange(await proof())).headers.get('dpop-nonce') ?? '';
});
afterAll(() => kit.stop());

function proof(claims: Record<string, unknown> = {}, by = proofKey): Promise<string> {
  const { kty, crv, x, y } = { ...by.publicKey } as Record<string, string>;
  const iat = Math.floor(Date.now() / 1000);
  const usual = { jti: randomUUID(), iat, htm: 'POST', htu: `${kit.idp.issuer}/token`, nonce };
  return new SignJWT({ ...usual, ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: { kty, crv, x, y } as never })
    .sign(by.privateKey);
}

async function exchange(dpop?: string): Promise<Answer> {
  return ask(`${kit.idp.issuer}/token`, {
    method: 'POST',
    headers: dpop === undefined ? {} : { dpop },
    body: new URLSearchParams({
      grant_type: exchangeType,
      subject_token: subject,
      subject_token_type: accessTokenType,
      resource: kit.idp.passwordApiUrl,
      scope: 'okta.users.manage',
      client_assertion_type: assertionType,
      client_assertion: await signedAssertion({ clientId: agent, key }, kit.idp.issuer),
    }),
  });
}

const path = '/api/v1/users/user-x/lifecycle/reset_password';

function call(token: string, dpop: string | undefined, scheme = 'DPoP'): Promise<Answer> {
  return ask(`${kit.idp.passwordApiUrl}${path}?sendEmail=false`, {
    method: 'POST',
    headers: { authorization: `${scheme} ${token}`, ...(dpop === undefined ? {} : { dpop }) },
  });
}

function apiProof(token: string, claims: Record<string, unknown> = {}, by = proofKey): Promise<string> {
  const ath = createHash('sha256').update(token).digest('base64url');
  return proof({ htu: `${kit.idp.passwordApiUrl}${path}`, ath, ...claims }, by);
}

describe('tokens that are bound to a key', () => {
  it('are all that an agent gets whose registration says so', async () => {
    const without = await exchange();
    expect([without.status, without.body['error']]).toEqual([400, 'invalid_dpop_proof']);
    const { status, body } = await exchange(await proof());
    expect([status, body['token_type']]).toEqual([200, 'DPoP']);
    expect(claimsOf(body['access_token'])['cnf']).toEqual({ jkt: proofKey.publicKey.kid });
  });

  it('need a proof with the nonce, for this request, of now, once', async () => {
    const late = Math.floor(Date.now() / 1000) - 600;
    const used = await proof();
    expect((await exchange(used)).status).toBe(200);
    const answers = await Promise.all([
      exchange(await proof({ nonce: 'x' })),
      exchange(await proof({ htm: 'GET' })),
      exchange(await proof({ htu: `${kit.idp.issuer}/other` })),
      exchange(await proof({ iat: late })),
      exchange(used),
      exchange('none'),
    ]);
    expect(answers.map(({ body }) => body['error'])).toEqual([
      'use_dpop_nonce',
      ...Array<string>(5).fill('invalid_dpop_proof'),
    ]);
    expect(answers[3]?.body['error_description']).toMatch(/(600|601) seconds apart/);
    expect(answers[4]?.body['error_description']).toMatch(/used before/);
  });

  it('are good at the API only with a proof of that key, once', async () => {
    const token = String((await exchange(await proof())).body['access_token']);
    const good = await apiProof(token);
    expect((await call(token, good)).status).toBe(200);
    const answers = await Promise.all([
      call(token, good),
      call(token, await apiProof(token, { ath: 'x' })),
      call(token, await apiProof(token, { htm: 'GET' })),
      call(token, await apiProof(token, { iat: 1 })),
      call(token, undefined),
      call(token, await apiProof(token, {}, makeKey())),
      call(token, undefined, 'Bearer'),
    ]);
    expect(answers.map(({ status, body }) => [status, body['error']])).toEqual([
      ...Array<unknown>(5).fill([401, 'invalid_dpop_proof']),
      [401, 'invalid_token'],
      [401, 'invalid_token'],
    ]);
  });
});

describe('an agent with a key of its own', () => {
  async function makeAgent(clientId: string): Promise<Agent> {
    const file = join(kit.folder, 'agent.jwk');
    await writeFile(file, JSON.stringify(key.privateKey.export({ format: 'jwk' })), { mode: 0o600 });
    return createAgent({
      signer: await createFileSigner(file),
      prover: createProver(Date.now),
      fetch: globalThis.fetch,
      clock: Date.now,
      clientId,
      issuer: kit.idp.issuer,
      tokenEndpoint: `${kit.idp.issuer}/token`,
      requireAct: true,
    });
  }

  it('takes the nonce, gets a bound token and proves it at each call', async () => {
    const source = (await makeAgent(agent)).onBehalfOf(subject);
    const request = { resource: kit.idp.passwordApiUrl, scopes: ['okta.users.manage'] };
    const send = source.fetch(request);
    for (const time of [1, 2]) {
      const { status } = await send(`${kit.idp.passwordApiUrl}${path}?sendEmail=false`, { method: 'POST' });
      expect([time, status]).toEqual([time, 200]);
    }
    const { value } = await source.token(request);
    expect((await call(value, undefined, 'Bearer')).status).toBe(401);
  });
});

describe('the helper, where the trust file says dpop', () => {
  async function open(): Promise<OpenAgent> {
    const home = join(kit.folder, 'home');
    const [issuer, uri] = [kit.idp.issuer, kit.idp.passwordApiUrl];
    for (const name of ['keys', 'idp']) await mkdir(join(home, name), { recursive: true, mode: 0o700 });
    const jwk = JSON.stringify(key.privateKey.export({ format: 'jwk' }));
    await writeFile(join(home, 'keys', 'reset.json'), jwk, { mode: 0o600 });
    const resource = { key: 'password-api', uri, maxTtlSeconds: 300 };
    const scopes = ['okta.users.manage'];
    const trusted = { ...resource, displayName: 'Password API', scopes, dpop: true };
    const trust = { schemaVersion: 1, name: 'acme', type: 'embedded', issuer, resources: [trusted] };
    await writeFile(join(home, 'idp', 'acme.json'), JSON.stringify(trust));
    const locked: LockedAgent = {
      displayName: 'Password-Reset Agent',
      owner: null,
      idp: 'acme',
      issuer,
      clientId: agent,
      keys: [],
      flow: 'on-behalf-of',
      resources: [{ ...resource, scopes: [{ scope: 'okta.users.manage', evidence: [] }] }],
      consumers: [],
    };
    const lock = renderLock({ schemaVersion: 1, agents: { reset: locked }, secrets: {} });
    await writeFile(join(kit.folder, lockName), lock);
    return openAgent('reset', { from: kit.folder, env: { AGENT_ID_HOME: home } });
  }

  it('sends requests with proofs, and hands out no token that is of no use elsewhere', async () => {
    const opened = await open();
    const wanted = {
      subject: new Secret(subject),
      resource: 'password-api',
      scopes: ['okta.users.manage'],
    };
    const url = `${kit.idp.passwordApiUrl}${path}?sendEmail=false`;
    expect((await opened.fetch(wanted, url, { method: 'POST' })).status).toBe(200);
    await expect(opened.token(wanted)).rejects.toMatchObject({ code: 'unsupported', where: 'password-api' });
  });
});
