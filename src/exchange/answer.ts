import { isRecord } from './encode.ts';
import { ExchangeError, type ExchangeCode } from './error.ts';

/** What a token endpoint answers, in the standard's spelling. @see RFC 8693 section 2.2.1 */
export type TokenAnswer = Readonly<Record<string, unknown>>;

/**
 * Servers disagree: a bad subject token is `invalid_request` in RFC 8693 and `invalid_grant` in RFC 7523. So the
 * table says which answers are a refusal at all; the code keeps the server's word.
 */
const denials: Readonly<Record<string, ExchangeCode>> = {
  access_denied: 'access-denied',
  invalid_grant: 'invalid-grant',
  invalid_target: 'invalid-target',
  invalid_scope: 'invalid-scope',
  invalid_request: 'invalid-request',
  unauthorized_client: 'unauthorized-client',
  unsupported_grant_type: 'unauthorized-client',
  invalid_client: 'invalid-client',
  // OpenID CIBA Core sections 11 and 13.
  authorization_pending: 'not-yet',
  slow_down: 'slow-down',
  expired_token: 'not-answered',
  unknown_user_id: 'unknown-user',
  invalid_binding_message: 'invalid-request',
};

/** A difference that no server tolerates in an assertion of a minute's life, in milliseconds. */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * Reads a token endpoint's answer. Throws `ExchangeError` for every answer but a JSON object with status 200; it
 * tells how far the clocks are apart where that may be why. `now` is in milliseconds.
 */
export async function readAnswer(response: Response, now: number): Promise<TokenAnswer> {
  const body = await readBody(response);
  if (response.status === 200 && isRecord(body)) return body;
  throw toError(response.status, body, toClockNote(response.headers.get('date'), now));
}

/** An assertion that is not valid yet, or not any more, is refused without saying so: the answer's date tells. */
function toClockNote(date: string | null, now: number): string {
  const apart = now - Date.parse(date ?? '');
  if (!(Math.abs(apart) > CLOCK_TOLERANCE_MS)) return '';
  const minutes = Math.round(Math.abs(apart) / 60_000);
  return `; this machine's clock is ${minutes} ${minutes === 1 ? 'minute' : 'minutes'} ${apart > 0 ? 'ahead of' : 'behind'} the provider's`;
}

async function readBody(response: Response): Promise<unknown> {
  let text: string;
  try {
    text = await response.text();
  } catch (cause) {
    throw new ExchangeError('unreachable', 'the identity provider broke off its answer', { cause });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function toError(status: number, body: unknown, clockNote: string): ExchangeError {
  const error = isRecord(body) && typeof body['error'] === 'string' ? body['error'] : null;
  const description =
    isRecord(body) && typeof body['error_description'] === 'string' ? body['error_description'] : null;
  if (status >= 500 || status === 429) {
    return new ExchangeError('server-error', `the identity provider answered ${status}`, { status });
  }
  const code = error === null ? undefined : denials[error];
  if (code !== undefined) {
    return new ExchangeError(
      code,
      `the identity provider refused: ${plain(error, description)}${clockNote}`,
      {
        status,
      },
    );
  }
  if (status === 401 || status === 403) {
    return new ExchangeError('access-denied', `the identity provider answered ${status}${clockNote}`, {
      status,
    });
  }
  return new ExchangeError(
    'malformed-answer',
    `the identity provider answered ${status} without a token or a known error`,
    { status },
  );
}

/** A server's text goes into a message only where it is short, printable and cannot be a token. */
function plain(error: string | null, description: string | null): string {
  const usable =
    description !== null && /^[\x20-\x7e]{1,200}$/.test(description) && !/\S{48}/.test(description);
  return usable ? `${error} (${description})` : String(error);
}
