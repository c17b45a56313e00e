import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { readBody, sendJson, toFakeJwt } from './loopback.ts';
import { table, type Row, type Rows } from './okta-rows.ts';

/** A tenant of Entra with its Microsoft Graph, with state: what their documentation says of the requests that are sent. */
export interface EntraDouble {
  readonly issuer: string;
  readonly rows: Rows;
  readonly requests: { readonly method: string; readonly path: string; readonly body: unknown }[];
  /** Operations whose permission the vendor's table does not know. */
  readonly unknown: Set<string>;
  addAdmin(certificate: string, roles: readonly string[]): string;
  /** Puts somebody else's application there. */
  addApp(app: { readonly uniqueName: string; readonly displayName: string }): void;
  /** Deletes an application as a person does in the portal: it stays among the deleted ones. */
  deleteApp(appId: string): void;
  addApi(uri: string, scopes: readonly string[]): string;
  fault: ((call: string) => 'before' | 'after' | 403 | 429 | 500 | undefined) | undefined;
  stop(): Promise<void>;
}

type Answer = { readonly status: number; readonly body: unknown };

const tenant = '11111111-2222-4333-8444-555555555555';
const { application: least } = JSON.parse(
  readFileSync(new URL('../fixtures/graph-least-permissions.json', import.meta.url), 'utf8'),
) as { readonly application: Readonly<Record<string, readonly string[] | null>> };

