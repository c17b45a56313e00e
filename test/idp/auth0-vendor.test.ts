import { ManagementClient, type Management } from 'auth0';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  toApiBody,
  toClientBody,
  toCredentialBody,
  toFlow,
  toGrantBody,
  toMark,
  toOwnApiBody,
  type ApiBody,
  type ClientBody,
  type ClientChange,
  type CredentialBody,
  type GrantBody,
} from '../../src/idp/auth0/bodies.ts';
import { adminScopes } from '../../src/idp/auth0/probe.ts';
import { adapterFor } from '../../src/idp/index.ts';
import type { IdpAdapter } from '../../src/idp/types.ts';
import type { AgentSpec } from '../../src/model/agent.ts';
import { startAuth0Double, type Auth0Double } from './auth0-double.ts';
import { makeAdminKey, makeRsaKey, toPem } from './rsa-keys.ts';
import type { Fits } from './vendor-types.ts';

const api = 'https://password-api.acme.example/';

/** Compiled, these are the proof: the vendor's generated types know every field that we send, with our values. */
const bodies: readonly [
  Fits<ClientBody, Management.CreateClientRequestContent>,
  Fits<ClientChange, Management.UpdateClientRequestContent>,
  Fits<CredentialBody, Management.PostClientCredentialRequestContent>,
  Fits<ApiBody, Management.CreateResourceServerRequestContent>,
  Fits<GrantBody, Management.CreateClientGrantRequestContent>,
] = ['fits', 'fits', 'fits', 'fits', 'fits'];

/** And these that the proof can fail: a wrong value, a field that nobody knows, one at depth. */
const breaks: readonly [
  Fits<{ name: number }, Management.CreateClientRequestContent>,
  Fits<{ name: string; jwks: string }, Management.CreateClientRequestContent>['strange'],
  Fits<
    { token_exchange: { allow_any_profile_of_type: []; more: true } },
    Management.UpdateClientRequestContent
  >['strange'],
] = ['does not fit', 'jwks', 'more'];

describe("requests to Auth0 by the vendor's own client", () => {
  let double: Auth0Double;
  let adapter: IdpAdapter;
  let vendor: ManagementClient;

  beforeAll(async () => {
    double = await startAuth0Double();
    const { keyFile, key } = await makeAdminKey();
    const clientId = double.addAdmin(toPem(key), key.kid, adminScopes);
    const resource = { key: 'p', uri: api, displayName: 'Password API', scopes: ['a'], maxTtlSeconds: 300 };
    const trust = {
      schemaVersion: 1,
      name: 'corp',
      type: 'auth0',
      issuer: double.issuer,
      resources: [resource],
      admin: { clientId, keyFile },
    } as const;
    let token = '';
    const spy: typeof fetch = async (input, init) => {
      token = new Headers(init?.headers).get('authorization') ?? token;
      return fetch(input, init);
    };
    adapter = await adapterFor(trust, { paths: { keys: '/nonexistent' }, fetch: spy });
    await adapter.list();
    vendor = new ManagementClient({
      domain: 'tenant.example',
      token: token.replace('Bearer ', ''),
      // It knows https only: the double is on this machine.
      fetch: (input: string | URL | Request, init?: RequestInit) => {
        const { href } = new URL(input instanceof Request ? input.url : input);
        return fetch(href.replace('https://tenant.example/', double.issuer), init);
      },
    });
  });
  afterAll(() => double.stop());

  it('has bodies of the vendor’s types, and would notice others', () => {
    expect(bodies).toEqual(bodies.map(() => 'fits'));
    expect(breaks).toHaveLength(3);
  });

  it('are the same as the adapter’s, request by request', async () => {
    const spec = makeSpec('ours');
    await adapter.apply(await adapter.plan(spec));
    const ours = double.requests.filter(({ method }) => method !== 'GET');
    const { clientId } = (await adapter.inspect(spec.clientId)) ?? { clientId: '' };
    await adapter.remove(spec.clientId);
    double.requests.length = 0;

    const resources = { uri: api, displayName: 'Password API', scopes: ['a'] };
    await vendor.resourceServers.create(toApiBody(resources, 300)).catch(ignoreConflict);
    await vendor.resourceServers.create(toOwnApiBody(spec));
    const made = await vendor.clients.create(
      toClientBody(
        spec,
        spec.keys.filter((key) => key.kty === 'RSA'),
      ),
    );
    const grant = toGrantBody(made.client_id ?? '', { uri: api, scopes: ['a'] }, 'user');
    await vendor.clientGrants.create(grant);
    await vendor.clients.update(made.client_id ?? '', {
      name: spec.displayName,
      ...toFlow('user'),
      client_metadata: { ...toMark(spec, true) },
    });
    const theirs = double.requests.filter(({ method }) => method !== 'GET');
    const plain = (requests: typeof ours, id: string): unknown =>
      JSON.parse(JSON.stringify(requests).replaceAll(id, 'CLIENT'));
    expect(plain(ours, clientId)).toEqual(plain(theirs, made.client_id ?? ''));
    expect(ours).toHaveLength(5);
  });

  it('reads what the adapter made, and its key', async () => {
    const spec = makeSpec('read');
    const { clientId } = await adapter.apply(await adapter.plan(spec));
    await adapter.addKey(clientId, makeRsaKey(), 'laptop');
    expect(await vendor.clients.get(clientId)).toMatchObject({
      name: spec.displayName,
      app_type: 'resource_server',
    });
    const credentials = await vendor.clients.credentials.list(clientId);
    expect(credentials.map(({ name }) => name)).toContain('laptop');
    const { data } = await vendor.clientGrants.list({ client_id: clientId });
    expect(data).toMatchObject([{ audience: api, scope: ['a'] }]);
    const key = makeRsaKey();
    double.requests.length = 0;
    await expect(vendor.clients.credentials.create(clientId, toCredentialBody(key, 'third'))).rejects.toThrow(
      /maximum/,
    );
    expect(double.requests[0]).toMatchObject({
      method: 'POST',
      body: { name: 'third', kid: key.kid, alg: 'PS256' },
    });
  });
});

function ignoreConflict(error: unknown): void {
  if (!String(error).includes('409')) throw error;
}

function makeSpec(id: string): AgentSpec {
  return {
    id,
    displayName: `${id} Agent`,
    owner: null,
    actsFor: 'user',
    clientId: `agent-id.${id}.abcdefgh`,
    keys: [makeRsaKey()],
    grants: [{ uri: api, scopes: ['a'], maxTtlSeconds: 300 }],
    marker: `tx-${id}`,
  };
}
