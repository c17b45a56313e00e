import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestKey } from './kit.ts';
import { errorBody, findOperation, judgeAnswer, judgeRequest, operations } from './okta-description.ts';
import { settleWork } from './okta-agents.ts';
import type { Answer } from './okta-answers.ts';
import { handlers } from './okta-handlers.ts';
import { table, type Row, type Rows } from './okta-rows.ts';
import { customToken, orgToken, type TokenState } from './okta-tokens.ts';

/**
 * What happens to one request: the connection breaks before it arrives, or after it was done; its answer is cut short
 * by somebody, or torn with the connection; or this status instead of it.
 */
export type Fault = 'before' | 'after' | 'cut' | 'torn' | 401 | 403 | 429 | 500;

/** An Okta organisation as its description has it, with state; every request is judged before it is served. */
export interface OktaDouble {
  readonly issuer: string;
  readonly rows: Rows;
  /** What was wrong with requests (and with the double's own answers) by Okta's description. Stays empty. */
  readonly violations: string[];
  /** `METHOD operationId` of every request of the API, in order. */
  readonly calls: string[];
  /** Makes an administrator's service app with these scopes, by hand. */
  addAdmin(key: TestKey, scopes?: readonly string[]): string;
  /** Makes an API token; gives its value once. */
  addApiToken(name: string): { readonly id: string; readonly value: string };
  /** Puts somebody else's application there, switched on. Gives its id. */
  addApp(app: { readonly clientId: string; readonly label: string }): string;
  /** Whether a person names an owner of each AI agent in the Admin Console at once, or never. */
  owners: boolean;
  /** When the window of a 429 opens again; default: at once. */
  resetInSeconds: number;
  /** Says what goes wrong with a request; it is asked about each one. */
  fault: ((call: string) => Fault | undefined) | undefined;
  stop(): Promise<void>;
}

export async function startOktaDouble(): Promise<OktaDouble> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state: State = {
    issuer,
    rows: new Map(),
    tokens: new Map(),
    assertions: new Set(),
    nonce: randomUUID(),
    ssws: new Map(),
    double: undefined as never,
  };
  const double: OktaDouble = {
    issuer,
    rows: state.rows,
    violations: [],
    calls: [],
    owners: true,
    resetInSeconds: 0,
    fault: undefined,
    addApp: (app) => addApp(state, app),
    addAdmin: (key, scopes = allScopes()) => addAdmin(state, key, scopes),
    addApiToken: (name) => addApiToken(state, name),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  Object.assign(state, { double });
  server.on('request', (request, response) => {
    serve(state, request, response).catch((error: unknown) => {
      double.violations.push(`the double broke: ${String(error)}`);
      response.destroy();
    });
  });
  return double;
}

interface State extends TokenState {
  /** Values of API tokens, by value. */
  readonly ssws: Map<string, string>;
  readonly double: OktaDouble;
}

function allScopes(): readonly string[] {
  return [...new Set(operations.flatMap((operation) => operation.scopes))];
}

async function serve(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', state.issuer);
  const text = await readText(request);
  const known = /^(\/oauth2\/[^/]+)?\/\.well-known\/openid-configuration$/.exec(url.pathname);
  if (known !== null) return send(response, 200, metadata(state.issuer, known[1] ?? ''));
  if (url.pathname.startsWith('/.well-known/')) {
    const own = url.pathname === '/.well-known/oauth-authorization-server';
    return own ? send(response, 200, metadata(state.issuer, '')) : send(response, 404, {});
  }
  const found = findOperation(request.method ?? '', url.pathname);
  if (found === undefined) {
    state.double.violations.push(`no operation ${request.method} ${url.pathname}`);
    return send(response, 404, errorBody(404));
  }
  const { operation, values } = found;
  const call = `${operation.method} ${operation.operationId}`;
  state.double.calls.push(call);
  const form = operation.contentType === 'application/x-www-form-urlencoded';
  const type = request.headers['content-type'];
  if (text !== '' && type?.split(';')[0] !== operation.contentType)
    state.double.violations.push(`${call} takes ${operation.contentType}, not ${type}`);
  settleWork(state.rows, state.double);
  const body: unknown =
    text === '' ? undefined : form ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text);
  state.double.violations.push(...judgeRequest(operation, url.searchParams, body));
  const fault = state.double.fault?.(call);
  if (fault === 'before') return void request.socket.destroy();
  if (typeof fault === 'number') return send(response, fault, errorBody(fault), resetHeader(state.double));
  const proof = typeof request.headers['dpop'] === 'string' ? request.headers['dpop'] : undefined;
  const answer: Answer =
    operation.operationId === 'token'
      ? await orgToken(state, { form: body as Record<string, string>, proof })
      : operation.operationId === 'tokenCustomAS'
        ? await customToken(state, values[0] ?? '', { form: body as Record<string, string>, proof })
        : (refuse(state, operation.scopes, request) ??
          handlers[operation.operationId]?.({
            rows: state.rows,
            issuer: state.issuer,
            values,
            query: url.searchParams,
            body: (body ?? {}) as Row,
            caller: callerToken(state, request),
          }) ?? { status: 404, body: errorBody(404) });
  state.double.violations.push(...judgeAnswer(operation, answer.status, asDescribed(answer.body)));
  if (fault === 'after') return void request.socket.destroy();
  if ((fault === 'cut' || fault === 'torn') && answer.body !== undefined) {
    return breakOff(response, answer, fault);
  }
  return send(response, answer.status, answer.body, answer.headers);
}

