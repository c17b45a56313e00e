import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Clock } from '../../../lib/clock.ts';
import type { EventLog } from '../events.ts';
import { assertHost, Refusal, sendError, sendJson } from '../wire.ts';
import { findOperation, type Operation } from './okta-operations.ts';
import type { OktaClient } from './okta-client.ts';
import { ApiRefusal, checkToken, type Delegation, type Presented, type TokenCheck } from './token-check.ts';

export const passwordApiKey = 'password-api';
export const passwordApiName = 'Password API';
export const passwordApiScopes = ['okta.users.read', 'okta.users.manage', 'okta.groups.read'] as const;

/**
 * The company's own API in front of Okta: takes five-minute tokens that name user and agent, and alone holds a
 * service app there.
 */
export interface PasswordApi {
  readonly origin: string;
  readonly clock: Clock;
  readonly check: TokenCheck;
  readonly okta: OktaClient;
  readonly events: EventLog;
}

interface Asked {
  readonly operation: Operation;
  readonly url: URL;
}

/** Makes what answers every request of the Password API. */
export function createPasswordApi(api: PasswordApi): RequestListener {
  return (request, response) => {
    answer(api, request, response).catch((error: unknown) => sendRefusal(response, error));
  };
}

async function answer(api: PasswordApi, request: IncomingMessage, response: ServerResponse): Promise<void> {
  assertHost(request, api.origin);
  const url = new URL(request.url ?? '/', api.origin);
  const delegation = await checkToken(api.check, presentedIn(request, `${api.origin}${url.pathname}`));
  const operation = findOperation(request.method ?? '', url.pathname)?.operation;
  if (operation === undefined || !passwordApiScopes.some((scope) => scope === operation.scope)) {
    throw new ApiRefusal(404, 'not_found', 'this API has no such operation');
  }
  try {
    assertAllowed(delegation, operation);
    await forward(api, { operation, url }, response);
    note(api, delegation, operation, null);
  } catch (error) {
    note(api, delegation, operation, error instanceof Error ? error.message : 'failed');
    throw error;
  }
}

function presentedIn(request: IncomingMessage, url: string): Presented {
  const [, scheme, token] = /^(Bearer|DPoP) ([\w.~+/=-]+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined) throw new ApiRefusal(401, undefined, 'a bearer token is needed');
  const proof = request.headers['dpop']?.toString();
  const kind = scheme?.toLowerCase() === 'dpop' ? 'dpop' : 'bearer';
  return { token, scheme: kind, proof, method: request.method ?? '', url };
}

function assertAllowed(delegation: Delegation, { scope, method }: Operation): void {
  if (!delegation.scopes.includes(scope)) {
    throw new ApiRefusal(403, 'insufficient_scope', `this operation needs the scope ${scope}`, { scope });
  }
  if (method !== 'GET' && delegation.user === null) {
    throw new ApiRefusal(
      403,
      'access_denied',
      'this operation changes something: an agent needs a user to act for',
    );
  }
}

async function forward(api: PasswordApi, { operation, url }: Asked, response: ServerResponse): Promise<void> {
  const { status, body, link } = await api.okta.call(
    operation.method,
    `${url.pathname}${url.search}`,
    operation.scope,
  );
  const headers = link === null ? {} : { link: link.replaceAll(api.okta.origin, api.origin) };
  sendJson(response, status, relocate(body, api), headers);
}

/** Links in an answer lead back here, except the one that is for the user's browser. */
function relocate(body: unknown, { okta, origin }: PasswordApi): unknown {
  const text = JSON.stringify(body).replaceAll(`${okta.origin}/api/v1/`, `${origin}/api/v1/`);
  return JSON.parse(text) as unknown;
}

function note(api: PasswordApi, delegation: Delegation, operation: Operation, reason: string | null): void {
  api.events.add({
    kind: 'access',
    agent: { clientId: delegation.clientId, displayName: api.check.nameOf(delegation.clientId) },
    user: delegation.user,
    resource: { uri: api.origin, displayName: passwordApiName },
    operation: `${operation.method} ${operation.name}`,
    scopes: [operation.scope],
    result: reason === null ? 'ok' : 'denied',
    reason,
    jti: delegation.jti,
  });
}

/** @see RFC 6750 section 3 */
function sendRefusal(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error instanceof Refusal) {
    sendError(response, error);
    return;
  }
  const refusal =
    error instanceof ApiRefusal ? error : new ApiRefusal(502, 'server_error', 'the API behind failed');
  const { status, message, scope } = refusal;
  const parts = [
    `realm="${passwordApiName}"`,
    ...(refusal.error === undefined ? [] : [`error="${refusal.error}"`, `error_description="${message}"`]),
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
  ];
  const headers =
    status === 401 || status === 403 ? { 'www-authenticate': `Bearer ${parts.join(', ')}` } : undefined;
  const body = { error: refusal.error ?? 'unauthorized', error_description: message };
  sendJson(response, status, body, headers);
}
