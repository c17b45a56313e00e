import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { answerAdmin } from './admin-routes.ts';
import type { Idp } from './context.ts';
import { rememberCode } from './device-pages.ts';
import { createProvider } from './provider.ts';
import { answerInteraction } from './sign-in.ts';
import { introspect, revoke } from './token-routes.ts';
import { assertHost, readForm, sendError, sendJson } from './wire.ts';

interface Call {
  readonly idp: Idp;
  readonly provider: Provider;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Makes what answers every request of the identity provider: our own routes first, then the OpenID library. */
export function createRouter(idp: Idp): RequestListener {
  const provider = createProvider(idp);
  const openid = provider.callback();
  return (request, response) => {
    answer({ idp, request, response, provider })
      .then((answered) => (answered ? undefined : openid(request, response)))
      .catch((error: unknown) => sendError(response, error));
  };
}

/** Says whether the request was ours. */
async function answer({ idp, request, response, provider }: Call): Promise<boolean> {
  assertHost(request, idp.issuer);
  const url = new URL(request.url ?? '/', idp.issuer);
  const { pathname } = url;
  if (/^\/(register|admin)(\/|$)/.test(pathname)) {
    await answerAdmin({ idp, request, response, url });
    return true;
  }
  if (request.method === 'POST' && pathname === '/introspect') {
    sendJson(response, 200, await introspect(idp, await readForm(request)));
    return true;
  }
  if (request.method === 'POST' && pathname === '/revoke') {
    await revoke(idp, provider, await readForm(request));
    response.writeHead(200, { 'cache-control': 'no-store' }).end();
    return true;
  }
  if (/^\/interaction\/[\w-]+$/.test(pathname) && ['GET', 'POST'].includes(request.method ?? '')) {
    await answerInteraction({ idp, provider, request, response });
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
