import type { IncomingMessage, ServerResponse } from 'node:http';

/** Gives the whole body of a request. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  response.writeHead(status, { ...type, ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

/** A JWT that only its own double takes: nothing here verifies tokens of doubles. */
export function toFakeJwt({
  seconds,
  ...claims
}: { readonly seconds: number } & Record<string, unknown>): string {
  const iat = Math.floor(Date.now() / 1000);
  const jti = `${iat}-${Math.random()}`;
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', typ: 'at+jwt' })}.${part({ jti, ...claims, iat, exp: iat + seconds })}.c2lnbmF0dXJl`;
}
