import { setTimeout as sleep } from 'node:timers/promises';
import { AgentIdError } from '../model/error.ts';
import { systemClock, type Clock } from './clock.ts';
import { systemFetch } from './system.ts';

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, or as a form where it is `URLSearchParams`. */
  readonly body?: object | URLSearchParams;
  /** Gives 429 and 5xx as answers too, and tries once only: for callers that know when to try again. */
  readonly anyStatus?: boolean;
}

/** An answer. `body` is the parsed JSON, `undefined` where there was none. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
  /** Seconds that this machine's clock is ahead of the server's; 0 where it does not say. */
  readonly clockAheadSeconds: number;
}

/** Asks servers that this user trusts. */
export interface Http {
  /**
   * Sends one request and reads its JSON. Follows no redirect; reads are tried three times.
   * Throws `idp-unreachable`, `idp-refused` for an answer that is none of JSON's or too large, `untrusted-issuer` for
   * an address without TLS that is not this machine.
   */
  request(url: string, request?: HttpRequest): Promise<HttpAnswer>;
}

export interface HttpOptions {
  readonly fetch?: typeof globalThis.fetch;
  readonly clock?: Clock;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}

type Settled = Required<HttpOptions>;

const RETRY_AFTER_MS = [150, 600] as const;

export function createHttp(options: HttpOptions = {}): Http {
  const settled: Settled = {
    fetch: systemFetch,
    clock: systemClock,
    timeoutMs: 15_000,
    maxBytes: 1024 * 1024,
    ...options,
  };
  return {
    async request(url, request = {}) {
      assertSecure(url);
      const patient = (request.method ?? 'GET') === 'GET' && request.anyStatus !== true;
      const waits = patient ? RETRY_AFTER_MS : [];
      for (const wait of waits) {
        const answer = await send(settled, url, request).catch(ignoreUnreachable);
        if (answer !== undefined) return answer;
        await sleep(wait);
      }
      return send(settled, url, request);
    },
  };
}

/** Throws `untrusted-issuer` for an address that is neither under TLS nor on this machine. */
export function assertSecure(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const loopback = ['127.0.0.1', '[::1]', 'localhost'].includes(parsed?.hostname ?? '');
  const secure = parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && loopback);
  if (secure && parsed.username === '' && parsed.password === '') return;
  throw new AgentIdError('untrusted-issuer', 'an address must begin with https, or be of this machine', {
    where: parsed === undefined ? url.slice(0, 100) : `${parsed.origin}${parsed.pathname}`,
  });
}

/** Says how wrong this machine's clock is where that explains a refusal; `undefined` where it is right enough. */
export function clockHint({ clockAheadSeconds }: HttpAnswer): string | undefined {
  if (Math.abs(clockAheadSeconds) < 20) return undefined;
  const way = clockAheadSeconds > 0 ? 'ahead of' : 'behind';
  return `Your clock is ${Math.abs(clockAheadSeconds)} s off (${way} the server's): set it right and try again.`;
}

/** Says that a request certainly did nothing: nobody was listening, the certificate was not taken, or the answer was 429. */
export function wasNeverSent(error: unknown): boolean {
  return codesOf(error).some((code) => neverSent.has(code));
}

const untrusted = [
  'is of nobody whom this machine trusts',
  'A company’s own authority: NODE_EXTRA_CA_CERTS=FILE.',
];
const renew = 'Is this machine’s clock right? If it is, the certificate must be renewed.';

/** What is wrong with a certificate, and what to do, by the code of the failure. */
const certificates: ReadonlyMap<string, readonly string[]> = new Map([
  ['CERT_HAS_EXPIRED', ['has expired', renew]],
  ['CERT_NOT_YET_VALID', ['is not valid yet', renew]],
  ['ERR_TLS_CERT_ALTNAME_INVALID', ['is for another host', 'Is the address right?']],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', untrusted],
  ['SELF_SIGNED_CERT_IN_CHAIN', untrusted],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', untrusted],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', untrusted],
]);

/** Code of what caused an error after 429: the server did nothing. */
export const TURNED_AWAY = 'TURNED_AWAY';

const neverSent: ReadonlySet<string> = new Set([
  TURNED_AWAY,
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  ...certificates.keys(),
]);

/** The codes of a failure and of what caused it. */
function codesOf(error: unknown): readonly string[] {
  const codes: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (code !== undefined) codes.push(code);
  }
  return codes;
}

async function send(settled: Settled, url: string, request: HttpRequest): Promise<HttpAnswer> {
  const { body } = request;
  const form = body instanceof URLSearchParams;
  let response: Response;
  let text: string;
  try {
    response = await settled.fetch(url, {
      method: request.method ?? 'GET',
      headers: {
        accept: 'application/json',
        ...(body === undefined
          ? {}
          : { 'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json' }),
        ...request.headers,
      },
      redirect: 'manual',
      signal: AbortSignal.timeout(settled.timeoutMs),
      ...(body === undefined ? {} : { body: form ? body.toString() : JSON.stringify(body) }),
    });
    text = await readText(response, settled.maxBytes, url);
  } catch (cause) {
    if (cause instanceof AgentIdError) throw cause;
    throw refusedCertificate(url, cause) ?? unreachable(url, 'does not answer', cause);
  }
  const anyStatus = request.anyStatus === true;
  return toAnswer(response, text, { url, now: settled.clock(), anyStatus });
}

interface Asked {
  readonly url: string;
  readonly now: number;
  readonly anyStatus: boolean;
}

function toAnswer(response: Response, text: string, { url, now, anyStatus }: Asked): HttpAnswer {
  const { status, headers } = response;
  if (!anyStatus && (status === 429 || status >= 500)) throw unreachable(url, `answered ${status}`);
  if (status >= 300 && status < 400) throw refused(url, 'sends us to another address');
  const date = Date.parse(headers.get('date') ?? '');
  const clockAheadSeconds = Number.isNaN(date) ? 0 : Math.round((now - date) / 1000);
  return { status, headers, body: text === '' ? undefined : parse(text, url, status), clockAheadSeconds };
}

function parse(text: string, url: string, status: number): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Error pages are often not JSON; the status says enough.
    if (status >= 400) return undefined;
    throw refused(url, 'answered with something that is not JSON');
  }
}

async function readText(response: Response, maxBytes: number, url: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body = response.body as AsyncIterable<Uint8Array> | null;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw refused(url, 'answered with too much');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function ignoreUnreachable(error: unknown): undefined {
  if (error instanceof AgentIdError && error.code === 'idp-unreachable') return undefined;
  throw error;
}

function unreachable(url: string, what: string, cause?: unknown): AgentIdError {
  return new AgentIdError('idp-unreachable', `the server ${what}`, {
    where: toWhere(url),
    hint: 'Is it running, and is this machine online? For the embedded identity provider: agent-id idp start',
    ...(cause === undefined ? {} : { cause }),
  });
}

function refusedCertificate(url: string, cause: unknown): AgentIdError | undefined {
  const [what, hint] = codesOf(cause).flatMap((code) => [...(certificates.get(code) ?? [])]);
  if (what === undefined || hint === undefined) return undefined;
  const where = toWhere(url);
  return new AgentIdError('idp-unreachable', `the server’s certificate ${what}`, { where, hint, cause });
}

function refused(url: string, what: string): AgentIdError {
  return new AgentIdError('idp-refused', `the server ${what}`, { where: toWhere(url) });
}

/** Queries may hold what should not be shown. */
function toWhere(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
