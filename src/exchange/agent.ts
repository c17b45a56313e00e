import { readAnswer, type TokenAnswer } from './answer.ts';
import { signAssertion } from './assertion.ts';
import { createCache, type Cached, type TokenCache } from './cache.ts';
import { readClaims, toNumber, toSha256, toText } from './encode.ts';
import { ExchangeError } from './error.ts';
import { entraFederation, fromEntra, toForm } from './form.ts';
import { judgeJag, toBearerForm, toJagForm } from './id-jag.ts';
import { judgeAnswer } from './judge.ts';
import { sendWithToken } from './send.ts';
import type { AccessToken, Agent, AgentOptions, ExchangeEvent, TokenRequest, TokenSource } from './types.ts';

const DEFAULT_MAX_TTL_SECONDS = 300;
/** A token is not handed out in its last seconds: it must survive the request that it is for. */
const MARGIN_MS = 30_000;
const TIMEOUT_MS = 15_000;

/** One identity with its cache. `subject` null: as itself. */
interface Source {
  readonly options: AgentOptions;
  readonly cache: TokenCache;
  readonly subject: string | null;
}

/**
 * Makes an agent that gets tokens for one registered identity.
 *
 * Tokens are kept in memory until 30 seconds before they end. An answer that is wider, longer-lived or less
 * delegated than asked is refused.
 * @see RFC 8693, RFC 7523, RFC 8707
 */
export function createAgent(options: AgentOptions): Agent {
  const cache = createCache(options.clock);
  return {
    onBehalfOf: (subjectToken) => toTokenSource({ options, cache, subject: assertSubject(subjectToken) }),
    asItself: () => toTokenSource({ options, cache, subject: null }),
  };
}

function assertSubject(subjectToken: string): string {
  if (/^[A-Za-z0-9._~+/=-]+$/.test(subjectToken)) return subjectToken;
  throw new ExchangeError('malformed-request', 'the subject token is empty or malformed');
}

function toTokenSource(source: Source): TokenSource {
  return {
    token: (request) => getToken(source, request),
    fetch: (request) =>
      sendWithToken({
        fetch: source.options.fetch,
        ...(source.options.prover && { prover: source.options.prover }),
        request,
        token: () => getToken(source, request),
        drop: async (token) => source.cache.drop(await toKey(source, request), token),
        onCall: (call) => emit(source, request, { kind: 'call', ...call }),
      }),
  };
}

async function getToken(source: Source, request: TokenRequest): Promise<AccessToken> {
  assertRequest(request);
  return source.cache.get(await toKey(source, request), () => exchangeAudited(source, request));
}

function assertRequest({ resource, scopes }: TokenRequest): void {
  if (!URL.canParse(resource) || resource.includes('#')) {
    throw new ExchangeError('malformed-request', 'a resource must be an absolute URI without fragment');
  }
  // RFC 6749 section 3.3.
  if (!scopes.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope))) {
    throw new ExchangeError('malformed-request', 'a scope holds a character that no scope may hold');
  }
}

async function toKey({ options, subject }: Source, { resource, scopes }: TokenRequest): Promise<string> {
  const who = subject === null ? null : await toSha256(subject);
  return JSON.stringify([options.issuer, options.clientId, who, resource, [...new Set(scopes)].sort()]);
}

async function exchangeAudited(source: Source, request: TokenRequest): Promise<Cached> {
  try {
    const cached = await exchange(source, request);
    const { subject, jti } = cached.token;
    emit(source, request, { kind: 'exchange', subject, jti, result: 'ok', reason: null });
    return cached;
  } catch (error) {
    const known = error instanceof ExchangeError ? error : undefined;
    const result = known?.kind === 'denied' ? 'denied' : 'failed';
    emit(source, request, { kind: 'exchange', result, reason: known?.code ?? 'internal' });
    throw error;
  }
}

function emit(
  { options, subject }: Source,
  request: TokenRequest,
  event: Partial<ExchangeEvent> & Pick<ExchangeEvent, 'kind' | 'result' | 'reason'>,
): void {
  options.onEvent?.({
    resource: request.resource,
    scopes: request.scopes,
    subject: subject === null ? null : toText(readClaims(subject)?.['sub']),
    asItself: subject === null,
    operation: null,
    jti: null,
    ...event,
  });
}

