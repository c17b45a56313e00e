import type {
  Application,
  AppRoleAssignment,
  FederatedIdentityCredential,
  OAuth2PermissionGrant,
  ServicePrincipal,
} from '@microsoft/microsoft-graph-types';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkIdp } from '../../src/idp/check.ts';
import type {
  ApplicationBody,
  DelegationBody,
  FederationBody,
  PrincipalBody,
  RoleBody,
} from '../../src/idp/entra/bodies.ts';
import { adminPermissions } from '../../src/idp/entra/probe.ts';
import { adapterFor } from '../../src/idp/index.ts';
import type { IdpAdapter, TrustedIdp } from '../../src/idp/types.ts';
import type { AgentSpec } from '../../src/model/agent.ts';
import { codeOf, describeAdapter } from './contract.ts';
import { startEntraDouble, type EntraDouble } from './entra-double.ts';
import { makeKey } from './kit.ts';
import { table } from './okta-rows.ts';
import { makeAdminKey, makeRsaKey } from './rsa-keys.ts';
import type { Fits } from './vendor-types.ts';

const api = 'https://password-api.acme.example';
const permissions = adminPermissions.map(([name]) => name);

/** Compiled, these are the proof: Microsoft's types know every field that we send. */
const bodies: readonly [
  Fits<ApplicationBody, Application>,
  Fits<PrincipalBody, ServicePrincipal>,
  Fits<FederationBody, FederatedIdentityCredential>,
  Fits<DelegationBody, OAuth2PermissionGrant>,
  Fits<RoleBody, AppRoleAssignment>,
] = ['fits', 'fits', 'fits', 'fits', 'fits'];
const breaks: readonly [
  Fits<{ displayName: number }, Application>,
  Fits<{ keyCredentials: { type: string; pem: string }[] }, Application>['strange'],
] = ['does not fit', 'pem'];

const started: EntraDouble[] = [];

describeAdapter('entra', async () => {
  const double = await start();
  return {
    trust: await toTrust(double),
    resource: api,
    scope: 'password.reset',
    makeKey: makeRsaKey,
    absentMetadata: ['registration_endpoint'],
    stop: () => double.stop(),
  };
});

async function start(): Promise<EntraDouble> {
  const double = await startEntraDouble();
  double.addApi(api, ['password.reset', 'password.read']);
  started.push(double);
  return double;
}

async function toTrust(double: EntraDouble, roles: readonly string[] = permissions): Promise<TrustedIdp> {
  const { keyFile, key } = await makeAdminKey();
  const resource = {
    key: 'p',
    uri: api,
    displayName: 'Password API',
    scopes: ['password.reset'],
    maxTtlSeconds: 5400,
  };
  const admin = { clientId: double.addAdmin(key.x5c?.[0] ?? '', roles), keyFile };
  return {
    schemaVersion: 1,
    name: 'corp',
    type: 'entra',
    issuer: double.issuer,
    resources: [resource],
    admin,
  };
}

