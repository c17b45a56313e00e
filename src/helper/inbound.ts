import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { Secret } from '../model/secret.ts';

/** What a server request brought: the user's token, or null for a request without one. */
interface Inbound {
  readonly bearer: Secret | null;
}

const inbound = new AsyncLocalStorage<Inbound>();
let watching = false;

/**
 * Watches the HTTP servers of this process, so that handlers need no change: what is called while a request is
 * handled, also after `await`, sees that request's token and no other's.
 */
export function watchRequests(): void {
  if (watching) return;
  watching = true;
  // Published before the handler runs. Entered for every request, so that a connection that is kept open never
  // shows the token of the request before.
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { request: { headers: { authorization?: string } } };
    inbound.enterWith({ bearer: toBearer(request.headers.authorization) });
  });
}

/** Gives the current request's token, null where it has none, `undefined` outside any request. */
export function readInbound(): Secret | null | undefined {
  const current = inbound.getStore();
  return current === undefined ? undefined : current.bearer;
}

/** Takes the token out of an Authorization header. @see RFC 6750 section 2.1 */
export function toBearer(header: string | undefined): Secret | null {
  const token = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(header ?? '')?.[1];
  return token === undefined ? null : new Secret(token);
}
