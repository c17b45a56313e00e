import { describe, expect, it } from 'vitest';
import { withOwnApi } from '../../src/idp/okta/own-api.ts';
import { toPermissions } from '../../src/idp/okta/permissions.ts';
import { renderPlan } from '../../src/output/plan-text.ts';
import { toPlannedAgent, type Outcome, type PlanResource } from '../../src/plan/agents.ts';
import { consumer, mapFiles, only, token } from '../inventory/estate.ts';
import { passwordApi } from './okta-kit.ts';

const org = 'https://acme.okta.com';
const own: PlanResource = withOwnApi(org, {
  key: 'okta',
  uri: org,
  displayName: 'Okta',
  scopes: ['okta.users.manage'],
  maxTtlSeconds: 300,
});
const front: PlanResource = {
  key: 'password-api',
  uri: passwordApi,
  displayName: 'Password API',
  scopes: ['okta.users.manage'],
  maxTtlSeconds: 300,
  fronts: { api: 'okta', baseUrl: org },
};

/** Plans a script that resets passwords, with these APIs trusted. */
async function plan(resources: readonly PlanResource[]): Promise<Outcome> {
  const secret = only(
    await mapFiles({
      '.env': `OKTA_API_TOKEN=${token}\n`,
      'tools/reset.sh': `curl -X POST -H "Authorization: SSWS $OKTA_API_TOKEN" "$URL/api/v1/users/$1/lifecycle/reset_password"\n`,
    }),
  );
  const [script] = secret.consumers;
  return toPlannedAgent(secret, consumer(secret, script?.name ?? ''), {
    id: 'tx',
    salt: 'salt',
    resources,
    chosenScopes: {},
    displayNames: {},
    owners: {},
  });
}

describe("a plan for Okta's own API", () => {
  it('acts as itself for an hour, says so, and narrows the scope to the calls that code shows', async () => {
    const outcome = await plan([own]);
    expect(outcome).toMatchObject({
      agent: {
        actsFor: 'itself',
        actsForReason: expect.stringContaining('tokens of 3600 s that name the agent and no user') as string,
        spec: { actsFor: 'itself', grants: [{ uri: org, maxTtlSeconds: 3600 }] },
      },
    });
    const grants = 'agent' in outcome ? outcome.agent.spec.grants : [];
    expect(toPermissions(grants)).toEqual({
      permissions: ['okta.users.credentials.resetPassword'],
      uncovered: [],
    });
  });

  it('takes a company API in front of it where there is one', async () => {
    expect(await plan([own, front])).toMatchObject({
      agent: { spec: { grants: [{ uri: passwordApi, maxTtlSeconds: 300 }] } },
    });
  });

  it('shows the person what the provider says of the registration, and nothing twice', async () => {
    const outcome = await plan([front]);
    if (!('agent' in outcome)) throw new Error('no agent is planned');
    const { spec } = outcome.agent;
    const grants = spec.grants.map(({ uri, scopes }) => `${uri}: ${scopes.join(' ')}`);
    const changeLines = [`registers ${spec.displayName}`, ...grants, 'left to a person: name an owner'];
    const text = renderPlan({
      id: 'tx',
      idp: { name: 'corp', type: 'okta', issuer: org },
      gaps: [],
      secrets: [
        { secret: outcome.agent.secret, names: ['T'], rule: 'r', provider: 'okta', handle: null, why: 'w' },
      ],
      agents: [{ ...outcome.agent, change: 'create', changeLines }],
      files: [],
      manual: [],
    });
    expect(text.split('\n').filter((line) => line.includes('provider  '))).toEqual([
      '    provider  left to a person: name an owner',
    ]);
  });

  it('offers both ways where neither is trusted', async () => {
    const outcome = await plan([]);
    const what = 'manual' in outcome ? outcome.manual.what : '';
    expect(what).toMatch(/company API in front.*agent-only tokens.*agent-id idp add/s);
  });
});

describe('the permissions of an admin role', () => {
  const grant = { uri: org, scopes: ['okta.users.manage'], maxTtlSeconds: 3600 };

  it('are those of the calls: requests and clients alike', () => {
    const operations = ['client.userApi.getUser', 'DELETE /api/v1/users/{id}/sessions?oauthTokens=true'];
    expect(toPermissions([{ ...grant, operations }]).permissions).toEqual([
      'okta.users.lifecycle.clearSessions',
      'okta.users.read',
    ]);
  });

  it('are the whole scope where one call is not known', () => {
    const operations = ['client.userApi.resetPassword', 'client.userApi.somethingNew'];
    expect(toPermissions([{ ...grant, operations }]).permissions).toEqual(['okta.users.manage']);
  });

  it('name what no custom role carries', () => {
    expect(toPermissions([{ ...grant, scopes: ['okta.logs.read'] }])).toEqual({
      permissions: [],
      uncovered: ['okta.logs.read'],
    });
  });
});
