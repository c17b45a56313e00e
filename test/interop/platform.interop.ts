import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapterFor } from '../../src/idp/index.ts';
import type { IdpAdapter } from '../../src/idp/types.ts';
import type { AgentSpec } from '../../src/model/agent.ts';
import { codeOf } from '../idp/contract.ts';
import {
  accessTokenType,
  assertionType,
  claimsOf,
  exchangeType,
  makeKey,
  type Answer,
  type TestKey,
} from '../idp/kit.ts';
import { administer, api, keycloak, keycloakTrust, post, signInFor } from './keycloak.ts';

const tag = randomBytes(3).toString('hex');
const mainBranch = 'repo:acme/app:ref:refs/heads/main';
const serviceAccount = 'system:serviceaccount:prod:sync-groups';

/** A platform that gives its workloads tokens: a CI system, or the API server of a cluster. */
interface Platform {
  readonly issuer: string;
  readonly key: TestKey;
  readonly server: Server;
}

let adapter: IdpAdapter;
let ci: Platform;
let cluster: Platform;

beforeAll(async () => {
  adapter = await adapterFor(keycloakTrust(), { paths: { keys: '/nowhere' } });
  [ci, cluster] = await Promise.all([startPlatform(), startPlatform()]);
});
afterAll(() => {
  ci.server.close();
  cluster.server.close();
});

describe('an agent without a key, known by its platform', () => {
  it('gets tokens as itself with the token of its CI job, and with no other job’s', async () => {
    const spec = makeSpec('pipeline', 'itself', ci, mainBranch);
    const change = await adapter.plan(spec);
    expect(change.lines).toContain(`makes the realm trust the tokens of ${ci.issuer}`);
    await adapter.apply(change);
    expect((await adapter.plan(spec)).kind).toBe('none');
    const { status, body } = await asItself(await sign(ci, mainBranch));
    expect(status).toBe(200);
    expect(claimsOf(body['access_token'])).toMatchObject({ azp: spec.clientId, aud: api });
    expect((await asItself(await sign(ci, 'repo:acme/app:ref:refs/heads/other'))).status).toBe(401);
    expect((await asItself(await sign({ ...ci, key: makeKey() }, mainBranch))).status).toBe(401);
    await adapter.revoke(spec.clientId);
    expect((await asItself(await sign(ci, mainBranch))).status).toBe(401);
  });

  it('acts for a user with the token of its service account in a cluster', async () => {
    const spec = makeSpec('in-cluster', 'user', cluster, serviceAccount);
    await adapter.apply(await adapter.plan(spec));
    const { status, body } = await post({
      grant_type: exchangeType,
      subject_token: await signInFor(spec.clientId),
      subject_token_type: accessTokenType,
      scope: 'password.reset',
      client_assertion_type: assertionType,
      client_assertion: await sign(cluster, serviceAccount),
    });
    expect(status).toBe(200);
    expect(claimsOf(body['access_token'])).toMatchObject({
      sub: keycloak().user,
      act: { sub: spec.clientId },
      aud: api,
    });
  });

  it('may come later, to an agent that has no key; a later plan keeps it', async () => {
    const branch = `repo:acme/app:environment:${tag}`;
    const key = makeKey().publicKey;
    const { platform: _none, ...spec } = makeSpec('late', 'itself', ci, branch);
    const { clientId } = await adapter.apply(await adapter.plan({ ...spec, keys: [key] }));
    const jobs = { issuer: ci.issuer, claims: { sub: branch } };
    expect(await codeOf(adapter.trustPlatform!(clientId, jobs))).toBe('unsupported');
    await adapter.removeKey(clientId, key.kid);
    const wider = { ...jobs, claims: { repository_id: '1' } };
    expect(await codeOf(adapter.trustPlatform!(clientId, wider))).toBe('unsupported');
    await adapter.trustPlatform!(clientId, jobs);
    await adapter.trustPlatform!(clientId, jobs);
    expect((await asItself(await sign(ci, branch))).status).toBe(200);
    expect((await adapter.plan(spec)).kind).toBe('none');
  });

  it('is alone with its subject: a second agent would get what is meant for the first', async () => {
    const twin = makeSpec('twin', 'itself', ci, mainBranch);
    expect(await codeOf(adapter.plan(twin))).toBe('conflict');
    expect(await codeOf(adapter.apply({ kind: 'create', spec: twin, lines: [] }))).toBe('conflict');
    const { body } = await administer('GET', `/clients?clientId=${twin.clientId}`);
    expect(body).toEqual([]);
  });
});

function makeSpec(id: string, actsFor: AgentSpec['actsFor'], platform: Platform, subject: string): AgentSpec {
  const { issuer } = platform;
  const kind = platform === cluster ? 'kubernetes' : 'oidc';
  return {
    id,
    displayName: `${id} Agent`,
    owner: null,
    actsFor,
    clientId: `agent-id.${id}.${tag}`,
    keys: [],
    platform: { kind, issuer, jwksUri: `${issuer}/jwks`, subject },
    grants: [{ uri: api, scopes: ['password.reset'], maxTtlSeconds: 300 }],
    marker: `tx-${tag}-${id}`,
  };
}

async function asItself(assertion: string): Promise<Answer> {
  return post({
    grant_type: 'client_credentials',
    scope: 'password.reset',
    client_assertion_type: assertionType,
    client_assertion: assertion,
  });
}

/** For Keycloak the audience is the realm's issuer, and nothing else. */
async function sign({ issuer, key }: Platform, subject: string): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: key.publicKey.kid })
    .setIssuer(issuer)
    .setSubject(subject)
    .setAudience(keycloak().issuer)
    .setIssuedAt()
    .setExpirationTime('5m')
    .setJti(randomUUID())
    .sign(key.privateKey);
}

async function startPlatform(): Promise<Platform> {
  const key = makeKey();
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    const issuer = `http://127.0.0.1:${port}`;
    const isDiscovery = request.url?.includes('openid-configuration') === true;
    const body = isDiscovery ? { issuer, jwks_uri: `${issuer}/jwks` } : { keys: [key.publicKey] };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, key, server };
}