export async function startEntraDouble(): Promise<EntraDouble> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const rows: Rows = new Map();
  const double: EntraDouble = {
    issuer: `${origin}/${tenant}/v2.0`,
    rows,
    requests: [],
    unknown: new Set(),
    fault: undefined,
    addAdmin(key, roles) {
      const app = makeApp(rows, {
        displayName: 'agent-id administrator',
        keyCredentials: [{ key, type: 'AsymmetricX509Cert' }],
      });
      makePrincipal(rows, String(app['appId']), { accountEnabled: true });
      table(rows, 'admins').set(String(app['appId']), { roles });
      return String(app['appId']);
    },
    addApp: (app) => void makeApp(rows, app),
    deleteApp(appId) {
      const found = [...table(rows, 'applications').values()].find((app) => app['appId'] === appId);
      if (found !== undefined) deleteApp(rows, found);
    },
    addApi(uri, scopes) {
      const id = randomUUID();
      const oauth2PermissionScopes = scopes.map((value) => ({ id: randomUUID(), value, isEnabled: true }));
      const appRoles = scopes.map((value) => ({ id: randomUUID(), value, isEnabled: true }));
      const servicePrincipalNames = [uri, id];
      table(rows, 'principals').set(id, {
        id,
        appId: randomUUID(),
        servicePrincipalNames,
        oauth2PermissionScopes,
        appRoles,
      });
      return id;
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  server.on('request', (request, response) => {
    serve(double, request, response).catch((error: unknown) =>
      sendJson(response, 500, graphError('broken', String(error))),
    );
  });
  return double;
}

async function serve(double: EntraDouble, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', double.issuer);
  const text = await readBody(request);
  if (url.pathname === `/${tenant}/v2.0/.well-known/openid-configuration`)
    return sendJson(response, 200, metadata(double.issuer, url.host));
  if (url.pathname === `/${tenant}/oauth2/v2.0/token`) {
    const { status, body } = await token(double, Object.fromEntries(new URLSearchParams(text)));
    return sendJson(response, status, body);
  }
  if (!url.pathname.startsWith('/v1.0/'))
    return sendJson(response, 404, graphError('NotFound', 'no such page'));
  const path = decodeURIComponent(url.pathname.slice('/v1.0'.length));
  const method = request.method ?? '';
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  double.requests.push({ method, path: `${path}${url.search}`, body });
  const fault = double.fault?.(`${method} ${path}`);
  if (fault === 'before') return void request.socket.destroy();
  if (typeof fault === 'number')
    return sendJson(response, fault, graphError('Fault', 'as the test wants'), { 'retry-after': '0' });
  const answer =
    refuse(double, `${method} ${path}`, request.headers.authorization ?? '') ??
    route(double.rows, {
      method,
      path,
      query: url.searchParams,
      body: (body ?? {}) as Row,
      prefer: request.headers['prefer'],
    });
  if (fault === 'after') return void request.socket.destroy();
  sendJson(response, answer.status, answer.body);
}

/** The vendor's table says what each operation takes at least; what it leaves out is written here. */
function refuse(double: EntraDouble, call: string, header: string): Answer | undefined {
  const value = header.replace(/^Bearer /, '');
  const held = table(double.rows, 'tokens').get(value);
  if (held === undefined) return { status: 401, body: graphError('InvalidAuthenticationToken', 'no') };
  const name = call
    .replace(/\(uniqueName='[^']*'\)/, '/{id}')
    .replace(/\(appId='[^']*'\)/, '(appid={value})')
    .replace(/\(name='[^']*'\)/, '/{id}')
    .replace(/\/[0-9a-f]{8}-[0-9a-f-]{27}/g, '/{id}')
    .toLowerCase()
    .replace(/^[a-z]+/, (verb) => verb.toUpperCase());
  const delegated = name.includes('oauth2permissiongrants');
  const wanted = delegated ? ['DelegatedPermissionGrant.ReadWrite.All'] : least[name];
  if (wanted === undefined || wanted === null) double.unknown.add(name);
  const roles = held['roles'] as readonly string[];
  if (wanted?.some((one) => roles.includes(one)) !== false) return undefined;
  return {
    status: 403,
    body: graphError('Authorization_RequestDenied', 'Insufficient privileges to complete the operation.'),
  };
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Row;
  readonly prefer: unknown;
}

function route(rows: Rows, asked: Asked): Answer {
  const [, collection = '', rest = ''] = /^\/(\w+)(.*)$/.exec(asked.path) ?? [];
  if (collection === 'applications') return applications(rows, rest, asked);
  if (collection === 'servicePrincipals') return principals(rows, rest, asked);
  if (collection === 'oauth2PermissionGrants') return grants(rows, rest, asked);
  if (collection === 'directory' && asked.method === 'DELETE') {
    table(rows, 'deleted').delete(rest.split('/').at(-1) ?? '');
    return { status: 204, body: undefined };
  }
  return missing();
}

function applications(rows: Rows, rest: string, { method, query, body, prefer }: Asked): Answer {
  const all = table(rows, 'applications');
  if (rest === '') {
    const tag = /t eq '([^']*)'/.exec(query.get('$filter') ?? '')?.[1];
    const found = [...all.values()].filter((app) => (app['tags'] as string[]).includes(tag ?? ''));
    return { status: 200, body: { value: found.map((app) => ({ ...app, keyCredentials: [] })) } };
  }
  const [, field, value, below = ''] = /^\((\w+)='([^']*)'\)(.*)$/.exec(rest) ?? [];
  const [, id, deeper = ''] = /^\/([^/]+)(.*)$/.exec(rest) ?? [];
  const app = field === undefined ? all.get(id ?? '') : [...all.values()].find((one) => one[field] === value);
  if (app === undefined) {
    if (method !== 'PATCH' || field !== 'uniqueName' || prefer !== 'create-if-missing') return missing();
    if ([...table(rows, 'deleted').values()].some((one) => one['uniqueName'] === value))
      return conflict('uniqueName');
    return checkKeys(body) ?? { status: 201, body: makeApp(rows, { ...body, uniqueName: value }) };
  }
  const tail = field === undefined ? deeper : below;
  if (tail.startsWith('/federatedIdentityCredentials')) return federations(rows, app, { tail, method, body });
  if (method === 'GET') return { status: 200, body: app };
  if (method === 'PATCH') {
    const wrong = checkKeys(body);
    if (wrong !== undefined) return wrong;
    const api = { ...(app['api'] as Row), ...(body['api'] as Row | undefined) };
    Object.assign(app, body, { api });
    return { status: 204, body: undefined };
  }
  deleteApp(rows, app);
  return { status: 204, body: undefined };
}

function deleteApp(rows: Rows, app: Row): void {
  table(rows, 'applications').delete(String(app['id']));
  table(rows, 'deleted').set(String(app['id']), app);
  for (const [id, one] of table(rows, 'principals')) {
    if (one['appId'] !== app['appId']) continue;
    table(rows, 'principals').delete(id);
    table(rows, `roles ${id}`).clear();
    for (const [key, grant] of table(rows, 'grants'))
      if (grant['clientId'] === id) table(rows, 'grants').delete(key);
  }
}

/** Entra reads each certificate, and refuses one that is none or has ended. */
function checkKeys({ keyCredentials }: Row): Answer | undefined {
  for (const { key, type, usage } of (keyCredentials ?? []) as Record<string, string>[]) {
    try {
      const { validTo } = new X509Certificate(Buffer.from(key ?? '', 'base64'));
      if (type === 'AsymmetricX509Cert' && usage !== undefined && Date.parse(validTo) > Date.now()) continue;
    } catch {
      // Refused below.
    }
    return { status: 400, body: graphError('KeyCredentialsInvalid', 'Key credential has an invalid value') };
  }
  return undefined;
}

function federations(
  rows: Rows,
  app: Row,
  { tail, method, body }: { tail: string; method: string; body: Row },
): Answer {
  const there = table(rows, `federations ${String(app['id'])}`);
  const name = /\(name='([^']*)'\)/.exec(tail)?.[1];
  if (method === 'GET') return { status: 200, body: { value: [...there.values()] } };
  if (name === undefined) return missing();
  there.set(name, { ...there.get(name), ...body, name });
  return { status: 201, body: there.get(name) };
}

