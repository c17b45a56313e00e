import { createPublicKey, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { handlers, type Auth0State } from './auth0-handlers.ts';
import { table, type Row } from './okta-rows.ts';
import { sendJson, readBody, toFakeJwt } from './loopback.ts';

/** An Auth0 tenant, with state: what its documentation says of the requests that the adapter sends. */
export interface Auth0Double {
  readonly issuer: string;
  readonly state: Auth0State;
  /** Every request of the Management API, in order. */
  readonly requests: { readonly method: string; readonly path: string; readonly body: unknown }[];
  /** Lets a key administer, with these scopes. */
  addAdmin(pem: string, kid: string, scopes: readonly string[]): string;
  /** What happens to a request: its connection is cut before or after it was done, or it is answered so. */
  fault: ((call: string) => 'before' | 'after' | 403 | 429 | 500 | undefined) | undefined;
  stop(): Promise<void>;
}

export async function startAuth0Double(): Promise<Auth0Double> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const state: Auth0State = { rows: new Map(), clock: 0 };
  const double: Auth0Double = {
    issuer,
    state,
    requests: [],
    fault: undefined,
    addAdmin(pem, kid, scopes) {
      const client = handlers['POST /clients']?.(state, {
        values: [],
        query: new URLSearchParams(),
        body: {
          name: 'agent-id administrator',
          app_type: 'non_interactive',
          grant_types: ['client_credentials'],
          client_authentication_methods: {
            private_key_jwt: {
              credentials: [{ credential_type: 'public_key', name: 'admin', pem, kid, alg: 'PS256' }],
            },
          },
        },
      });
      const clientId = String(((client ?? { body: {} }).body as Row)['client_id']);
      const audience = `${issuer}api/v2/`;
      table(state.rows, 'resource-servers').set(audience, {
        id: 'system',
        identifier: audience,
        is_system: true,
      });
      table(state.rows, 'client-grants').set(`cgr_${clientId}`, {
        id: `cgr_${clientId}`,
        client_id: clientId,
        audience,
        scope: scopes,
        subject_type: 'client',
      });
      return clientId;
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  server.on('request', (request, response) => {
    serve(double, request, response).catch((error: unknown) =>
      sendJson(response, 500, { message: String(error) }),
    );
  });
  return double;
}

async function serve(double: Auth0Double, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', double.issuer);
  const text = await readBody(request);
  if (url.pathname === '/.well-known/openid-configuration')
    return sendJson(response, 200, metadata(double.issuer));
  if (url.pathname === '/oauth/token') {
    const { status, body } = await token(double, Object.fromEntries(new URLSearchParams(text)));
    return sendJson(response, status, body);
  }
  if (!url.pathname.startsWith('/api/v2/')) return sendJson(response, 404, { message: 'Not Found' });
  const path = url.pathname.slice('/api/v2'.length);
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  const method = request.method ?? '';
  double.requests.push({ method, path: `${path}${url.search}`, body });
  const [name, values] = route(method, path);
  const fault = double.fault?.(name);
  if (fault === 'before') return void request.socket.destroy();
  if (typeof fault === 'number')
    return sendJson(response, fault, apiError(fault, 'as the test wants'), { 'retry-after': '0' });
  const refused = refuse(double, name, request.headers.authorization ?? '');
  const answer =
    refused ?? handlers[name]?.(double.state, { values, query: url.searchParams, body: (body ?? {}) as Row });
  if (fault === 'after') return void request.socket.destroy();
  if (answer === undefined) return sendJson(response, 404, apiError(404, `no ${name}`));
  sendJson(response, answer.status, answer.body);
}

/** `GET /clients/{id}` and what stands in the path. */
function route(method: string, path: string): readonly [string, readonly string[]] {
  const parts = path.split('/').slice(1);
  const named = parts.map((part, at) => (at % 2 === 1 ? '{id}' : part));
  const values = parts.filter((_, at) => at % 2 === 1).map(decodeURIComponent);
  return [`${method} /${named.join('/')}`, values];
}

const verbs: Readonly<Record<string, string>> = {
  GET: 'read',
  POST: 'create',
  PATCH: 'update',
  DELETE: 'delete',
};

function refuse(
  double: Auth0Double,
  name: string,
  header: string,
): { readonly status: number; readonly body: unknown } | undefined {
  const [method = '', path = ''] = name.split(' ');
  const what = path.includes('/credentials')
    ? 'client_credentials'
    : (path.split('/')[1] ?? '').replaceAll('-', '_');
  const token = header.replace(/^Bearer /, '');
  if (!table(double.state.rows, 'tokens').has(token))
    return { status: 401, body: apiError(401, 'Invalid token') };
  const { scope, aud } = decodeJwt(token);
  if (aud !== `${double.issuer}api/v2/`) return { status: 401, body: apiError(401, 'Bad audience') };
  const wanted = `${verbs[method] ?? ''}:${what}`;
  if (String(scope).split(' ').includes(wanted)) return undefined;
  return {
    status: 403,
    body: apiError(403, `Insufficient scope, expected any of: ${wanted}`, 'insufficient_scope'),
  };
}

function apiError(statusCode: number, message: string, errorCode?: string): Row {
  return { statusCode, error: 'refused', message, ...(errorCode === undefined ? {} : { errorCode }) };
}

interface Answered {
  readonly status: number;
  readonly body: Row;
}

async function token(double: Auth0Double, form: Record<string, string>): Promise<Answered> {
  const client = await authenticate(double, form);
  if (client === undefined) return oauthError(401, 'invalid_client', 'Client authentication failed');
  const audience = form['audience'] ?? '';
  const api = table(double.state.rows, 'resource-servers').get(audience);
  if (api === undefined) return oauthError(403, 'access_denied', `Service not found: ${audience}`);
  if (form['grant_type'] === 'client_credentials') {
    if (!list(client['grant_types']).includes('client_credentials'))
      return oauthError(403, 'unauthorized_client', 'Grant type not allowed for the client');
    return issue(double, { client, api, subject: 'client' });
  }
  if (form['grant_type'] !== 'urn:ietf:params:oauth:grant-type:token-exchange')
    return oauthError(403, 'unsupported_grant_type', 'no');
  const { allow_any_profile_of_type: exchanges } = (client['token_exchange'] ?? {}) as Row;
  if (client['app_type'] !== 'resource_server' || !list(exchanges).includes('on_behalf_of_token_exchange'))
    return oauthError(403, 'unauthorized_client', 'On-behalf-of exchange not allowed for the client');
  const user = form['subject_token'] ?? '';
  if (!table(double.state.rows, 'user-tokens').has(user))
    return oauthError(400, 'invalid_request', 'Invalid subject_token');
  const claims = decodeJwt(user);
  if (claims.aud !== client['resource_server_identifier'])
    return oauthError(400, 'invalid_request', 'The subject token is for another audience');
  const wanted = form['scope']?.split(' ');
  return issue(double, {
    client,
    api,
    subject: 'user',
    sub: claims.sub ?? '',
    azp: claims['azp'],
    ...(wanted === undefined ? {} : { wanted }),
  });
}

interface Issue {
  readonly client: Row;
  readonly api: Row;
  readonly subject: 'user' | 'client';
  readonly sub?: string;
  readonly azp?: unknown;
  readonly wanted?: readonly string[];
}

function issue(double: Auth0Double, { client, api, subject, sub, azp, wanted }: Issue): Answered {
  const clientId = String(client['client_id']);
  const grant = [...table(double.state.rows, 'client-grants').values()].find(
    (one) =>
      one['client_id'] === clientId &&
      one['audience'] === api['identifier'] &&
      one['subject_type'] === subject,
  );
  if (grant === undefined) return oauthError(403, 'access_denied', 'Client has not been granted scopes');
  const granted = list(grant['scope']).filter((scope) => wanted?.includes(scope) !== false);
  const seconds = typeof api['token_lifetime'] === 'number' ? api['token_lifetime'] : 86_400;
  const value = toFakeJwt({
    iss: double.issuer,
    sub: sub ?? `${clientId}@clients`,
    aud: api['identifier'],
    client_id: clientId,
    scope: granted.join(' '),
    ...(subject === 'user'
      ? { act: { sub: clientId, ...(azp === undefined ? {} : { act: { sub: azp } }) } }
      : {}),
    seconds,
  });
  table(double.state.rows, 'tokens').set(value, {});
  const type =
    subject === 'user' ? { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' } : {};
  return {
    status: 200,
    body: {
      access_token: value,
      token_type: 'Bearer',
      expires_in: seconds,
      scope: granted.join(' '),
      ...type,
    },
  };
}

async function authenticate(double: Auth0Double, form: Record<string, string>): Promise<Row | undefined> {
  const assertion = form['client_assertion'] ?? '';
  try {
    const { sub, jti } = decodeJwt(assertion);
    const client = table(double.state.rows, 'clients').get(String(sub));
    const used = table(double.state.rows, 'assertions');
    if (client === undefined || jti === undefined || used.has(jti)) return undefined;
    const { kid } = decodeProtectedHeader(assertion);
    const enabled = list(
      ((client['client_authentication_methods'] as Row)['private_key_jwt'] as Row)['credentials'],
    );
    const ids = (enabled as unknown as Row[]).map((one) => one['id']);
    const key = [...table(double.state.rows, `credentials ${String(sub)}`).values()].find(
      (one) => one['kid'] === kid && ids.includes(one['id']),
    );
    const options = {
      audience: double.issuer,
      issuer: String(sub),
      algorithms: [String(key?.['alg'])],
      maxTokenAge: 300,
    };
    await jwtVerify(assertion, createPublicKey(String(key?.['pem'])), options);
    used.set(jti, {});
    return client;
  } catch {
    return undefined;
  }
}

/** A user's token as the sign-in of an application gives it. */
export function signUserIn(double: Auth0Double, audience: string, azp = 'login-app'): string {
  const value = toFakeJwt({
    iss: double.issuer,
    sub: 'auth0|user-x',
    aud: audience,
    azp,
    seconds: 3600,
    jti: randomBytes(8).toString('hex'),
  });
  table(double.state.rows, 'user-tokens').set(value, {});
  return value;
}

function list(value: unknown): readonly string[] {
  return Array.isArray(value) ? (value as string[]) : [];
}

function oauthError(status: number, error: string, description: string): Answered {
  return { status, body: { error, error_description: description } };
}

function metadata(issuer: string): Row {
  return {
    issuer,
    authorization_endpoint: `${issuer}authorize`,
    token_endpoint: `${issuer}oauth/token`,
    device_authorization_endpoint: `${issuer}oauth/device/code`,
    jwks_uri: `${issuer}.well-known/jwks.json`,
    registration_endpoint: `${issuer}oidc/register`,
    revocation_endpoint: `${issuer}oauth/revoke`,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  };
}
