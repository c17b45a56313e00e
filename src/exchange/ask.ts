import type { TokenAnswer } from './answer.ts';
import { readClaims, toNumber, toText } from './encode.ts';
import { ExchangeError, type ExchangeCode } from './error.ts';
import { requestToken } from './request.ts';
import type { AgentOptions, UserRequest } from './types.ts';

const USUAL_INTERVAL_SECONDS = 5;
const MAX_WAIT_SECONDS = 300;

/** After these the provider is asked again, so many seconds later than before. */
const patience: Partial<Readonly<Record<ExchangeCode, number>>> = {
  'not-yet': 0,
  'slow-down': 5,
  unreachable: 0,
  'server-error': 5,
};

/**
 * Asks a user who is not there whether the agent may act for them, and waits for the answer: the provider shows them the
 * question, with `message`. Gives a subject token for this agent. Each call asks anew.
 * Throws `ExchangeError`: `user-refused`, `not-answered`, `unknown-user`, `cannot-ask`, and those of any request.
 * @see OpenID CIBA Core 1.0 sections 7.1 and 10.1
 */
export async function askUser(
  { prover: _prover, ...options }: AgentOptions,
  request: UserRequest,
): Promise<string> {
  const { askEndpoint, tokenEndpoint, clock } = options;
  if (askEndpoint === undefined)
    throw new ExchangeError('cannot-ask', 'the identity provider does not ask users who are not there');
  const askedAt = clock();
  const said = await requestToken(
    // The token endpoint is the audience of an assertion wherever it is sent (section 7.1).
    { ...options, tokenEndpoint: askEndpoint, assertionAudience: options.assertionAudience ?? tokenEndpoint },
    toQuestion(request),
    askedAt,
  );
  const id = toText(said['auth_req_id']);
  if (id === null)
    throw new ExchangeError('malformed-answer', 'the provider took the question without a name for it');
  const seconds = Math.min(toNumber(said['expires_in']) ?? MAX_WAIT_SECONDS, waitOf(request));
  request.onAsked?.(seconds);
  const answer = await poll(options, {
    form: { grant_type: 'urn:openid:params:grant-type:ciba', auth_req_id: id },
    intervalSeconds: toNumber(said['interval']) ?? USUAL_INTERVAL_SECONDS,
    ends: askedAt + seconds * 1000,
  });
  return judgeSubject(answer, options);
}

function toQuestion(request: UserRequest): Record<string, string> {
  const { user, message, resource, scopes } = request;
  return {
    scope: ['openid', ...new Set(scopes)].join(' '),
    login_hint: user,
    resource,
    requested_expiry: String(waitOf(request)),
    ...(message === undefined ? {} : { binding_message: message }),
  };
}

function waitOf({ waitSeconds = MAX_WAIT_SECONDS }: UserRequest): number {
  return Math.min(waitSeconds, MAX_WAIT_SECONDS);
}

interface Poll {
  readonly form: Record<string, string>;
  readonly intervalSeconds: number;
  /** Milliseconds since 1970. */
  readonly ends: number;
}

async function poll(options: AgentOptions, { form, intervalSeconds, ends }: Poll): Promise<TokenAnswer> {
  let interval = Math.max(1, intervalSeconds);
  for (;;) {
    await sleep(Math.min(interval * 1000, Math.max(0, ends - options.clock())));
    try {
      return await requestToken(options, form, options.clock());
    } catch (error) {
      const code = error instanceof ExchangeError ? error.code : 'malformed-answer';
      const more = patience[code];
      if (code === 'access-denied')
        throw new ExchangeError('user-refused', 'the user said no', { cause: error });
      if (more === undefined) throw error;
      if (options.clock() >= ends)
        throw new ExchangeError('not-answered', 'the user did not answer in time', { cause: error });
      interval += more;
    }
  }
}

/** Takes the user's token only where what comes with it names this provider, this agent and one user. */
function judgeSubject(answer: TokenAnswer, { issuer, clientId, subjectTokenType }: AgentOptions): string {
  const token = toText(answer['access_token']);
  if (token === null || toText(answer['token_type'])?.toLowerCase() !== 'bearer')
    throw new ExchangeError('malformed-answer', 'the answer holds no usable token of the user');
  const idToken = toText(answer['id_token']) ?? '';
  const id = readClaims(idToken);
  if (id?.['iss'] !== issuer || ![id['aud']].flat().includes(clientId))
    throw new ExchangeError('wrong-audience', `the answer is not of ${issuer} for ${clientId}`);
  if ((readClaims(token)?.['sub'] ?? id['sub']) !== id['sub'])
    throw new ExchangeError('wrong-subject', 'the answer names two users');
  return subjectTokenType === 'id_token' ? idToken : token;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
