import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createAgent } from '../../src/exchange/agent.ts';
import { createFileSigner } from '../../src/exchange/node.ts';
import type { Agent } from '../../src/exchange/types.ts';
import { adapterFor } from '../../src/idp/index.ts';
import { adminPermissions } from '../../src/idp/entra/probe.ts';
import { adminScopes } from '../../src/idp/auth0/probe.ts';
import { agentKeyFile, makeAgentKey } from '../../src/lib/keys.ts';
import { startAuth0Double, signUserIn as signInAtAuth0 } from './auth0-double.ts';
import { signUserIn as signInAtEntra, startEntraDouble } from './entra-double.ts';
import { claimsOf, makeFolder } from './kit.ts';
import { makeAdminKey, toPem } from './rsa-keys.ts';

const api = 'https://password-api.acme.example';
const request = { resource: api, scopes: ['password.reset'] };
const stops: (() => Promise<void>)[] = [];
afterAll(async () => void (await Promise.all(stops.map((stop) => stop()))));

describe('tokens of agents at providers with a dialect', () => {
  it('Auth0: for this user, with the agent as actor, for this API and scope, refused after revoke', async () => {
    const double = await startAuth0Double();
    stops.push(() => double.stop());
    const { keyFile, key } = await makeAdminKey();
    const admin = { clientId: double.addAdmin(toPem(key), key.kid, adminScopes), keyFile };
    const { adapter, clientId, signer } = await registerAt('auth0', double.issuer, admin);
    const agent = createAgent({
      ...outside,
      signer,
      clientId,
      issuer: double.issuer,
      tokenEndpoint: `${double.issuer}oauth/token`,
      assertionAudience: double.issuer,
      dialect: 'auth0',
      requireAct: true,
    });
    const user = signInAtAuth0(double, 'urn:agent-id:agent-id.reset.abcdefgh');
    const token = await agent.onBehalfOf(user).token(request);
    expect(claimsOf(token.value)).toMatchObject({
      sub: 'auth0|user-x',
      aud: api,
      scope: 'password.reset',
      act: { sub: clientId, act: { sub: 'login-app' } },
    });
    expect([token.subject, token.scopes]).toEqual(['auth0|user-x', ['password.reset']]);
    const elsewhere = signInAtAuth0(double, 'https://another.example');
    expect(await codeOf(agent.onBehalfOf(elsewhere).token(request))).toBe('invalid-request');
    expect(await codeOf(agent.asItself().token(request))).toBe('unauthorized-client');
    await adapter.revoke(clientId);
    expect(await codeOf(agent.onBehalfOf(`${user}x`).token(request))).toBe('unauthorized-client');
  });

  it('Entra: on behalf of this user, for this API and scope, refused over five minutes and after revoke', async () => {
    const double = await startEntraDouble();
    stops.push(() => double.stop());
    double.addApi(api, ['password.reset', 'password.read']);
    const { keyFile, key } = await makeAdminKey();
    const roles = adminPermissions.map(([name]) => name);
    const admin = { clientId: double.addAdmin(key.x5c?.[0] ?? '', roles), keyFile };
    const { adapter, clientId, signer } = await registerAt('entra', double.issuer, admin);
    const options = {
      ...outside,
      signer,
      clientId,
      issuer: double.issuer,
      tokenEndpoint: double.issuer.replace('/v2.0', '/oauth2/v2.0/token'),
      dialect: 'entra',
      requireAct: false,
    } as const;
    const user = signInAtEntra(double, clientId);
    expect(await codeOf(createAgent(options).onBehalfOf(user).token(request))).toBe('too-long');
    const agent: Agent = createAgent({ ...options, maxTtlSeconds: 5400 });
    const token = await agent.onBehalfOf(user).token(request);
    expect(claimsOf(token.value)).toMatchObject({ oid: 'user-x', azp: clientId, scp: 'password.reset' });
    expect(token.scopes).toEqual(['password.reset']);
    const read = { resource: api, scopes: ['password.read'] };
    expect(await codeOf(agent.onBehalfOf(user).token(read))).toBe('invalid-grant');
    expect(await codeOf(agent.onBehalfOf(signInAtEntra(double, 'another')).token(request))).toBe(
      'invalid-grant',
    );
    await adapter.revoke(clientId);
    expect(await codeOf(agent.onBehalfOf(signInAtEntra(double, clientId)).token(request))).toBe(
      'unauthorized-client',
    );
  });
});

const outside = { fetch, clock: () => Date.now() };

async function registerAt(
  type: 'auth0' | 'entra',
  issuer: string,
  admin: { readonly clientId: string; readonly keyFile: string },
) {
  const paths = { keys: join(await makeFolder(), 'keys') };
  const { key } = await makeAgentKey(paths, 'reset', { kind: 'RSA' });
  const maxTtlSeconds = type === 'entra' ? 5400 : 300;
  const resource = { key: 'p', uri: api, displayName: 'Password API', scopes: request.scopes, maxTtlSeconds };
  const adapter = await adapterFor(
    { schemaVersion: 1, name: 'corp', type, issuer, resources: [resource], admin },
    { paths },
  );
  const { clientId } = await adapter.apply(
    await adapter.plan({
      id: 'reset',
      displayName: 'Password-Reset Agent',
      owner: null,
      actsFor: 'user',
      clientId: 'agent-id.reset.abcdefgh',
      keys: [key],
      grants: [{ uri: api, scopes: request.scopes, maxTtlSeconds }],
      marker: 'tx-1',
    }),
  );
  return { adapter, clientId, signer: await createFileSigner(agentKeyFile(paths, 'reset')) };
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'no error',
    (error: unknown) => (error as { code?: unknown }).code,
  );
}
