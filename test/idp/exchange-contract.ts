import { describe, beforeAll, expect, it } from 'vitest';
import type { IdpAdapter } from '../../src/idp/types.ts';
import type { AgentSpec } from '../../src/model/agent.ts';
import {
  accessTokenType,
  ask,
  assertionType,
  claimsOf,
  exchangeType,
  makeKey,
  signedAssertion,
  type Answer,
  type TestClient,
} from './kit.ts';

/** A running server of which agents get tokens. */
export interface ExchangeSubject {
  readonly adapter: IdpAdapter;
  readonly tokenEndpoint: string;
  readonly resource: string;
  /** Two scopes of the resource: the first is the agent's. */
  readonly scopes: readonly [string, string];
  /** A user's token for these agents. */
  signIn(agents: readonly string[]): Promise<string>;
}

/** What a bad request is answered with: status and error. */
type Refused = readonly [number, string];

/** What every provider should answer; `differences` are what one may answer instead. @see RFC 6749 section 5.2, RFC 8693 section 2.2.2 */
const standard = {
  'a scope that the agent has not': [400, 'invalid_scope'],
  'a user token that is none': [400, 'invalid_request'],
  'a user token for another agent only': [400, 'invalid_target'],
  'an agent as itself that has users only': [400, 'unauthorized_client'],
  'another key': [401, 'invalid_client'],
  'an assertion for another audience': [401, 'invalid_client'],
  'an assertion that has expired': [401, 'invalid_client'],
  'an assertion twice': [401, 'invalid_client'],
  'an agent that nobody knows': [401, 'invalid_client'],
  'an agent that is revoked': [401, 'invalid_client'],
} as const satisfies Readonly<Record<string, Refused>>;

type Case = keyof typeof standard;

/** What one provider does otherwise, as data: anything else that differs fails the suite. */
export interface Differences {
  readonly refusals: Partial<Readonly<Record<Case, Refused | 'granted'>>>;
  /** Claims that its tokens have not. */
  readonly absentClaims: readonly string[];
}

/** What holds for every provider that exchanges tokens, run against a real server. */
export function describeExchange(
  name: string,
  start: () => Promise<ExchangeSubject>,
  differences: Differences,
): void {
  describe(`token exchange at ${name}`, () => {
    let subject: ExchangeSubject;
    let agent: TestClient;
    let other: TestClient;
    let user: string;

    beforeAll(async () => {
      subject = await start();
      [agent, other] = [await register('contract'), await register('contract-other')];
      user = await subject.signIn([agent.clientId]);
    });

    it('gives a token for this user, this agent, this API, these scopes, five minutes at most', async () => {
      const { status, body } = await exchange(agent, user);
      expect(status).toBe(200);
      const claims = claimsOf(body['access_token']);
      const wanted: Record<string, unknown> = {
        sub: claimsOf(user)['sub'],
        aud: subject.resource,
        scope: subject.scopes[0],
        act: { sub: agent.clientId },
        client_id: agent.clientId,
      };
      for (const claim of differences.absentClaims) {
        delete wanted[claim];
        expect(claims).not.toHaveProperty(claim);
      }
      expect(claims).toMatchObject(wanted);
      expect([claims['client_id'], claims['azp']]).toContain(agent.clientId);
      expect(Number(claims['exp']) - Number(claims['iat'])).toBeLessThanOrEqual(300);
      expect(body).toMatchObject({ issued_token_type: accessTokenType });
      expect(body).not.toHaveProperty('refresh_token');
    });

    const requests: Readonly<Record<Case, () => Promise<Answer>>> = {
      'a scope that the agent has not': () => exchange(agent, user, { scope: subject.scopes[1] }),
      'a user token that is none': () => exchange(agent, 'none'),
      'a user token for another agent only': () => exchange(other, user),
      'an agent as itself that has users only': () =>
        send(agent, { grant_type: 'client_credentials', scope: subject.scopes[0] }),
      'another key': () =>
        exchange({ ...agent, key: { ...makeKey(), publicKey: agent.key.publicKey } }, user),
      'an assertion for another audience': () =>
        exchange(agent, user, {}, () => signedAssertion(agent, 'https://elsewhere.example')),
      'an assertion that has expired': () =>
        exchange(agent, user, {}, () =>
          signedAssertion(agent, subject.adapter.trust.issuer, { now: Date.now() - 600_000 }),
        ),
      'an assertion twice': async () => {
        const assertion = await signedAssertion(agent, subject.adapter.trust.issuer);
        expect((await exchange(agent, user, {}, async () => assertion)).status).toBe(200);
        return exchange(agent, user, {}, async () => assertion);
      },
      'an agent that nobody knows': () => exchange({ ...agent, clientId: 'agent-id.nobody' }, user),
      'an agent that is revoked': async () => {
        await subject.adapter.revoke(agent.clientId);
        const answer = await exchange(agent, user);
        await subject.adapter.restore(agent.clientId);
        return answer;
      },
    };
    for (const [what, request] of Object.entries(requests) as [Case, () => Promise<Answer>][]) {
      const expected = differences.refusals[what] ?? standard[what];
      it(`answers ${what} with ${expected === 'granted' ? 'a token' : expected.join(' ')}`, async () => {
        const { status, body } = await request();
        const found = status === 200 ? 'granted' : [status, body['error']];
        expect(found).toEqual(expected === 'granted' ? expected : [...expected]);
      });
    }

    async function register(id: string): Promise<TestClient> {
      const key = makeKey();
      const spec: AgentSpec = {
        id,
        displayName: `${id} Agent`,
        owner: null,
        actsFor: 'user',
        clientId: `agent-id.${id}.${key.publicKey.kid.slice(0, 8)}`,
        keys: [key.publicKey],
        grants: [{ uri: subject.resource, scopes: [subject.scopes[0]], maxTtlSeconds: 300 }],
        marker: 'tx-contract',
      };
      const { clientId } = await subject.adapter.apply(await subject.adapter.plan(spec));
      return { clientId, key };
    }

    function exchange(
      client: TestClient,
      token: string,
      more: Record<string, string> = {},
      prove?: () => Promise<string>,
    ): Promise<Answer> {
      const form = {
        grant_type: exchangeType,
        subject_token: token,
        subject_token_type: accessTokenType,
        scope: subject.scopes[0],
        ...more,
      };
      return send(client, form, prove);
    }

    async function send(
      client: TestClient,
      form: Record<string, string>,
      prove = () => signedAssertion(client, subject.adapter.trust.issuer),
    ): Promise<Answer> {
      const body = new URLSearchParams({
        resource: subject.resource,
        ...form,
        client_assertion_type: assertionType,
        client_assertion: await prove(),
      });
      return ask(subject.tokenEndpoint, { method: 'POST', body });
    }
  });
}
