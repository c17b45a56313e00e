import { IncomingMessage, type ServerResponse } from 'node:http';
import { toRecord } from './state.ts';

/** A refusal in the standard's words. @see RFC 6749 section 5.2, RFC 7591 section 3.2.2 */
export class Refusal extends Error {
  readonly status: number;
  readonly error: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    error: string,
    description: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(description);
    this.name = 'Refusal';
    this.status = status;
    this.error = error;
    this.headers = headers;
  }
}

const MAX_BODY_BYTES = 128 * 1024;

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers });
  response.end(JSON.stringify(body));
}

/** Answers with a refusal; anything else that was thrown is ours and says nothing. */
export function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const refusal =
    error instanceof Refusal
      ? error
      : new Refusal(500, 'server_error', 'something went wrong inside the server');
  const body = { error: refusal.error, error_description: refusal.message };
  sendJson(response, refusal.status, body, refusal.headers);
}

export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  assertType(request, 'application/x-www-form-urlencoded');
  const form = new URLSearchParams(await readBody(request));
  for (const name of new Set(form.keys())) {
    if (form.getAll(name).length > 1 && name !== 'agent') {
      throw new Refusal(400, 'invalid_request', `${name.slice(0, 40)} is given twice`);
    }
  }
  return form;
}

export async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  assertType(request, 'application/json');
  const text = await readBody(request);
  try {
    const body = toRecord(JSON.parse(text));
    if (body !== undefined) return body;
  } catch {
    // The cause would quote the body.
  }
  throw new Refusal(400, 'invalid_request', 'the body is not a JSON object');
}

/** Reads a form without taking it from who answers next: gives the request once more, unread. */
export async function peekForm(
  request: IncomingMessage,
): Promise<{ readonly form: URLSearchParams; readonly again: IncomingMessage }> {
  const body = await readBody(request);
  const again = new IncomingMessage(request.socket);
  const { method, url, headers, rawHeaders, httpVersion } = request;
  Object.assign(again, { method, url, headers, rawHeaders, httpVersion, complete: true });
  again.push(body);
  again.push(null);
  return { form: new URLSearchParams(body), again };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Refusal(413, 'invalid_request', 'the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function assertType(request: IncomingMessage, type: string): void {
  if (request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() !== type) {
    throw new Refusal(415, 'invalid_request', `the body must be ${type}`);
  }
}

/** Refuses a request for another host: a page elsewhere that resolved its own name to this machine. */
export function assertHost(request: IncomingMessage, origin: string): void {
  if (request.headers.host !== new URL(origin).host) {
    throw new Refusal(421, 'invalid_request', 'this host is not served here');
  }
}

export function bearerOf(request: IncomingMessage): string | undefined {
  return /^Bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(request.headers.authorization ?? '')?.[1];
}
