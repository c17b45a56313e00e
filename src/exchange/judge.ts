import type { TokenAnswer } from './answer.ts';
import { isRecord, readClaims, toNumber, toText } from './encode.ts';
import { ExchangeError } from './error.ts';
import type { AccessToken, TokenRequest } from './types.ts';

/** RFC 8693 section 3. */
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
export const idTokenType = 'urn:ietf:params:oauth:token-type:id_token';

/** Clocks of two machines may differ by this much before a token is called too long-lived. */
const CLOCK_TOLERANCE_SECONDS = 60;

/** What an answer is held against. `askedAt` in milliseconds since 1970, before the request was sent. */
export interface Expectation {
  readonly request: TokenRequest;
  readonly clientId: string;
  readonly issuer: string;
  readonly maxTtlSeconds: number;
  readonly askedAt: number;
  /** Null when the agent acts as itself. */
  readonly subjectToken: string | null;
  readonly requireAct: boolean;
  readonly dialect?: 'auth0' | 'entra';
  /** It answers an assertion (RFC 7523), so it need not name its type. */
  readonly redeemed?: boolean;
  /** Thumbprint of the key that the token must be bound to. */
  readonly boundTo?: string;
}

type Claims = Readonly<Record<string, unknown>>;

/**
 * Accepts an answer only if it is what was asked for: no wider scope, no longer life, this audience, this user,
 * this agent as actor. Throws `ExchangeError` with the code of the first difference.
 */
export function judgeAnswer(answer: TokenAnswer, expected: Expectation): AccessToken {
  const value = toText(answer['access_token']);
  if (value === null || !/^[A-Za-z0-9._~+/=-]+$/.test(value)) {
    throw new ExchangeError('malformed-answer', 'the answer holds no usable access token');
  }
  assertTypes(answer, expected);
  const claims = readClaims(value);
  assertBound(claims, expected.boundTo);
  const scopes = judgeScopes(answer, claims, expected.request.scopes);
  const expiresAt = judgeLifetime(answer, claims, expected);
  if (expected.dialect === 'entra') assertEntra(claims, expected);
  else {
    if (claims !== undefined) assertAddress(claims, expected);
    if (expected.subjectToken !== null) assertDelegation(claims, expected, expected.subjectToken);
  }
  return {
    value,
    expiresAt,
    scopes,
    resource: expected.request.resource,
    subject: expected.subjectToken === null ? null : subjectOf(claims, expected.subjectToken),
    jti: toText(claims?.['jti']),
  };
}

/** Gives the user that a subject token names, null where it is opaque. */
export function subjectOf(claims: Claims | undefined, subjectToken: string): string | null {
  return toText(claims?.['sub']) ?? toText(readClaims(subjectToken)?.['sub']);
}

function assertTypes(answer: TokenAnswer, expected: Expectation): void {
  const issued = answer['issued_token_type'];
  // Only a token exchange must name it (RFC 8693 section 2.2.1).
  const missing = issued === undefined && (expected.subjectToken === null || expected.redeemed === true);
  if (!missing && issued !== accessTokenType) {
    throw new ExchangeError('wrong-token-type', 'the answer is not an access token (issued_token_type)');
  }
  const type = expected.boundTo === undefined ? 'bearer' : 'dpop';
  if (toText(answer['token_type'])?.toLowerCase() !== type) {
    throw new ExchangeError('wrong-token-type', `the answer is not a ${type} token (token_type)`);
  }
}

function assertBound(claims: Claims | undefined, key: string | undefined): void {
  const cnf = claims?.['cnf'];
  if (key !== undefined && claims !== undefined && !(isRecord(cnf) && cnf['jkt'] === key))
    throw new ExchangeError('wrong-token-type', "the token is not bound to this process's key (cnf.jkt)");
}

function judgeScopes(
  answer: TokenAnswer,
  claims: Claims | undefined,
  asked: readonly string[],
): readonly string[] {
  const said = answer['scope'] === undefined ? asked : toScopes(answer['scope']);
  const inside = toScopes(claims?.['scope'] ?? claims?.['scp'] ?? []);
  const extra = [...said, ...inside].filter((scope) => !asked.includes(scope));
  if (extra.length > 0) {
    throw new ExchangeError(
      'wider-scope',
      `the answer is wider than asked: ${[...new Set(extra)].join(' ')}`,
    );
  }
  return inside.length > 0 ? said.filter((scope) => inside.includes(scope)) : said;
}

