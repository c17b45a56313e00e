import type { TokenAnswer } from './answer.ts';
import { readClaims, readHeader, toNumber, toText } from './encode.ts';
import { ExchangeError } from './error.ts';
import { accessTokenType, idTokenType } from './judge.ts';
import type { AgentOptions, TokenRequest } from './types.ts';

/** @see draft-ietf-oauth-identity-assertion-authz-grant */
const idJagType = 'urn:ietf:params:oauth:token-type:id-jag';
const MAX_SECONDS = 300;

type Form = Record<string, string>;

/** A server of somebody else that issues a resource's tokens. */
type Server = NonNullable<AgentOptions['resourceServer']>;

/** A provider's word for who the user is, and what it calls the agent at the other server. `endsAt` in milliseconds. */
export interface Assertion {
  readonly value: string;
  readonly clientId: string;
  readonly endsAt: number;
}

/** Makes of a token exchange one for an assertion that `server` takes; a subject that shows what it is gets that type. */
export function toJagForm(form: Form, server: Server, { resource }: TokenRequest): Form {
  const type = typeOf(form['subject_token'] ?? '');
  return {
    ...form,
    ...(type !== undefined && { subject_token_type: type }),
    requested_token_type: idJagType,
    audience: server.issuer,
    resource,
  };
}

/**
 * Says what a subject is: an access token names its scopes or its client, an ID token neither.
 * @see RFC 9068 section 2, OpenID Connect Core section 2
 */
function typeOf(subject: string): string | undefined {
  const claims = readClaims(subject);
  if (claims === undefined) return undefined;
  const has = (name: string): boolean => claims[name] !== undefined;
  const typed = /^(application\/)?at\+jwt$/i.test(toText(readHeader(subject)?.['typ']) ?? '');
  if (typed || ['scope', 'scp', 'client_id', 'cid'].some(has)) return accessTokenType;
  return ['iss', 'sub', 'aud', 'iat', 'exp'].every(has) ? idTokenType : undefined;
}

/**
 * Accepts an assertion only if it is for that server, of this provider, for this user, for five minutes at most, and no
 * wider than asked. Throws `ExchangeError` with the code of the first difference.
 */
export function judgeJag(
  answer: TokenAnswer,
  { options, server, subjectToken, request }: JagExpectation,
): Assertion {
  const assertion = toText(answer['access_token']);
  const claims = assertion === null ? undefined : readClaims(assertion);
  const clientId = toText(claims?.['client_id']);
  if (assertion === null || claims === undefined || clientId === null)
    throw new ExchangeError('malformed-answer', 'the answer holds no usable identity assertion');
  if (answer['issued_token_type'] !== idJagType)
    throw new ExchangeError('wrong-token-type', 'the answer is not an identity assertion');
  if (claims['iss'] !== options.issuer)
    throw new ExchangeError('wrong-issuer', `the assertion names another issuer than ${options.issuer}`);
  const { aud } = claims;
  if ((Array.isArray(aud) && aud.length === 1 ? aud[0] : aud) !== server.issuer)
    throw new ExchangeError('wrong-audience', `the assertion is for another server than ${server.issuer}`);
  assertSubject(claims, readClaims(subjectToken), options.issuer);
  const endsAt = assertLimits(claims, request.scopes);
  return { value: assertion, clientId, endsAt };
}

/** What an assertion is held against. */
interface JagExpectation {
  readonly options: Pick<AgentOptions, 'issuer'>;
  readonly server: Server;
  readonly subjectToken: string;
  readonly request: TokenRequest;
}

type Claims = Readonly<Record<string, unknown>>;

function assertSubject(claims: Claims, asked: Claims | undefined, issuer: string): void {
  if (asked?.['iss'] === issuer && claims['sub'] !== asked['sub'])
    throw new ExchangeError('wrong-subject', 'the assertion is for another user than the one who asked');
}

function assertLimits(claims: Claims, asked: readonly string[]): number {
  const [exp, iat] = [toNumber(claims['exp']), toNumber(claims['iat'])];
  if (exp === null || iat === null || exp - iat > MAX_SECONDS)
    throw new ExchangeError('too-long', `the assertion lives longer than ${MAX_SECONDS} seconds`);
  const extra = (toText(claims['scope']) ?? '')
    .split(' ')
    .filter((one) => one !== '' && !asked.includes(one));
  if (extra.length > 0)
    throw new ExchangeError('wider-scope', `the assertion is wider than asked: ${extra.join(' ')}`);
  return exp * 1000;
}

/**
 * Redeems an assertion at the other server, which knows the resource from it where `target` is not RFC 8707's.
 * @see RFC 7523 section 2.1
 */
export function toBearerForm(
  assertion: string,
  { resource, scopes }: TokenRequest,
  target: AgentOptions['target'] = 'resource',
): Form {
  const scope = [...new Set(scopes)].sort().join(' ');
  return {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion,
    ...(target === 'resource' ? { resource } : {}),
    ...(scope === '' ? {} : { scope }),
  };
}
