import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { sendJson } from '../wire.ts';

/** A refusal as Okta words it. */
export class OktaError extends Error {
  readonly status: number;
  readonly code: string;
  readonly causes: readonly string[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    summary: string,
    more: { readonly causes?: readonly string[]; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(summary);
    this.name = 'OktaError';
    this.status = status;
    this.code = code;
    this.causes = more.causes ?? [];
    this.headers = more.headers ?? {};
  }
}

export function invalidToken(): OktaError {
  return new OktaError(401, 'E0000011', 'Invalid token provided');
}

export function missingScope(scope: string): OktaError {
  return new OktaError(403, 'E0000006', 'You do not have permission to perform the requested action', {
    causes: [`the token lacks the scope ${scope}`],
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  });
}

export function notFound(id: string, kind: string): OktaError {
  return new OktaError(404, 'E0000007', `Not found: Resource not found: ${printable(id)} (${kind})`);
}

export function noEndpoint(): OktaError {
  return new OktaError(404, 'E0000022', 'The endpoint does not support the provided HTTP method');
}

export function invalidSearch(criteria: string): OktaError {
  return new OktaError(400, 'E0000031', `Invalid search criteria: ${printable(criteria)}`);
}

/** Answers with Okta's error body. */
export function sendOktaError(response: ServerResponse, error: unknown): void {
  const known = error instanceof OktaError ? error : new OktaError(500, 'E0000009', 'Internal Server Error');
  if (response.headersSent) {
    response.destroy();
    return;
  }
  sendJson(response, known.status, toErrorBody(known), known.headers);
}

function toErrorBody(error: OktaError): object {
  return {
    errorCode: error.code,
    errorSummary: error.message,
    errorLink: error.code,
    errorId: `oae${randomBytes(12).toString('base64url').replaceAll(/[-_]/g, 'x')}`,
    errorCauses: error.causes.map((cause) => ({ errorSummary: cause })),
  };
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100);
}
