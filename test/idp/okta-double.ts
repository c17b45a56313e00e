import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { importJWK, jwtVerify, decodeJwt, type JWK } from 'jose';
import type { TestKey } from './kit.ts';
import { errorBody, findOperation, judgeAnswer, judgeRequest, operations } from './okta-description.ts';
import { settleWork } from './okta-agents.ts';
import { handlers } from './okta-handlers.ts';
import { clientIdOf, keysOf, table, type Row, type Rows } from './okta-rows.ts';

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

interface Token {
  readonly clientId: string;
  readonly scopes: readonly string[];
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

interface State {
  readonly issuer: string;
  readonly rows: Rows;
  readonly tokens: Map<string, Token>;
  readonly assertions: Set<string>;
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
  const answer =
    operation.operationId === 'token'
      ? await orgToken(state, body as Record<string, string>)
      : operation.operationId === 'tokenCustomAS'
        ? await customToken(state, values[0] ?? '', body as Record<string, string>)
        : (refuse(state, operation.scopes, request) ??
          handlers[operation.operationId]?.({
            rows: state.rows,
            issuer: state.issuer,
            values,
            query: url.searchParams,
            body: (body ?? {}) as Row,
            caller: callerToken(state, request),
          }) ?? { status: 404, body: errorBody(404) });
  state.double.violations.push(...judgeAnswer(operation, answer.status, answer.body));
  if (fault === 'after') return void request.socket.destroy();
  if ((fault === 'cut' || fault === 'torn') && answer.body !== undefined) {
    return breakOff(response, answer, fault);
  }
  return send(response, answer.status, answer.body, answer.headers);
}

function breakOff(response: ServerResponse, { status, body }: Answered, fault: 'cut' | 'torn'): void {
  const whole = JSON.stringify(body);
  const part = whole.slice(0, Math.max(1, whole.length - 2));
  const length = fault === 'cut' ? part.length : whole.length;
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': length });
  if (fault === 'cut') response.end(part);
  else response.write(part, () => response.socket?.destroy());
}

function refuse(
  state: State,
  scopes: readonly string[],
  request: IncomingMessage,
):
  { readonly status: number; readonly body: unknown; readonly headers?: Record<string, string> } | undefined {
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

interface Answered {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

/** The organisation's own server: service apps, client credentials, granted scopes only. */
async function orgToken(state: State, form: Record<string, string>): Promise<Answered> {
  const app = await authenticate(state, form, `${state.issuer}/oauth2/v1/token`);
  if (app === undefined) return oauthError(401, 'invalid_client', 'The client authentication failed.');
  if (form['grant_type'] !== 'client_credentials') return oauthError(400, 'unsupported_grant_type', 'no');
  const scopes = (form['scope'] ?? '').split(' ');
  const granted = [...table(state.rows, `grants ${String(app['id'])}`).values()].map((one) => one['scopeId']);
  if (!scopes.every((scope) => granted.includes(scope))) {
    return oauthError(400, 'invalid_scope', 'One or more scopes are not configured for this client.');
  }
  logGrant(state, { server: '', app, scopes, subject: null });
  const value = randomBytes(24).toString('base64url');
  state.tokens.set(value, { clientId: clientIdOf(app), scopes });
  return {
    status: 200,
    body: { token_type: 'Bearer', expires_in: 3600, access_token: value, scope: scopes.join(' ') },
  };
}

/** A custom server: the first policy that names the client decides; the audience is its own. */
async function customToken(state: State, id: string, form: Record<string, string>): Promise<Answered> {
  const issuer = `${state.issuer}/oauth2/${id}`;
  const server = table(state.rows, 'servers').get(id);
  if (server === undefined) return oauthError(400, 'invalid_request', 'no such server');
  const app = await authenticate(state, form, `${issuer}/v1/token`);
  if (app === undefined) return oauthError(401, 'invalid_client', 'The client authentication failed.');
  const clientId = clientIdOf(app);
  const policies = [...table(state.rows, `policies ${id}`).values()];
  const policy = policies.find((one) => JSON.stringify(one['conditions']).includes(`"${clientId}"`));
  const rules = policy === undefined ? [] : [...table(state.rows, `rules ${String(policy['id'])}`).values()];
  const scopes = (form['scope'] ?? '').split(' ');
  const rule = rules.find((one) => {
    const { grantTypes, scopes: allowed } = one['conditions'] as Record<string, { include: string[] }>;
    return (
      grantTypes?.include.includes(form['grant_type'] ?? '') === true &&
      scopes.every((scope) => allowed?.include.includes(scope))
    );
  });
  if (rule === undefined)
    return oauthError(400, 'access_denied', 'Policy evaluation failed for this request.');
  const [audience = ''] = server['audiences'] as string[];
  const exchange = form['subject_token'] !== undefined;
  if (exchange && form['audience'] !== audience) return oauthError(400, 'invalid_target', 'no such audience');
  const { token } = rule['actions'] as { token: { accessTokenLifetimeMinutes: number } };
  const seconds = token.accessTokenLifetimeMinutes * 60;
  const user = exchange ? decodeJwt(form['subject_token'] ?? '').sub : clientId;
  logGrant(state, { server: `/${id}`, app, scopes, subject: exchange ? String(user) : null });
  const iat = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer,
    aud: audience,
    sub: user,
    cid: clientId,
    scp: scopes,
    iat,
    exp: iat + seconds,
  };
  return {
    status: 200,
    body: {
      access_token: toJwt(claims),
      token_type: 'Bearer',
      expires_in: seconds,
      scope: scopes.join(' '),
      ...(exchange ? { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' } : {}),
    },
  };
}

interface Granted {
  readonly server: string;
  readonly app: Row;
  readonly scopes: readonly string[];
  readonly subject: string | null;
}

/** What the System Log holds of a token. */
function logGrant({ rows }: State, { server, app, scopes, subject }: Granted): void {
  const uuid = randomUUID();
  const eventType = `app.oauth2.${server === '' ? '' : 'as.'}token.grant.access_token`;
  const detailEntry = subject === null ? {} : { subject };
  table(rows, 'logs').set(uuid, {
    uuid,
    eventType,
    published: new Date().toISOString(),
    severity: 'INFO',
    actor: { id: clientIdOf(app), type: 'PublicClientApp', displayName: app['label'] },
    outcome: { result: 'SUCCESS' },
    target: [{ id: `AT.${uuid}`, type: 'access_token', displayName: 'Access Token', detailEntry }],
    debugContext: {
      debugData: { requestUri: `/oauth2${server}/v1/token`, grantedScopes: scopes.join(', ') },
    },
  });
}

/** Nobody here checks a signature: the token is for an API. */
export function toJwt(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', kid: 'org' })}.${part(claims)}.AAAA`;
}

async function authenticate(
  state: State,
  form: Record<string, string>,
  audience: string,
): Promise<Row | undefined> {
  const assertion = form['client_assertion'] ?? '';
  try {
    const clientId = decodeJwt(assertion).sub;
    const app = [...table(state.rows, 'apps').values()].find((one) => clientIdOf(one) === clientId);
    if (app?.['status'] !== 'ACTIVE') return undefined;
    const keys = keysOf(app).filter((key) => key['status'] === 'ACTIVE');
    const { payload } = await jwtVerify(
      assertion,
      async ({ kid }) => {
        const key = keys.find((one) => one['kid'] === kid);
        if (key === undefined) throw new Error('unknown key');
        return importJWK(key as JWK, 'ES256');
      },
      { audience, issuer: String(clientId), maxTokenAge: 3600 },
    );
    if (payload.jti === undefined || state.assertions.has(payload.jti)) return undefined;
    state.assertions.add(payload.jti);
    return app;
  } catch {
    return undefined;
  }
}

function oauthError(status: number, error: string, description: string): Answered {
  return { status, body: { error, error_description: description } };
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
