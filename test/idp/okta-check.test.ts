import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkIdp } from '../../src/idp/check.ts';
import { adapterFor } from '../../src/idp/index.ts';
import { withOwnApi } from '../../src/idp/okta/own-api.ts';
import type { CheckResult, TrustedIdp } from '../../src/idp/types.ts';
import {
  contentOf,
  passwordApi,
  startWorld,
  userSpec,
  wholeSpec,
  withCrossApp,
  type World,
} from './okta-kit.ts';
import { table } from './okta-rows.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.double.stop());

/** Gives what `idp check` complains of, by what it looked at; it changes nothing. */
async function complaints(trust: TrustedIdp = world.trust): Promise<ReadonlyMap<string, string>> {
  const before = contentOf(world.double);
  const results: readonly CheckResult[] = await checkIdp(
    await adapterFor(trust, { paths: { keys: '/nowhere' } }),
  );
  expect(contentOf(world.double)).toEqual(before);
  expect(world.double.violations).toEqual([]);
  return new Map(results.filter(({ ok }) => !ok).map(({ what, detail }) => [what, detail]));
}

function grants(): Map<string, object> {
  return table(world.double.rows, `grants ${world.trust.admin?.clientId}`);
}

describe('agent-id idp check at an Okta organisation', () => {
  it('finds nothing wrong where nothing is', async () => {
    expect([...(await complaints())]).toEqual([]);
  });

  it('names each scope that is missing, and where an administrator grants it', async () => {
    for (const scope of ['okta.logs.read', 'okta.apiTokens.manage', 'okta.appGrants.manage'])
      grants().delete(scope);
    const found = [...(await complaints())];
    expect(found.map(([what]) => what)).toEqual([
      'System Log, which says what agents use (okta.logs.read)',
      'right okta.appGrants.manage',
      'right okta.apiTokens.manage',
    ]);
    for (const [what, detail] of found) {
      const scope = /okta\.[\w.]+/.exec(what)?.[0];
      expect(detail).toContain(
        `Grant ${scope}: Admin Console > Applications > Applications > the admin app > Okta API Scopes`,
      );
    }
  });

  it('asks for a super administrator only where scopes of the own API are wanted', async () => {
    const { double, trust } = world;
    const own = { key: 'okta', uri: double.issuer, displayName: 'Okta', scopes: [], maxTtlSeconds: 300 };
    const wide = { ...trust, resources: [...trust.resources, withOwnApi(double.issuer, own)] };
    const found = await complaints(wide);
    expect([...found.keys()]).toEqual(["role to grant scopes of Okta's own API (super administrator)"]);
    expect([...found.values()][0]).toContain('Admin roles');
    const role = { id: 'ra1', type: 'SUPER_ADMIN', status: 'ACTIVE' };
    table(double.rows, `assignments ${trust.admin?.clientId}`).set('ra1', role);
    expect([...(await complaints(wide))]).toEqual([]);
  });

  it('of AI agents looks at rights, role, sign-in application, and who waits for an owner', async () => {
    const { double, trust, adapter } = world;
    await adapter.apply(await adapter.plan(wholeSpec(double)));
    const wide = withCrossApp(double, trust);
    const agents = await adapterFor(wide, { paths: { keys: '/nowhere' } });
    double.owners = false;
    await agents.apply(await agents.plan(userSpec(double, { clientId: 'agent-id.desk.abcdefgh' })));
    expect([...(await complaints(wide))]).toEqual([
      ['role to register AI agents (super administrator)', expect.stringContaining('Admin roles')],
      ['AI agent Reset Agent', expect.stringContaining('Directory > AI Agents > Reset Agent > Owners')],
    ]);
    const { loginClientId: _login, ...unlinked } = wide;
    const what = 'application that the users of AI agents sign in to';
    expect((await complaints(unlinked)).get(what)).toContain('--client-id');
    expect((await complaints({ ...wide, loginClientId: 'gone' })).get(what)).toContain('no application gone');
    grants().delete('okta.aiAgents.read');
    expect((await complaints(wide)).get('AI agents (okta.aiAgents.read)')).toContain(
      'Grant okta.aiAgents.read',
    );
  });

  it('says that an authorization server is switched off', async () => {
    const { adapter, double } = world;
    await adapter.apply(await adapter.plan(wholeSpec(double)));
    const [server] = [...table(double.rows, 'servers').values()];
    expect(server?.['audiences']).toEqual([passwordApi]);
    Object.assign(server ?? {}, { status: 'INACTIVE' });
    expect([...(await complaints())]).toEqual([
      [
        'authorization server of password-api',
        'is switched off. Switch it on: Admin Console > Security > API > Authorization Servers.',
      ],
    ]);
  });

  it('says that the key of the administrator is not the one at Okta', async () => {
    const { clientId = '' } = world.trust.admin ?? {};
    const app = table(world.double.rows, 'apps').get(clientId);
    Object.assign(app ?? {}, { status: 'INACTIVE' });
    const found = await complaints();
    expect(found.get('administration')).toMatch(/invalid_client.*Look at its keys: Admin Console/s);
  });
});