function toScopes(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ').filter((scope) => scope !== '');
  if (Array.isArray(value) && value.every((scope) => typeof scope === 'string')) return value;
  throw new ExchangeError('malformed-answer', 'the scope of the answer is malformed');
}

function judgeLifetime(answer: TokenAnswer, claims: Claims | undefined, expected: Expectation): number {
  const expiresIn = toNumber(answer['expires_in']);
  const exp = toNumber(claims?.['exp']);
  const now = expected.askedAt / 1000;
  const max = expected.maxTtlSeconds;
  if (expiresIn === null && exp === null) throw tooLong('the answer does not say how long it lives', max);
  if (expiresIn !== null && expiresIn > max) throw tooLong(`the answer lives ${expiresIn} seconds`, max);
  if (exp !== null) assertExpiry(exp, claims, { now, max });
  const ends = [expiresIn === null ? null : now + expiresIn, exp].filter((end) => end !== null);
  return Math.min(...ends) * 1000;
}

function assertExpiry(
  exp: number,
  claims: Claims | undefined,
  { now, max }: { now: number; max: number },
): void {
  const iat = toNumber(claims?.['iat']);
  if (iat !== null && exp - iat > max) throw tooLong(`the token lives ${exp - iat} seconds`, max);
  if (exp - now > max + CLOCK_TOLERANCE_SECONDS) {
    throw tooLong(`by this machine's clock the token lives ${Math.round(exp - now)} seconds`, max);
  }
  if (exp <= now) {
    const ahead =
      iat === null ? '' : `; this machine's clock is ${toMinutes(now - iat)} ahead of the provider's`;
    throw new ExchangeError('expired-answer', `the token has expired already${ahead}`);
  }
}

function toMinutes(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  return minutes === 1 ? '1 minute' : `${minutes} minutes`;
}

function tooLong(what: string, max: number): ExchangeError {
  return new ExchangeError('too-long', `${what}; at most ${max} are accepted`);
}

function assertAddress(claims: Claims, expected: Expectation): void {
  const audiences = Array.isArray(claims['aud']) ? claims['aud'] : [claims['aud']];
  const same = audiences.every(
    (audience) => typeof audience === 'string' && isSame(audience, expected.request.resource),
  );
  if (audiences.length === 0 || !same) {
    throw new ExchangeError(
      'wrong-audience',
      `the token is for another audience than ${expected.request.resource}`,
    );
  }
  const iss = claims['iss'];
  if (iss !== undefined && (typeof iss !== 'string' || !isSame(iss, expected.issuer))) {
    throw new ExchangeError('wrong-issuer', `the token names another issuer than ${expected.issuer}`);
  }
}

function isSame(a: string, b: string): boolean {
  return a.replace(/\/$/, '') === b.replace(/\/$/, '');
}

/**
 * Entra calls an API by a GUID that only the API knows, and a user otherwise at each API: what stays the same is `oid`.
 * The client is `azp`, `appid` in its older tokens.
 */
function assertEntra(claims: Claims | undefined, { clientId, subjectToken }: Expectation): void {
  const client = claims?.['azp'] ?? claims?.['appid'];
  if (client !== undefined && client !== clientId)
    throw new ExchangeError('wrong-actor', `the token is not ${clientId}'s`);
  const asked = subjectToken === null ? undefined : readClaims(subjectToken)?.['oid'];
  if (claims !== undefined && asked !== undefined && claims['oid'] !== asked)
    throw new ExchangeError('wrong-subject', 'the token is for another user than the one who asked');
}

function assertDelegation(claims: Claims | undefined, expected: Expectation, subjectToken: string): void {
  const act = claims?.['act'];
  const actor = isRecord(act) ? act['sub'] : undefined;
  if ((expected.requireAct || act !== undefined) && actor !== expected.clientId) {
    throw new ExchangeError('wrong-actor', `the token does not name ${expected.clientId} as its actor`);
  }
  const asked = readClaims(subjectToken);
  const comparable = asked !== undefined && (asked['iss'] === undefined || asked['iss'] === expected.issuer);
  if (claims !== undefined && comparable && claims['sub'] !== asked['sub']) {
    throw new ExchangeError('wrong-subject', 'the token is for another user than the one who asked');
  }
}
