import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A page on this machine to which the provider sends the browser back. @see RFC 8252 section 7.3 */
export interface Loopback {
  readonly redirectUri: string;
  /** Waits for the answer; `undefined` when `timeoutMs` have passed. */
  wait(timeoutMs: number): Promise<URLSearchParams | undefined>;
  close(): Promise<void>;
}

const path = '/callback';

/**
 * Listens on 127.0.0.1 at a free port. Only what `accept` takes ends the waiting: other programs of this machine can
 * call the page as well.
 */
export async function startLoopback(accept: (query: URLSearchParams) => boolean): Promise<Loopback> {
  let found: (query: URLSearchParams) => void = () => undefined;
  const answer = new Promise<URLSearchParams>((resolve) => {
    found = resolve;
  });
  let host = '';
  const server = createServer((request, response) => {
    const query = toQuery(request, host);
    if (query === undefined || !accept(query)) {
      reply(response, 400, 'This is not the answer that agent-id waits for.');
      return;
    }
    const ok = query.get('error') === null;
    reply(response, 200, ok ? 'You are signed in. You may close this page.' : 'You were not signed in.');
    found(query);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    redirectUri: `http://${host}${path}`,
    wait: (timeoutMs) => withTimeout(answer, timeoutMs),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function toQuery(request: IncomingMessage, host: string): URLSearchParams | undefined {
  // The host tells a page of ours from one that a foreign name points at.
  if (request.method !== 'GET' || request.headers.host !== host) return undefined;
  const url = new URL(request.url ?? '/', `http://${host}`);
  return url.pathname === path ? url.searchParams : undefined;
}

function reply(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      connection: 'close',
    })
    .end(`<!doctype html><title>agent-id</title><p>${text}</p>\n`);
}

function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), timeoutMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