/** The description knows no token_type but Bearer and N_A; Okta's guide to DPoP says DPoP. */
function asDescribed(body: unknown): unknown {
  const bound =
    typeof body === 'object' && body !== null && 'token_type' in body && body.token_type === 'DPoP';
  return bound ? { ...body, token_type: 'Bearer' } : body;
}

function breakOff(response: ServerResponse, { status, body }: Answer, fault: 'cut' | 'torn'): void {
  const whole = JSON.stringify(body);
  const part = whole.slice(0, Math.max(1, whole.length - 2));
  const length = fault === 'cut' ? part.length : whole.length;
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': length });
  if (fault === 'cut') response.end(part);
  else response.write(part, () => response.socket?.destroy());
}

function refuse(state: State, scopes: readonly string[], request: IncomingMessage): Answer | undefined {
  const [kind = '', value = ''] = (request.headers.authorization ?? '').split(' ');
  if (kind === 'SSWS') {
    const used = table(state.rows, 'tokens').get(state.ssws.get(value) ?? '');
    if (used === undefined) return { status: 401, body: errorBody(401) };
    used['lastUpdated'] = new Date().toISOString();
    return undefined;
  }
  const token = kind === 'Bearer' ? state.tokens.get(value) : undefined;
  if (token === undefined) return { status: 401, body: errorBody(401) };
  if (scopes.some((scope) => token.scopes.includes(scope))) return undefined;
  return { status: 403, body: errorBody(403) };
}

function callerToken(state: State, request: IncomingMessage): string | undefined {
  const [kind = '', value = ''] = (request.headers.authorization ?? '').split(' ');
  return kind === 'SSWS' ? state.ssws.get(value) : undefined;
}

function addAdmin(state: State, key: TestKey, scopes: readonly string[]): string {
  const id = `0oa${randomBytes(8).toString('hex')}`;
  table(state.rows, 'apps').set(id, {
    id,
    name: 'oidc_client',
    label: 'agent-id administrator',
    status: 'ACTIVE',
    signOnMode: 'OPENID_CONNECT',
    credentials: { oauthClient: { client_id: id, token_endpoint_auth_method: 'private_key_jwt' } },
    settings: {
      oauthClient: {
        application_type: 'service',
        grant_types: ['client_credentials'],
        jwks: { keys: [{ ...key.publicKey, id: 'pks-admin', status: 'ACTIVE' }] },
      },
    },
  });
  for (const scopeId of scopes) {
    table(state.rows, `grants ${id}`).set(scopeId, {
      id: scopeId,
      issuer: state.issuer,
      scopeId,
      status: 'ACTIVE',
    });
  }
  return id;
}

function addApp(state: State, { clientId, label }: { clientId: string; label: string }): string {
  const id = `0oa${randomBytes(8).toString('hex')}`;
  table(state.rows, 'apps').set(id, {
    id,
    name: 'oidc_client',
    label,
    status: 'ACTIVE',
    signOnMode: 'OPENID_CONNECT',
    credentials: { oauthClient: { client_id: clientId, token_endpoint_auth_method: 'client_secret_basic' } },
    settings: { oauthClient: { application_type: 'web', grant_types: ['authorization_code'] } },
  });
  return id;
}

function addApiToken(state: State, name: string): { id: string; value: string } {
  const id = `00T${randomBytes(8).toString('hex')}`;
  const value = `00${randomBytes(30).toString('base64url')}`;
  const created = '2025-03-01T09:00:00.000Z';
  const lastUpdated = '2025-11-02T03:04:05.000Z';
  table(state.rows, 'tokens').set(id, {
    id,
    name,
    userId: '00u-owner',
    clientName: 'Okta API',
    created,
    lastUpdated,
  });
  state.ssws.set(value, id);
  return { id, value };
}

function metadata(org: string, server: string): object {
  const issuer = `${org}${server}`;
  const base = server === '' ? '/oauth2' : server;
  return {
    issuer,
    token_endpoint: `${org}${base}/v1/token`,
    registration_endpoint: `${org}${base}/v1/clients`,
    introspection_endpoint: `${org}${base}/v1/introspect`,
    revocation_endpoint: `${org}${base}/v1/revoke`,
    device_authorization_endpoint: `${org}${base}/v1/device/authorize`,
    jwks_uri: `${org}${base}/v1/keys`,
    grant_types_supported: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'],
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
  };
}

function resetHeader({ resetInSeconds }: OktaDouble): Record<string, string> {
  const reset = Math.floor(Date.now() / 1000) + resetInSeconds;
  return { 'x-rate-limit-limit': '0', 'x-rate-limit-reset': String(reset) };
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
