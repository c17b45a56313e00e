import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { errors } from 'oidc-provider';
import { answerAdmin } from './admin-routes.ts';
import { answerRequests } from './ask-pages.ts';
import { createPace } from './ciba.ts';
import type { Idp } from './context.ts';
import { rememberCode } from './device-pages.ts';
import { currentNonce } from './dpop.ts';
import { enrollMachine, pollEnrollment } from './enrollments.ts';
import { authenticatePlatform, isForeign } from './federation.ts';
import { issueTo } from './grants.ts';
import { createProvider } from './provider.ts';
import { answerInteraction } from './sign-in.ts';
import { introspect, revoke } from './token-routes.ts';
import { assertHost, peekForm, readForm, readJson, Refusal, sendError, sendJson } from './wire.ts';

interface Call {
  readonly idp: Idp;
  readonly provider: Provider;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Refuses who asks for a token too often. */
  readonly pace: (form: URLSearchParams) => void;
}

/** Makes what answers every request of the identity provider: our own routes first, then the OpenID library. */
export function createRouter(idp: Idp): RequestListener {
  const provider = createProvider(idp);
  const openid = provider.callback();
  const pace = createPace(idp);
  return (request, response) => {
    route({ idp, request, response, provider, pace }, openid).catch((error: unknown) =>
      sendError(response, error),
    );
  };
}

async function route(call: Call, openid: RequestListener): Promise<void> {
  const { idp, request, response } = call;
  assertHost(request, idp.issuer);
  const url = new URL(request.url ?? '/', idp.issuer);
  const post = request.method === 'POST' ? posts[url.pathname] : undefined;
  if (post !== undefined) await post(call, openid);
  else if (!(await answer(call, url))) openid(request, response);
}

type Post = (call: Call, openid: RequestListener) => Promise<void>;

/** What is only ever sent, by programs. */
const posts: Readonly<Record<string, Post>> = {
  '/token': answerToken,
  '/backchannel': answerBackchannel,
  '/introspect': async ({ idp, request, response }) =>
    sendJson(response, 200, await introspect(idp, await readForm(request))),
  '/revoke': async ({ idp, provider, request, response }) => {
    await revoke(idp, provider, await readForm(request));
    response.writeHead(200, { 'cache-control': 'no-store' }).end();
  },
  '/enroll': async ({ idp, request, response }) =>
    sendJson(response, 200, await enrollMachine(idp, await readJson(request))),
  '/enroll/poll': async ({ idp, request, response }) =>
    sendJson(response, 200, await pollEnrollment(idp, await readJson(request))),
};

/** A job of a platform authenticates by a token that the library does not know; all others are the library's. */
async function answerToken({ idp, request, response, pace }: Call, openid: RequestListener): Promise<void> {
  const { form, again } = await peekForm(request);
  pace(form);
  if (!isForeign(form)) {
    openid(again, response);
    return;
  }
  const agent = await authenticatePlatform(idp, form);
  response.setHeader('dpop-nonce', currentNonce(idp));
  try {
    const proof = request.headers['dpop'];
    const asked = { agent, params: Object.fromEntries(form), proof: proof?.toString() };
    sendJson(response, 200, await issueTo(idp, asked));
  } catch (error) {
    if (!(error instanceof errors.OIDCProviderError)) throw error;
    throw new Refusal(error.statusCode, error.error, error.error_description ?? error.message);
  }
}

/** Who asks a user needs a key of its own: the library knows no other proof. */
async function answerBackchannel({ request, response }: Call, openid: RequestListener): Promise<void> {
  const { form, again } = await peekForm(request);
  if (isForeign(form))
    throw new Refusal(400, 'unauthorized_client', 'an agent asks a user with a key of its own, not as a job');
  openid(again, response);
}

/** Says whether the request was ours. */
async function answer({ idp, request, response, provider }: Call, url: URL): Promise<boolean> {
  const { pathname } = url;
  if (/^\/(register|admin)(\/|$)/.test(pathname)) {
    await answerAdmin({ idp, request, response, url });
    return true;
  }
  if (/^\/interaction\/[\w-]+$/.test(pathname) && ['GET', 'POST'].includes(request.method ?? '')) {
    await answerInteraction({ idp, provider, request, response });
    return true;
  }
  if (pathname === '/requests' && ['GET', 'POST'].includes(request.method ?? '')) {
    await answerRequests({ idp, provider, request, response });
    return true;
  }
  if (request.method === 'GET' && pathname === '/device') hideCode(request, url);
  return false;
}

/** With a code in the address the library would send a form by script; our pages run none. */
function hideCode(request: IncomingMessage, url: URL): void {
  const code = url.searchParams.get('user_code');
  if (code === null) return;
  rememberCode(request, code.slice(0, 32));
  request.url = '/device';
}