async function exchange({ options, subject }: Source, request: TokenRequest): Promise<Cached> {
  const askedAt = options.clock();
  const subjectEnds = subject === null ? Infinity : assertAlive(subject, askedAt);
  const { answer, from } = await askFor({ options, subject, request }, askedAt);
  const maxTtlSeconds = options.maxTtlSeconds ?? DEFAULT_MAX_TTL_SECONDS;
  const token = judgeAnswer(answer, {
    request,
    clientId: from.clientId,
    issuer: from.issuer,
    maxTtlSeconds,
    askedAt,
    subjectToken: subject,
    requireAct: options.requireAct,
    redeemed: from !== options,
    ...(options.prover && { boundTo: await options.prover.thumbprint() }),
    ...(options.dialect === undefined ? {} : { dialect: options.dialect }),
  });
  const ends = Math.min(token.expiresAt, subjectEnds, askedAt + maxTtlSeconds * 1000);
  return { token, usableUntil: ends - MARGIN_MS };
}

interface Asked extends Pick<Source, 'options' | 'subject'> {
  readonly request: TokenRequest;
}

/** Asks for a token, and says whom it comes from: the provider, or the resource's own server. */
async function askFor(
  { options, subject, request }: Asked,
  now: number,
): Promise<{ readonly answer: TokenAnswer; readonly from: AgentOptions }> {
  const form = toForm(options, request, subject);
  const server = options.resourceServer;
  if (server === undefined || subject === null) {
    const said = await ask(options, form, now);
    return { answer: options.dialect === 'entra' ? fromEntra(said, request) : said, from: options };
  }
  const said = await ask(options, toJagForm(form, server, request), now);
  const { assertion, clientId } = judgeJag(said, { options, server, subjectToken: subject, request });
  // What the provider expects of an assertion says nothing about this server.
  const { assertionAudience: _audience, dialect: _dialect, ...plain } = options;
  const from = { ...plain, ...server, clientId };
  return { answer: await ask(from, toBearerForm(assertion, request), options.clock()), from };
}

/** Gives when the user's own token ends, in milliseconds; an opaque one does not say. */
function assertAlive(subject: string, now: number): number {
  const exp = toNumber(readClaims(subject)?.['exp']);
  if (exp !== null && exp * 1000 <= now) {
    throw new ExchangeError('subject-expired', "the user's own token has expired");
  }
  return exp === null ? Infinity : exp * 1000;
}

/** A key that was replaced while the request was on its way is refused: then the new one is good. */
async function ask(options: AgentOptions, form: Record<string, string>, now: number): Promise<TokenAnswer> {
  const signer = await currentSigner(options.signer);
  try {
    return await askWith({ ...options, signer }, form, now);
  } catch (error) {
    if (!(error instanceof ExchangeError && error.status === 401)) throw error;
    const later = await currentSigner(options.signer);
    if ('token' in signer || 'token' in later || signer.kid === later.kid) throw error;
    return askWith({ ...options, signer: later }, form, options.clock());
  }
}

async function currentSigner(signer: AgentOptions['signer']): Promise<AgentOptions['signer']> {
  return 'token' in signer ? signer : ((await signer.current?.()) ?? signer);
}

async function askWith(
  options: AgentOptions,
  form: Record<string, string>,
  now: number,
): Promise<TokenAnswer> {
  const send = async (): Promise<Response> =>
    post(
      options,
      new URLSearchParams({
        ...form,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        ...(await proveClient(options, now)),
      }),
    );
  const response = await send();
  const again = await options.prover?.wantsNonce(response, options.tokenEndpoint);
  return readAnswer(again === true ? await send() : response, options.clock());
}

/** A platform's token names the job, not the client: the client id says which client it is to be. */
async function proveClient(
  { signer, clientId, issuer, ...options }: AgentOptions,
  now: number,
): Promise<Record<string, string>> {
  if ('token' in signer)
    return {
      client_id: clientId,
      client_assertion: await signer.token(options.dialect === 'entra' ? entraFederation : issuer),
    };
  const audience = options.assertionAudience ?? options.tokenEndpoint;
  return { client_assertion: await signAssertion(signer, { clientId, audience, now }) };
}

async function post(options: AgentOptions, body: URLSearchParams): Promise<Response> {
  const { prover, tokenEndpoint: url } = options;
  const proof = prover && { dpop: await prover.prove({ method: 'POST', url }) };
  let response: Response;
  try {
    response = await options.fetch(url, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded', ...proof },
      body: body.toString(),
      // A redirect would carry the user's token elsewhere.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (cause) {
    throw new ExchangeError('unreachable', `the identity provider at ${options.issuer} does not answer`, {
      cause,
    });
  }
  return response;
}
