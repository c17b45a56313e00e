import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adapterFor } from '../../src/idp/index.ts';
import { changeOidcStore } from '../../src/idp/oidc-store.ts';
import { writeTrusted, trustedByIssuer, listTrusted } from '../../src/idp/trust.ts';
import type { TrustedIdp } from '../../src/idp/types.ts';
import { Secret } from '../../src/model/secret.ts';
import { codeOf, describeAdapter, type Subject } from './contract.ts';
import { makeFolder, makeKey, startKit } from './kit.ts';
import { startPlainServer, type PlainServer } from './plain-server.ts';

const plainResource = 'https://password-api.acme.example/';

describeAdapter('embedded', async () => {
  const kit = await startKit();
  return { trust: embeddedTrust(kit.idp), resource: kit.idp.passwordApiUrl, stop: () => kit.stop() };
});

describeAdapter('oidc', async () => toSubject(await startPlainServer()));

function toSubject(server: PlainServer): Subject {
  return {
    trust: plainTrust(server.issuer),
    resource: plainResource,
    prepare: async (paths) => {
      const initialAccessToken = new Secret(server.initialAccessToken);
      await changeOidcStore(paths, 'corp', (store) => ({ ...store, initialAccessToken }));
    },
    stop: () => server.stop(),
  };
}

function plainTrust(issuer: string): TrustedIdp {
  return {
    schemaVersion: 1,
    name: 'corp',
    type: 'oidc',
    issuer,
    resources: [
      {
        key: 'password-api',
        uri: plainResource,
        displayName: 'Password API',
        scopes: ['okta.users.read'],
        maxTtlSeconds: 300,
      },
    ],
  };
}

function embeddedTrust(idp: {
  readonly issuer: string;
  readonly passwordApiUrl: string;
  readonly oktaUrl: string;
  readonly adminKeyFile: string;
}): TrustedIdp {
  return {
    schemaVersion: 1,
    name: 'local',
    type: 'embedded',
    issuer: idp.issuer,
    resources: [
      {
        key: 'password-api',
        uri: idp.passwordApiUrl,
        displayName: 'Password API',
        scopes: ['okta.users.read', 'okta.users.manage', 'okta.groups.read'],
        maxTtlSeconds: 300,
        fronts: { api: 'okta', baseUrl: idp.oktaUrl },
      },
    ],
    loginClientId: 'agent-id-cli',
    admin: { clientId: 'agent-id-admin', keyFile: idp.adminKeyFile },
  };
}

describe('embedded adapter', () => {
  it('refuses a client id that is not ours, and another plan’s', async () => {
    const kit = await startKit();
    try {
      const adapter = await adapterFor(embeddedTrust(kit.idp), { paths: { keys: join(kit.folder, 'keys') } });
      await kit.register('somebody.elses', makeKey(), { software_id: undefined });
      const foreign = makeSpec('somebody.elses', kit.idp.passwordApiUrl);
      expect((await adapter.plan(foreign)).kind).toBe('conflict');
      expect(await codeOf(adapter.apply({ kind: 'create', spec: foreign, lines: [] }))).toBe('conflict');
      expect(await codeOf(adapter.remove('somebody.elses'))).toBe('conflict');
      expect((await adapter.list()).map((one) => one.clientId)).not.toContain('somebody.elses');
      const ours = makeSpec('agent-id.mine.abcdefgh', kit.idp.passwordApiUrl);
      await adapter.apply(await adapter.plan(ours));
      const other = { ...ours, marker: 'tx-other', displayName: 'Other Agent' };
      expect(await codeOf(adapter.apply({ kind: 'create', spec: other, lines: [] }))).toBe('conflict');
    } finally {
      await kit.stop();
    }
  });

  it('lists and revokes the static tokens of Okta by id', async () => {
    const kit = await startKit();
    try {
      const adapter = await adapterFor(embeddedTrust(kit.idp), { paths: { keys: join(kit.folder, 'keys') } });
      const { id, token } = await kit.idp.createApiToken('legacy');
      const header = { authorization: `SSWS ${token.open()}` };
      expect((await fetch(`${kit.idp.oktaUrl}/api/v1/users`, { headers: header })).status).toBe(200);
      const listed = await adapter.staticSecrets('okta');
      expect(listed).toMatchObject([{ id, name: 'legacy' }]);
      expect(JSON.stringify(listed)).not.toContain(token.open());
      await adapter.revokeStaticSecret('okta', id);
      await adapter.revokeStaticSecret('okta', id);
      expect((await fetch(`${kit.idp.oktaUrl}/api/v1/users`, { headers: header })).status).toBe(401);
      expect(await adapter.staticSecrets('okta')).toEqual([]);
      expect(await codeOf(adapter.staticSecrets('github'))).toBe('unsupported');
    } finally {
      await kit.stop();
    }
  });

  it('says how wrong the clock is', async () => {
    const kit = await startKit();
    try {
      const paths = { keys: join(kit.folder, 'keys') };
      const adapter = await adapterFor(embeddedTrust(kit.idp), {
        paths,
        clock: () => Date.now() - 3_600_000,
      });
      await expect(adapter.list()).rejects.toMatchObject({
        code: 'idp-refused',
        hint: expect.stringMatching(/^Your clock is 3600 s off|^Your clock is 3\d{3} s off/) as string,
      });
    } finally {
      await kit.stop();
    }
  });
});

