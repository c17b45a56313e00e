import { randomBytes } from 'node:crypto';
import { createLocalJWKSet, decodeJwt, importJWK, jwtVerify, SignJWT } from 'jose';
import { takeOnce } from '../models.ts';
import { Refusal } from '../wire.ts';
import type { Okta } from './okta-api.ts';
import type { ServiceApp } from './okta-state.ts';

/** Okta's own API tokens live this long, whatever is asked. */
const HOUR = 3600;

/** Answers `/oauth2/v1/token`: client credentials of a service app, private_key_jwt only. */
export async function issueToken(okta: Okta, form: URLSearchParams): Promise<object> {
  if (form.get('grant_type') !== 'client_credentials') {
    throw new Refusal(400, 'unsupported_grant_type', 'only client_credentials is supported here');
  }
  const app = await authenticateApp(okta, form.get('client_assertion') ?? '');
  const scopes = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  if (scopes.length === 0 || !scopes.every((scope) => app.scopes.includes(scope))) {
    throw new Refusal(
      400,
      'invalid_scope',
      'One or more scopes are not configured for the authorization server resource.',
    );
  }
  return {
    token_type: 'Bearer',
    expires_in: HOUR,
    access_token: await sign(okta, app, scopes),
    scope: scopes.join(' '),
  };
}

/** Gives the scopes of a token of this authorization server; `undefined` for any other token. */
export async function scopesOf(okta: Okta, token: string): Promise<readonly string[] | undefined> {
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: publicKeys(okta) }), {
      issuer: okta.origin,
      audience: okta.origin,
      algorithms: ['ES256'],
      requiredClaims: ['exp', 'scp'],
      currentDate: new Date(okta.clock()),
    });
    const scopes = payload['scp'];
    return Array.isArray(scopes) ? scopes.map(String) : undefined;
  } catch {
    return undefined;
  }
}

export function publicKeys(
  okta: Okta,
): { kty: string; crv: string; x: string; y: string; kid: string; alg: string; use: string }[] {
  const { x, y, kid } = okta.state.data.signingKey;
  return [
    { kty: 'EC', crv: 'P-256', x: String(x), y: String(y), kid: String(kid), alg: 'ES256', use: 'sig' },
  ];
}

/** @see RFC 8414 section 2 */
export function metadata(okta: Okta): object {
  return {
    issuer: okta.origin,
    token_endpoint: `${okta.origin}/oauth2/v1/token`,
    jwks_uri: `${okta.origin}/oauth2/v1/keys`,
    response_types_supported: ['token'],
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['ES256'],
    scopes_supported: [...new Set(okta.apps.flatMap((app) => app.scopes))],
  };
}

async function authenticateApp(okta: Okta, assertion: string): Promise<ServiceApp> {
  try {
    const app = okta.apps.find((one) => one.clientId === decodeJwt(assertion).iss);
    if (app === undefined) throw new Error('unknown client');
    const { payload } = await jwtVerify(assertion, createLocalJWKSet({ keys: [...app.keys] }), {
      issuer: app.clientId,
      subject: app.clientId,
      audience: `${okta.origin}/oauth2/v1/token`,
      algorithms: ['ES256'],
      requiredClaims: ['exp', 'jti'],
      currentDate: new Date(okta.clock()),
      clockTolerance: 5,
    });
    if (!takeOnce(okta.once, `okta ${app.clientId} ${payload.jti}`, ((payload.exp ?? 0) + 10) * 1000)) {
      throw new Error('used before');
    }
    return app;
  } catch {
    throw new Refusal(401, 'invalid_client', 'The client_assertion token is not valid for this client.');
  }
}

async function sign(okta: Okta, app: ServiceApp, scopes: readonly string[]): Promise<string> {
  const now = Math.floor(okta.clock() / 1000);
  const { signingKey } = okta.state.data;
  return new SignJWT({ ver: 1, cid: app.clientId, scp: scopes })
    .setProtectedHeader({ alg: 'ES256', kid: String(signingKey.kid) })
    .setIssuer(okta.origin)
    .setAudience(okta.origin)
    .setSubject(app.clientId)
    .setIssuedAt(now)
    .setExpirationTime(now + HOUR)
    .setJti(`AT.${randomBytes(24).toString('base64url')}`)
    .sign(await importJWK(signingKey, 'ES256'));
}
