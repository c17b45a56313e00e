import { randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Clock } from '../../../lib/clock.ts';
import { Secret } from '../../../model/secret.ts';
import type { Models } from '../models.ts';
import type { Store } from '../store.ts';
import { assertHost, bearerOf, readForm, readJson, Refusal, sendError, sendJson } from '../wire.ts';
import { issueToken, metadata, publicKeys, scopesOf } from './okta-as.ts';
import { invalidToken, missingScope, noEndpoint, sendOktaError } from './okta-error.ts';
import { findOperation, type Operation } from './okta-operations.ts';
import { hashToken, makeId, type OktaState, type ServiceApp } from './okta-state.ts';

/** The Okta-shaped API: it behaves as Okta does where this product touches Okta. */
export interface Okta {
  readonly origin: string;
  readonly clock: Clock;
  readonly state: Store<OktaState>;
  readonly apps: readonly ServiceApp[];
  /** Assertions that were used. */
  readonly once: Models;
  /** Lets only the administrator of the embedded provider pass. */
  readonly assertAdmin: (request: IncomingMessage) => Promise<void>;
}

/** Makes what answers every request of the Okta-shaped API. */
export function createOktaApi(okta: Okta): RequestListener {
  return (request, response) => {
    answer(okta, request, response).catch((error: unknown) => {
      if (error instanceof Refusal) sendError(response, error);
      else sendOktaError(response, error);
    });
  };
}

/** Makes a static token; its value exists only in the answer. */
export async function createApiToken(
  okta: Okta,
  name: string,
): Promise<{ readonly id: string; readonly token: Secret }> {
  const letters = randomBytes(64).toString('base64').replaceAll(/[+/=]/g, '');
  const value = `00${letters.slice(0, 40)}`;
  const now = new Date(okta.clock()).toISOString();
  const owner = [...okta.state.data.users.values()].find((user) => user.login.startsWith('sam@'));
  const id = makeId('00T');
  const dates = { created: now, lastUpdated: now, lastUsed: null };
  okta.state.data.apiTokens.set(id, { id, name, userId: owner?.id ?? '', hash: hashToken(value), ...dates });
  await okta.state.save();
  return { id, token: new Secret(value) };
}

async function answer(okta: Okta, request: IncomingMessage, response: ServerResponse): Promise<void> {
  assertHost(request, okta.origin);
  const url = new URL(request.url ?? '/', okta.origin);
  const fixed = await answerFixed(okta, request, url.pathname);
  if (fixed !== undefined) {
    sendJson(response, 200, fixed);
    return;
  }
  const found = findOperation(request.method ?? '', url.pathname);
  await authorize(okta, request, found?.operation);
  if (found === undefined) throw noEndpoint();
  const { status, body, headers } = await found.operation.run({
    okta,
    query: url.searchParams,
    id: found.id,
    url,
  });
  if (body === undefined) response.writeHead(status, headers).end();
  else sendJson(response, status, body, { 'x-okta-request-id': randomBytes(12).toString('hex'), ...headers });
}

async function answerFixed(okta: Okta, request: IncomingMessage, path: string): Promise<object | undefined> {
  switch (`${request.method} ${path}`) {
    case 'POST /oauth2/v1/token':
      return issueToken(okta, await readForm(request));
    case 'GET /oauth2/v1/keys':
      return { keys: publicKeys(okta) };
    case 'GET /.well-known/oauth-authorization-server':
      return metadata(okta);
    case 'POST /sandbox/api-tokens': {
      await okta.assertAdmin(request);
      const { name } = await readJson(request);
      const { id, token } = await createApiToken(
        okta,
        typeof name === 'string' ? name.slice(0, 100) : 'static token',
      );
      return { id, token: token.open() };
    }
    default:
      return undefined;
  }
}

/** Takes a static token for everything, or a token of the own authorization server with the operation's scope. */
async function authorize(
  okta: Okta,
  request: IncomingMessage,
  operation: Operation | undefined,
): Promise<void> {
  const header = request.headers.authorization ?? '';
  const ssws = /^SSWS (\S{1,200})$/i.exec(header)?.[1];
  if (ssws !== undefined) {
    useApiToken(okta, ssws);
    return;
  }
  const bearer = bearerOf(request);
  const scopes = bearer === undefined ? undefined : await scopesOf(okta, bearer);
  if (scopes === undefined) throw invalidToken();
  if (operation !== undefined && !scopes.includes(operation.scope)) throw missingScope(operation.scope);
}

function useApiToken(okta: Okta, value: string): void {
  const { apiTokens } = okta.state.data;
  const hash = hashToken(value);
  const token = [...apiTokens.values()].find((one) => one.hash === hash);
  if (token === undefined) throw invalidToken();
  apiTokens.set(token.id, { ...token, lastUsed: new Date(okta.clock()).toISOString() });
  okta.state.save().catch(() => undefined);
}