function principals(rows: Rows, rest: string, { method, query, body, prefer }: Asked): Answer {
  const all = table(rows, 'principals');
  if (rest === '') {
    const names = [...(query.get('$filter') ?? '').matchAll(/n eq '([^']*)'/g)].map(([, name]) => name);
    const found = [...all.values()].filter((one) =>
      (one['servicePrincipalNames'] as string[] | undefined)?.some((name) => names.includes(name)),
    );
    return { status: 200, body: { value: found } };
  }
  const appId = /^\(appId='([^']*)'\)$/.exec(rest)?.[1];
  if (appId !== undefined) {
    const found = [...all.values()].find((one) => one['appId'] === appId);
    if (method === 'GET') return found === undefined ? missing() : { status: 200, body: found };
    if (found !== undefined) return { status: 204, body: void Object.assign(found, body) };
    const known = [...table(rows, 'applications').values()].some((one) => one['appId'] === appId);
    if (!known || prefer !== 'create-if-missing')
      return { status: 400, body: graphError('Request_BadRequest', 'no valid application object') };
    return { status: 201, body: makePrincipal(rows, appId, body) };
  }
  const [, id = '', below = ''] = /^\/([^/]+)(?:\/(.*))?$/.exec(rest) ?? [];
  if (!all.has(id)) return missing();
  if (below === '') return { status: 200, body: all.get(id) };
  if (below === 'oauth2PermissionGrants')
    return {
      status: 200,
      body: { value: [...table(rows, 'grants').values()].filter((one) => one['clientId'] === id) },
    };
  return assignments(rows, { id, below, method, body });
}

function assignments(
  rows: Rows,
  { id, below, method, body }: { id: string; below: string; method: string; body: Row },
): Answer {
  const there = table(rows, `roles ${id}`);
  if (method === 'GET') return { status: 200, body: { value: [...there.values()] } };
  if (method === 'DELETE') {
    there.delete(below.split('/')[1] ?? '');
    return { status: 204, body: undefined };
  }
  if ([...there.values()].some((one) => one['appRoleId'] === body['appRoleId']))
    return conflict('assignment');
  const made = { ...body, id: randomUUID() };
  there.set(made.id, made);
  return { status: 201, body: made };
}

function grants(rows: Rows, rest: string, { method, body }: Asked): Answer {
  const all = table(rows, 'grants');
  const id = rest.slice(1);
  if (method === 'DELETE') return { status: 204, body: void all.delete(id) };
  if (method === 'PATCH') return { status: 204, body: void Object.assign(all.get(id) ?? {}, body) };
  const same = [...all.values()].some(
    (one) => one['clientId'] === body['clientId'] && one['resourceId'] === body['resourceId'],
  );
  if (same) return conflict('permission grant');
  const made = { ...body, id: randomUUID() };
  all.set(made.id, made);
  return { status: 201, body: made };
}

function makeApp(rows: Rows, body: Row): Row {
  const app = {
    tags: [],
    keyCredentials: [],
    identifierUris: [],
    ...body,
    id: randomUUID(),
    appId: randomUUID(),
  };
  table(rows, 'applications').set(app.id, app);
  return app;
}

function makePrincipal(rows: Rows, appId: string, body: Row): Row {
  const principal = {
    accountEnabled: true,
    ...body,
    id: randomUUID(),
    appId,
    servicePrincipalNames: [appId],
  };
  table(rows, 'principals').set(principal.id, principal);
  return principal;
}