describe('entra adapter', () => {
  let double: EntraDouble;
  let adapter: IdpAdapter;

  beforeAll(async () => {
    double = await start();
    adapter = await adapterFor(await toTrust(double), { paths: { keys: '/nonexistent' } });
  });
  afterAll(() => double.stop());

  it('sends bodies of the vendor’s types, and would notice others', () => {
    expect(bodies).toEqual(bodies.map(() => 'fits'));
    expect(breaks).toHaveLength(2);
  });

  it('asks for no more permissions than the vendor’s table says', () => {
    expect(started.flatMap(({ unknown }) => [...unknown])).toEqual(['DELETE /directory/deleteditems/{id}']);
    expect(started.flatMap(({ requests }) => requests).length).toBeGreaterThan(100);
  });

  it('makes an application with a certificate and no password, that users’ tokens may be for', async () => {
    const { clientId } = await adapter.apply(await adapter.plan(makeSpec('reset')));
    expect(application(clientId)).toMatchObject({
      uniqueName: 'agent-id.reset.abcdefgh',
      signInAudience: 'AzureADMyOrg',
      identifierUris: [`api://${clientId}`],
      api: {
        requestedAccessTokenVersion: 2,
        oauth2PermissionScopes: [{ value: 'act_for_me', isEnabled: true }],
      },
    });
    expect(application(clientId)).not.toHaveProperty('passwordCredentials');
    expect([...table(double.rows, 'grants').values()]).toMatchObject([
      { consentType: 'AllPrincipals', scope: 'password.reset' },
    ]);
  });

  it('gives an agent without a user app roles, and one of a platform no key', async () => {
    const platform = {
      kind: 'oidc',
      issuer: 'https://ci.acme.example',
      jwksUri: '',
      subject: 'repo:acme/reset:ref:refs/heads/main',
    } as const;
    const spec: AgentSpec = { ...makeSpec('job'), actsFor: 'itself', keys: [], platform };
    const change = await adapter.plan(spec);
    expect(change.lines).toContain(`trusts the tokens of ${platform.issuer}`);
    const { clientId, keys, grants } = await adapter.apply(change);
    expect([keys, grants]).toEqual([[], [{ uri: api, scopes: ['password.reset'] }]]);
    expect((await adapter.plan(spec)).kind).toBe('none');
    const { id } = application(clientId);
    const federations = table(double.rows, `federations ${String(id)}`);
    expect([...federations.values()]).toMatchObject([
      { issuer: platform.issuer, subject: platform.subject, audiences: ['api://AzureADTokenExchange'] },
    ]);
    const trust = { issuer: platform.issuer, claims: { sub: 'repo:acme/reset:environment:prod' } };
    await adapter.trustPlatform?.(clientId, trust);
    await adapter.trustPlatform?.(clientId, trust);
    expect(federations.size).toBe(2);
    const wide = { issuer: platform.issuer, claims: { repository: 'acme/reset' } };
    expect(await codeOf(adapter.trustPlatform?.(clientId, wide) ?? Promise.resolve())).toBe('unsupported');
  });

  it('keeps what it does not know of an application: tags, keys, fields', async () => {
    const spec = makeSpec('known');
    const { clientId } = await adapter.apply(await adapter.plan(spec));
    const app = application(clientId);
    (app['tags'] as string[]).push('cost-centre-4711');
    const { x5c } = makeRsaKey();
    const foreign = { type: 'AsymmetricX509Cert', usage: 'Verify', key: x5c?.[0], keyId: 'k1', future: 1 };
    (app['keyCredentials'] as object[]).push(foreign);
    app['futureField'] = { a: 1 };
    await adapter.apply(await adapter.plan({ ...spec, displayName: 'Known 2' }));
    await adapter.addKey(clientId, makeRsaKey(), 'laptop');
    expect(app).toMatchObject({ displayName: 'Known 2', futureField: { a: 1 } });
    expect(app['tags']).toContain('cost-centre-4711');
    expect(app['keyCredentials']).toContainEqual(foreign);
    expect(Object.values((await adapter.inspect(clientId))?.machines ?? {})).toContain('laptop');
  });

  it('narrows what an agent reaches', async () => {
    const spec = {
      ...makeSpec('narrow'),
      grants: [{ uri: api, scopes: ['password.reset', 'password.read'], maxTtlSeconds: 5400 }],
    };
    await adapter.apply(await adapter.plan(spec));
    const narrower = makeSpec('narrow');
    const { grants } = await adapter.apply(await adapter.plan({ ...narrower, keys: spec.keys }));
    expect(grants).toEqual([{ uri: api, scopes: ['password.reset'] }]);
  });

  it('touches no application that is not ours', async () => {
    const [foreign] = [...table(double.rows, 'applications').values()];
    const clientId = String(foreign?.['appId']);
    const before = JSON.stringify(foreign);
    const change = { kind: 'update', spec: { ...makeSpec('x'), clientId }, lines: [] } as const;
    for (const attempt of [
      () => adapter.apply(change),
      () => adapter.revoke(clientId),
      () => adapter.restore(clientId),
      () => adapter.remove(clientId),
      () => adapter.addKey(clientId, makeRsaKey()),
    ]) {
      expect(await codeOf(attempt())).toBe('conflict');
    }
    expect(JSON.stringify(foreign)).toBe(before);
  });

  it('refuses what Entra has not, before it makes anything', async () => {
    const unknown = {
      ...makeSpec('none'),
      grants: [{ uri: 'https://no.example', scopes: ['a'], maxTtlSeconds: 300 }],
    };
    expect(await codeOf(adapter.plan(unknown))).toBe('unsupported');
    const wrong = {
      ...makeSpec('none'),
      grants: [{ uri: api, scopes: ['password.delete'], maxTtlSeconds: 300 }],
    };
    expect(await codeOf(adapter.apply({ kind: 'create', spec: wrong, lines: [] }))).toBe('unsupported');
    expect(await adapter.inspect('agent-id.none.abcdefgh')).toBeUndefined();
    expect(await codeOf(adapter.plan({ ...makeSpec('ec'), keys: [makeKey().publicKey] }))).toBe(
      'unsupported',
    );
  });

  it('says what the administrator lacks', async () => {
    expect((await checkIdp(adapter)).filter((one) => !one.ok).map((one) => one.what)).toEqual([
      'sign-in client',
    ]);
    const few = await adapterFor(await toTrust(double, ['Application.Read.All']), {
      paths: { keys: '/nonexistent' },
    });
    const missing = (await checkIdp(few)).filter((one) => !one.ok).map((one) => one.what);
    expect(missing.join()).toContain('permission DelegatedPermissionGrant.ReadWrite.All');
    await expect(few.apply({ kind: 'create', spec: makeSpec('few'), lines: [] })).rejects.toMatchObject({
      code: 'idp-refused',
      message: expect.stringContaining('Authorization_RequestDenied') as string,
      hint: expect.stringContaining('Application.ReadWrite.OwnedBy') as string,
    });
  });

  it('sends nothing to a Graph that is not Microsoft’s', async () => {
    const urls: string[] = [];
    const liar: typeof fetch = async (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      urls.push(url);
      const answer = await fetch(input, init);
      if (!url.endsWith('openid-configuration')) return answer;
      return Response.json({ ...((await answer.json()) as object), msgraph_host: 'graph.evil.example' });
    };
    const fooled = await adapterFor(adapter.trust, { paths: { keys: '/nonexistent' }, fetch: liar });
    expect(await codeOf(fooled.list())).toBe('untrusted-issuer');
    expect(urls.every((url) => url.includes('.well-known'))).toBe(true);
  });

  function application(clientId: string): Record<string, unknown> {
    const found = [...table(double.rows, 'applications').values()].find((one) => one['appId'] === clientId);
    if (found === undefined) throw new Error(`no ${clientId}`);
    return found;
  }
});

function makeSpec(id: string): AgentSpec {
  return {
    id,
    displayName: `${id} Agent`,
    owner: '@acme/support',
    actsFor: 'user',
    clientId: `agent-id.${id}.abcdefgh`,
    keys: [makeRsaKey()],
    grants: [{ uri: api, scopes: ['password.reset'], maxTtlSeconds: 5400 }],
    marker: `tx-${id}`,
  };
}
