import { inject } from 'vitest';
import { createFileSigner } from '../../src/exchange/node.ts';
import { signAssertion } from '../../src/exchange/assertion.ts';
import type { TrustedIdp } from '../../src/idp/types.ts';
import { deskClientId } from '../../src/demo/keycloak/realm.ts';
import { accessTokenType, ask, assertionType, exchangeType, signedAssertion } from '../idp/kit.ts';
import type { Answer, TestClient } from '../idp/kit.ts';

/** The one Keycloak of this run, started by the global set-up. */
export interface Running {
  readonly url: string;
  readonly issuer: string;
  readonly admin: { readonly clientId: string; readonly keyFile: string };
  readonly user: string;
  readonly password: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    keycloak: Running;
  }
}

export const api = 'https://password-api.acme.example/';

export function keycloak(): Running {
  return inject('keycloak');
}

export function keycloakTrust(more: Partial<TrustedIdp> = {}): TrustedIdp {
  const { issuer, admin } = keycloak();
  return {
    schemaVersion: 1,
    name: 'corp',
    type: 'keycloak',
    issuer,
    resources: [
      {
        key: 'password-api',
        uri: api,
        displayName: 'Password API',
        scopes: ['password.reset', 'password.read'],
        maxTtlSeconds: 300,
      },
    ],
    loginClientId: deskClientId,
    admin,
    ...more,
  };
}

let bearer: { readonly token: string; readonly until: number } | undefined;

/** Asks the admin API as the tests' own administrator. */
export async function administer(method: string, path: string, body?: object): Promise<Answer> {
  const { issuer, admin } = keycloak();
  if (bearer === undefined || bearer.until < Date.now()) {
    const signer = await createFileSigner(admin.keyFile);
    const assertion = await signAssertion(signer, {
      clientId: admin.clientId,
      audience: issuer,
      now: Date.now(),
    });
    const answer = await post({
      grant_type: 'client_credentials',
      client_assertion_type: assertionType,
      client_assertion: assertion,
    });
    bearer = { token: String(answer.body['access_token']), until: Date.now() + 60_000 };
  }
  return ask(`${issuer.replace('/realms/', '/admin/realms/')}${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Signs the user in with her password, as no program of ours does, for these agents. */
export async function signInFor(...agents: readonly string[]): Promise<string> {
  const { user, password } = keycloak();
  const scope = ['openid', ...agents.map((id) => `agent:${id}`)].join(' ');
  const answer = await post({
    grant_type: 'password',
    client_id: deskClientId,
    username: user,
    password,
    scope,
  });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return String(answer.body['access_token']);
}

export async function exchange(
  client: TestClient,
  subject: string,
  more: Record<string, string> = {},
): Promise<Answer> {
  return asClient(client, {
    grant_type: exchangeType,
    subject_token: subject,
    subject_token_type: accessTokenType,
    scope: 'password.reset',
    ...more,
  });
}

export async function asClient(
  client: TestClient,
  form: Record<string, string>,
  path = 'token',
): Promise<Answer> {
  const assertion = await signedAssertion(client, keycloak().issuer);
  return post({ client_assertion_type: assertionType, client_assertion: assertion, ...form }, path);
}

export async function post(form: Record<string, string>, path = 'token'): Promise<Answer> {
  return ask(`${keycloak().issuer}/protocol/openid-connect/${path}`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
}