/** Client credentials with a certificate, on-behalf-of with it. */
async function token(
  double: EntraDouble,
  form: Record<string, string>,
): Promise<{ status: number; body: Row }> {
  const app = await authenticate(double, form);
  if (app === undefined)
    return oauthError('invalid_client', 'AADSTS700027: the certificate is not registered.');
  const appId = String(app['appId']);
  const principal = [...table(double.rows, 'principals').values()].find((one) => one['appId'] === appId);
  if (principal?.['accountEnabled'] !== true)
    return oauthError('unauthorized_client', 'AADSTS7000112: the application is disabled.');
  const admin = table(double.rows, 'admins').get(appId);
  const value = toFakeJwt({
    iss: double.issuer,
    aud: form['scope'],
    roles: admin?.['roles'] ?? [],
    seconds: 3599,
  });
  if (admin !== undefined) table(double.rows, 'tokens').set(value, admin);
  if (form['grant_type'] !== 'urn:ietf:params:oauth:grant-type:jwt-bearer')
    return { status: 200, body: { token_type: 'Bearer', expires_in: 3599, access_token: value } };
  return onBehalf(double, { form, appId, principalId: String(principal['id']) });
}

function onBehalf(
  double: EntraDouble,
  { form, appId, principalId }: { form: Record<string, string>; appId: string; principalId: string },
): { status: number; body: Row } {
  if (form['requested_token_use'] !== 'on_behalf_of') return oauthError('invalid_request', 'AADSTS50027');
  const user = decodeJwt(form['assertion'] ?? '');
  if (user.aud !== appId && user.aud !== `api://${appId}`)
    return oauthError('invalid_grant', 'AADSTS50013: the assertion is for another audience.');
  const wanted = (form['scope'] ?? '').split(' ').map((scope) => /^(.+)\/([^/]+)$/.exec(scope) ?? []);
  const [, uri = ''] = wanted[0] ?? [];
  const api = [...table(double.rows, 'principals').values()].find((one) =>
    (one['servicePrincipalNames'] as string[]).some(
      (name) => name.replace(/\/$/, '') === uri.replace(/\/$/, ''),
    ),
  );
  const grant = [...table(double.rows, 'grants').values()].find(
    (one) => one['clientId'] === principalId && one['resourceId'] === api?.['id'],
  );
  const scopes = wanted.map(([, , scope = '']) => scope);
  const granted = ((grant?.['scope'] ?? '') as string).split(' ');
  if (api === undefined || !scopes.every((scope) => granted.includes(scope)))
    return oauthError('invalid_grant', 'AADSTS65001: no consent.');
  const value = toFakeJwt({
    iss: double.issuer,
    aud: api['appId'],
    sub: 'pairwise-for-the-api',
    oid: user['oid'],
    azp: appId,
    scp: scopes.join(' '),
    seconds: 4200,
  });
  return {
    status: 200,
    body: { token_type: 'Bearer', expires_in: 4200, access_token: value, scope: form['scope'] },
  };
}

async function authenticate(double: EntraDouble, form: Record<string, string>): Promise<Row | undefined> {
  const assertion = form['client_assertion'] ?? '';
  try {
    const app = [...table(double.rows, 'applications').values()].find(
      (one) => one['appId'] === form['client_id'],
    );
    const { 'x5t#S256': wanted } = decodeProtectedHeader(assertion) as Record<string, unknown>;
    const keys = (app?.['keyCredentials'] ?? []) as Record<string, string>[];
    const der = keys.map(({ key = '' }) => Buffer.from(key, 'base64'));
    const found = der.find((one) => createHash('sha256').update(one).digest('base64url') === wanted);
    if (app === undefined || found === undefined) return undefined;
    const audience = `${new URL(double.issuer).origin}/${tenant}/oauth2/v2.0/token`;
    const options = {
      audience,
      maxTokenAge: 660,
      issuer: form['client_id'] ?? '',
      algorithms: ['PS256', 'RS256'],
    };
    await jwtVerify(assertion, new X509Certificate(found).publicKey, options);
    return app;
  } catch {
    return undefined;
  }
}

/** A user's token that the sign-in got for an agent. */
export function signUserIn(double: EntraDouble, appId: string): string {
  return toFakeJwt({
    iss: double.issuer,
    aud: appId,
    sub: 'pairwise-for-the-agent',
    oid: 'user-x',
    scp: 'act_for_me',
    seconds: 3600,
  });
}

function metadata(issuer: string, host: string): Row {
  const base = issuer.replace(/\/v2\.0$/, '');
  return {
    issuer,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    msgraph_host: host,
  };
}

function oauthError(error: string, description: string): { status: number; body: Row } {
  return { status: error === 'invalid_client' ? 401 : 400, body: { error, error_description: description } };
}

function graphError(code: string, message: string): Row {
  return { error: { code, message } };
}

function missing(): Answer {
  return { status: 404, body: graphError('Request_ResourceNotFound', 'Resource does not exist.') };
}

function conflict(what: string): Answer {
  return {
    status: 409,
    body: graphError('Request_MultipleObjectsWithSameKeyValue', `${what} exists already`),
  };
}
