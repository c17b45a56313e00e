import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseTime } from '../lib/system.ts';

/** What the Okta SDK for Node hands to its request executor. */
export interface OktaRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

type Send = (input: string, init: RequestInit) => Promise<Response>;

const MAX_RETRIES = 2;
const MAX_WAIT_MS = 60_000;

/** The SDK's interface: an emitter with `fetch`. */
export class OktaRequestExecutor extends EventEmitter {
  readonly #send: Send;

  constructor(send: Send) {
    super();
    this.#send = send;
  }

  /** Sends one request with the token of the user who asked; waits for the rate limit as the SDK's own executor does. */
  async fetch(request: OktaRequest): Promise<Response> {
    // Before the token is put in: listeners often log.
    this.emit('request', request);
    const init = await toInit(request);
    for (let retry = 0; ; retry++) {
      const response = await this.#send(request.url, init);
      const wait = toWait(response);
      if (wait === null || retry === MAX_RETRIES) {
        this.emit('response', response);
        return adapt(response);
      }
      this.emit('backoff', request, response, response.headers.get('x-okta-request-id'), wait);
      await response.body?.cancel();
      await sleep(wait);
    }
  }
}

async function toInit({ method, headers, body }: OktaRequest): Promise<RequestInit> {
  const { Authorization: _, authorization: __, ...rest } = headers ?? {};
  const init = { method: (method ?? 'get').toUpperCase(), headers: rest };
  return body === undefined || body === null ? init : { ...init, body: await toBody(body) };
}

/** The SDK sends texts, buffers, and the streams of `form-data`. */
async function toBody(body: unknown): Promise<string | Uint8Array<ArrayBuffer> | URLSearchParams> {
  if (typeof body === 'string' || body instanceof URLSearchParams) return body;
  if (body instanceof Uint8Array) return new Uint8Array(body);
  const chunks: Uint8Array[] = [];
  const stream = body as EventEmitter & { resume?: () => void };
  if (typeof stream.on !== 'function') throw new TypeError('a request body of this kind cannot be sent');
  await new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk: string | Uint8Array) => chunks.push(Buffer.from(chunk)));
    stream.on('end', resolve);
    stream.on('error', reject);
    stream.resume?.();
  });
  return new Uint8Array(Buffer.concat(chunks));
}

/** Says how long to wait, in milliseconds, null for not at all. */
function toWait(response: Response): number | null {
  const reset = response.headers.get('x-rate-limit-reset');
  const date = response.headers.get('date');
  if (response.status !== 429 || reset === null || date === null || !/^\d+$/.test(reset)) return null;
  // One second more, for the clocks that made the two headers.
  const wait = Number(reset) * 1000 - parseTime(date) + 1000;
  return wait >= 0 && wait <= MAX_WAIT_MS ? wait : null;
}

/**
 * Gives the answer the shape of the SDK's own. Its cache, which knows only URLs, would show one user what another
 * one read: the copy that it keeps is empty.
 */
function adapt(response: Response): Response {
  return Object.assign(response, {
    clone: () => new Response(''),
    buffer: async () => Buffer.from(await response.arrayBuffer()),
  });
}
