import type { Prover } from './dpop.ts';
import { ExchangeError } from './error.ts';
import { toOperation } from './operation.ts';
import type { AccessToken, ExchangeEvent, TokenRequest } from './types.ts';

/** What a sender needs: where tokens come from and who is told. */
export interface Sender {
  readonly fetch: typeof globalThis.fetch;
  readonly request: TokenRequest;
  /** Whose key the tokens are bound to. */
  readonly prover?: Prover;
  readonly token: () => Promise<AccessToken>;
  /** Forgets a token that the resource refused. */
  readonly drop: (token: AccessToken) => Promise<void>;
  readonly onCall: (
    call: Pick<ExchangeEvent, 'result' | 'reason' | 'operation'> & Partial<ExchangeEvent>,
  ) => void;
}

const MAX_REDIRECTS = 5;

/**
 * Gives a `fetch` that adds the token, and sends it only below the resource's own URI. A redirect to anywhere else
 * is refused (`redirected`); on 401 `invalid_token` it exchanges once more.
 * @see RFC 6750 section 3.1
 */
export function sendWithToken(sender: Sender): typeof globalThis.fetch {
  return async (input, init) => {
    const base = new Request(input, { ...init, redirect: 'manual' });
    assertBelow(base.url, sender.request.resource);
    const follow = init?.redirect ?? (input instanceof Request ? input.redirect : 'follow');
    const replayable = !(init?.body instanceof ReadableStream) && !(input instanceof Request && input.body);
    return audited(sender, base, () => sendFollowing(sender, base, { follow, replayable }));
  };
}

/** Refuses a URL that is not below the resource: the token would go to somebody else. Throws `outside-resource`. */
export function assertBelow(url: string, resource: string): void {
  const target = new URL(url);
  const root = new URL(resource);
  const folder = root.pathname.endsWith('/') ? root.pathname : `${root.pathname}/`;
  const below = target.pathname === root.pathname || target.pathname.startsWith(folder);
  // An encoded slash may mean a parent folder to the server.
  const hidden = folder !== '/' && /%2f|%5c/i.test(target.pathname);
  const bare = target.username === '' && target.password === '';
  if (target.origin !== root.origin || !below || hidden || !bare) {
    throw new ExchangeError('outside-resource', `${target.origin} is not below the resource ${resource}`);
  }
}

async function audited(sender: Sender, base: Request, send: () => Promise<Outcome>): Promise<Response> {
  const operation = toOperation(base.method, new URL(base.url).pathname);
  try {
    const { response, token } = await send();
    const { status } = response;
    const result = status < 400 ? 'ok' : status === 401 || status === 403 ? 'denied' : 'failed';
    const reason = status < 400 ? null : String(status);
    sender.onCall({ operation, result, reason, jti: token.jti, subject: token.subject });
    return response;
  } catch (error) {
    // Without a token nothing was called: the exchange has been told already.
    if (!(error instanceof ExchangeError)) sender.onCall({ operation, result: 'failed', reason: 'network' });
    else if (error.code === 'redirected') sender.onCall({ operation, result: 'failed', reason: error.code });
    throw error;
  }
}

interface Outcome {
  readonly response: Response;
  readonly token: AccessToken;
}

async function sendFollowing(
  sender: Sender,
  base: Request,
  { follow, replayable }: { follow: Request['redirect']; replayable: boolean },
): Promise<Outcome> {
  let outcome = await sendOnce(sender, base, replayable);
  for (let hop = 0; isRedirect(outcome.response); hop++) {
    const safe = base.method === 'GET' || base.method === 'HEAD';
    if (follow === 'manual' || (follow === 'follow' && !safe && outcome.response.status !== 303))
      return outcome;
    const target = toTarget(outcome.response, base.url, sender.request.resource);
    if (follow === 'error' || hop === MAX_REDIRECTS) {
      throw new ExchangeError('redirected', `${new URL(base.url).origin} answered with a redirect`);
    }
    const next = new Request(target, {
      method: base.method === 'HEAD' ? 'HEAD' : 'GET',
      headers: base.headers,
      redirect: 'manual',
      signal: base.signal,
    });
    outcome = await sendOnce(sender, next, true);
  }
  return outcome;
}

function isRedirect(response: Response): boolean {
  return response.type === 'opaqueredirect' || [301, 302, 303, 307, 308].includes(response.status);
}

function toTarget(response: Response, from: string, resource: string): string {
  const location = response.headers.get('location');
  if (location === null || !URL.canParse(location, from)) {
    throw new ExchangeError('redirected', `${new URL(from).origin} answered with a redirect to nowhere`);
  }
  const target = new URL(location, from).href;
  try {
    assertBelow(target, resource);
  } catch (cause) {
    throw new ExchangeError('redirected', `the redirect to ${new URL(target).origin} leaves ${resource}`, {
      cause,
    });
  }
  return target;
}

async function sendOnce(sender: Sender, base: Request, replayable: boolean): Promise<Outcome> {
  const token = await sender.token();
  const response = await sendProven(sender, base, { token, replayable });
  if (!replayable || !saysInvalidToken(response)) return { response, token };
  await response.body?.cancel();
  await sender.drop(token);
  const fresh = await sender.token();
  return { response: await sendProven(sender, base, { token: fresh, replayable: false }), token: fresh };
}

/** Sends once, and once more where the API wants its nonce in the proof. */
async function sendProven(
  sender: Sender,
  base: Request,
  { token, replayable }: { token: AccessToken; replayable: boolean },
): Promise<Response> {
  const first = replayable ? base.clone() : base;
  const response = await sender.fetch(await withToken(first, token, sender.prover));
  const again = (await sender.prover?.wantsNonce(response, base.url)) === true && replayable;
  if (!again) return response;
  await response.body?.cancel();
  return sender.fetch(await withToken(base.clone(), token, sender.prover));
}

async function withToken(
  request: Request,
  { value }: AccessToken,
  prover: Prover | undefined,
): Promise<Request> {
  request.headers.set('authorization', `${prover === undefined ? 'Bearer' : 'DPoP'} ${value}`);
  if (prover === undefined) return request;
  const { method, url } = request;
  request.headers.set('dpop', await prover.prove({ method, url, token: value }));
  return request;
}

function saysInvalidToken(response: Response): boolean {
  const challenge = response.headers.get('www-authenticate') ?? '';
  return response.status === 401 && /\berror="?invalid_token"?/.test(challenge);
}
