import type { TokenAnswer } from './answer.ts';
import { askUser } from './ask.ts';
import { createCache, type Cached, type TokenCache } from './cache.ts';
import { readClaims, toNumber, toSha256, toText } from './encode.ts';
import { ExchangeError } from './error.ts';
import { fromEntra, toForm } from './form.ts';
import { judgeJag, toBearerForm, toJagForm, type Assertion } from './id-jag.ts';
import { judgeAnswer } from './judge.ts';
import { requestToken } from './request.ts';
import { sendWithToken } from './send.ts';
import type {
  AccessToken,
  Agent,
  AgentOptions,
  ExchangeEvent,
  TokenRequest,
  TokenSource,
  UserRequest,
} from './types.ts';

const DEFAULT_MAX_TTL_SECONDS = 300;
/** A token is not handed out in its last seconds: it must survive the request that it is for. */
const MARGIN_MS = 30_000;
const MAX_ASSERTION_MS = 300_000;

/** One identity with its cache. `subject` null: as itself. */
interface Source {
  readonly options: AgentOptions;
  readonly cache: TokenCache<AccessToken>;
  /** What other servers take for a token (ID-JAG). */
  readonly assertions: TokenCache<Assertion>;
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
  const caches = {
    cache: createCache<AccessToken>(options.clock),
    assertions: createCache<Assertion>(options.clock),
  };
  return {
    onBehalfOf: (subjectToken) => toTokenSource({ options, ...caches, subject: assertSubject(subjectToken) }),
    asItself: () => toTokenSource({ options, ...caches, subject: null }),
    ask: (request) => askAudited(options, request),
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

async function askAudited(options: AgentOptions, request: UserRequest): Promise<string> {
  const asked = { kind: 'ask', subject: request.user, asItself: false } as const;
  const tell = (event: Outcome): void => emit({ options, subject: null }, request, { ...asked, ...event });
  try {
    assertRequest(request);
    const subject = await askUser(options, request);
    tell({ result: 'ok', reason: null, subject: toText(readClaims(subject)?.['sub']) ?? request.user });
    return subject;
  } catch (error) {
    tell(toOutcome(error));
    throw error;
  }
}

type Outcome = Pick<ExchangeEvent, 'result' | 'reason'> & Partial<ExchangeEvent>;

function toOutcome(error: unknown): Outcome {
  const known = error instanceof ExchangeError ? error : undefined;
  return { result: known?.kind === 'denied' ? 'denied' : 'failed', reason: known?.code ?? 'internal' };
}

async function exchangeAudited(source: Source, request: TokenRequest): Promise<Cached<AccessToken>> {
  try {
    const cached = await exchange(source, request);
    const { subject, jti } = cached.token;
    emit(source, request, { kind: 'exchange', subject, jti, result: 'ok', reason: null });
    return cached;
  } catch (error) {
    emit(source, request, { kind: 'exchange', ...toOutcome(error) });
    throw error;
  }
}

function emit(
  { options, subject }: Pick<Source, 'options' | 'subject'>,
  request: TokenRequest,
  event: Outcome & Pick<ExchangeEvent, 'kind'>,
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

async function exchange(source: Source, request: TokenRequest): Promise<Cached<AccessToken>> {
  const { options, subject } = source;
  const askedAt = options.clock();
  const subjectEnds = subject === null ? Infinity : assertAlive(subject, askedAt);
  const { answer, from } = await askFor(source, request, askedAt);
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

/** Asks for a token, and says whom it comes from: the provider, or the resource's own server. */
async function askFor(
  source: Source,
  request: TokenRequest,
  now: number,
): Promise<{ readonly answer: TokenAnswer; readonly from: AgentOptions }> {
  const { options, subject } = source;
  const server = options.resourceServer;
  if (server !== undefined && subject !== null) return redeem({ ...source, subject }, server, request);
  const said = await requestToken(options, toForm(options, request, subject), now);
  return { answer: options.dialect === 'entra' ? fromEntra(said, request) : said, from: options };
}

/** An assertion is kept until it ends, but a server may take each only once: then there is a new one. */
async function redeem(
  source: Source & { readonly subject: string },
  server: NonNullable<AgentOptions['resourceServer']>,
  request: TokenRequest,
): Promise<{ readonly answer: TokenAnswer; readonly from: AgentOptions }> {
  const { options, assertions, subject } = source;
  const key = await toKey(source, request);
  let isNew = false;
  const ask = (): Promise<Assertion> =>
    assertions.get(key, async () => {
      isNew = true;
      const now = options.clock();
      const form = toJagForm(toForm(options, request, subject), server, request);
      const expected = { options, server, subjectToken: subject, request };
      const token = judgeJag(await requestToken(options, form, now), expected);
      return { token, usableUntil: Math.min(token.endsAt, now + MAX_ASSERTION_MS) - MARGIN_MS };
    });
  const assertion = await ask();
  // What the provider expects of an assertion says nothing about this server.
  const { assertionAudience: _audience, dialect: _dialect, ...plain } = options;
  const from = { ...plain, ...server, clientId: assertion.clientId };
  try {
    return {
      answer: await requestToken(
        from,
        toBearerForm(assertion.value, request, options.target),
        options.clock(),
      ),
      from,
    };
  } catch (error) {
    if (isNew || !(error instanceof ExchangeError && error.code === 'invalid-grant')) throw error;
    assertions.drop(key, assertion);
    const { value } = await ask();
    return {
      answer: await requestToken(from, toBearerForm(value, request, options.target), options.clock()),
      from,
    };
  }
}

/** Gives when the user's own token ends, in milliseconds; an opaque one does not say. */
function assertAlive(subject: string, now: number): number {
  const exp = toNumber(readClaims(subject)?.['exp']);
  if (exp !== null && exp * 1000 <= now) {
    throw new ExchangeError('subject-expired', "the user's own token has expired");
  }
  return exp === null ? Infinity : exp * 1000;
}