describe('oidc adapter', () => {
  it('keeps tokens in the key store only, and reports a lost answer', async () => {
    const server = await startPlainServer();
    const folder = await makeFolder();
    const paths = { keys: join(folder, 'keys') };
    try {
      await toSubject(server).prepare?.(paths);
      const adapter = await adapterFor(plainTrust(server.issuer), { paths });
      const spec = makeSpec('agent-id.lost.abcdefgh', plainResource);
      server.loseNextAnswer();
      await expect(adapter.apply(await adapter.plan(spec))).rejects.toMatchObject({
        code: 'idp-unreachable',
        hint: expect.stringContaining('[tx-1]') as string,
      });
      const again = await adapter.plan(spec);
      expect([again.kind, again.lines.join('\n')]).toEqual(['create', expect.stringContaining('may exist')]);
      const registration = await adapter.apply(again);
      expect(Object.keys(registration)).toEqual(
        expect.not.arrayContaining(['token', 'uri', 'registration_access_token']),
      );
      const file = join(paths.keys, 'oidc-corp.json');
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect(await readFile(file, 'utf8')).toContain(server.initialAccessToken);
      expect((await adapter.plan(spec)).kind).toBe('none');
    } finally {
      await server.stop();
    }
  });

  it('forgets a registration that certainly never arrived', async () => {
    const server = await startPlainServer();
    const folder = await makeFolder();
    const paths = { keys: join(folder, 'keys') };
    const adapter = await adapterFor(plainTrust(server.issuer), { paths });
    const spec = makeSpec('agent-id.away.abcdefgh', plainResource);
    await server.stop();
    expect(await codeOf(adapter.apply(await adapter.plan(spec)))).toBe('idp-unreachable');
    expect((await adapter.plan(spec)).lines.join()).not.toContain('may exist');
  });

  it('shows the reason of a refusal', async () => {
    const server = await startPlainServer();
    try {
      const adapter = await adapterFor(plainTrust(server.issuer), {
        paths: { keys: join(await makeFolder(), 'keys') },
      });
      const spec = makeSpec('agent-id.refused.abcdefgh', plainResource);
      await expect(adapter.apply(await adapter.plan(spec))).rejects.toMatchObject({ code: 'idp-refused' });
      expect(server.clients()).toBe(0);
    } finally {
      await server.stop();
    }
  });
});

describe('trust', () => {
  it('refuses an issuer that is not trusted before any request', async () => {
    const paths = { idp: join(await makeFolder(), 'idp') };
    await writeTrusted(paths, plainTrust('https://idp.acme.example'));
    const urls: unknown[] = [];
    const spy: typeof fetch = async (input) => {
      urls.push(input);
      return Response.json({});
    };
    const hostile = 'https://idp.attacker.example';
    const reach = async (): Promise<void> => {
      const trust = await trustedByIssuer(paths, hostile);
      await (await adapterFor(trust, { paths: { keys: '/nowhere' }, fetch: spy })).discover();
    };
    expect(await codeOf(reach())).toBe('untrusted-issuer');
    expect(urls).toHaveLength(0);
    expect((await trustedByIssuer(paths, 'https://idp.acme.example')).name).toBe('corp');
  });

  it('takes no address without TLS, no second name for one issuer, and no path as a name', async () => {
    const paths = { idp: join(await makeFolder(), 'idp') };
    const trust = plainTrust('https://idp.acme.example');
    await writeTrusted(paths, trust);
    await writeTrusted(paths, trust);
    expect(await codeOf(writeTrusted(paths, { ...trust, name: 'again' }))).toBe('conflict');
    expect(await codeOf(writeTrusted(paths, { ...trust, issuer: 'http://idp.acme.example' }))).toBe(
      'untrusted-issuer',
    );
    expect(await codeOf(writeTrusted(paths, { ...trust, name: '../x' }))).toBe('usage');
    expect(await listTrusted(paths)).toEqual([trust]);
  });
});

function makeSpec(
  clientId: string,
  uri: string,
): Parameters<Awaited<ReturnType<typeof adapterFor>>['plan']>[0] {
  return {
    id: 'mine',
    displayName: 'Mine Agent',
    owner: null,
    actsFor: 'user',
    clientId,
    keys: [makeKey().publicKey],
    grants: [{ uri, scopes: ['okta.users.read'], maxTtlSeconds: 300 }],
    marker: 'tx-1',
  };
}
