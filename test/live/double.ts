import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** One request as a provider saw it. */
export interface Asked {
  readonly host: string;
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
}

type Reply = readonly [status: number, body: unknown];

/** Providers on loopback, by host and path; each knows which secrets work. */
export interface Providers {
  readonly asked: readonly Asked[];
  /** Goes to loopback whatever the host is, and tells it which host was meant. */
  readonly fetch: typeof globalThis.fetch;
}

/** Starts a server that answers for every host as `answer` says. */
export async function startProviders(answer: (asked: Asked) => Reply | undefined): Promise<Providers> {
  const asked: Asked[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { 'x-meant-for': host = '', ...headers } = request.headers;
    const one = { host: String(host), path: request.url ?? '', method: request.method ?? '', headers };
    asked.push(one);
    const [status, body] = answer(one) ?? [404, { message: 'no such page' }];
    const location = status === 302 ? { location: 'https://elsewhere.example/' } : {};
    response.writeHead(status, { 'content-type': 'application/json', ...location }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const real = globalThis.fetch;
  return {
    asked,
    fetch: (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      if (url.protocol !== 'https:') throw new TypeError('a secret would go over the wire in clear text');
      const headers = { ...(init?.headers as Record<string, string>), 'x-meant-for': url.host };
      return real(`http://127.0.0.1:${port}${url.pathname}${url.search}`, { ...init, headers });
    },
  };
}
