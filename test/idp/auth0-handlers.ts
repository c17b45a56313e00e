import { createPublicKey, randomBytes } from 'node:crypto';
import { table, type Row, type Rows } from './okta-rows.ts';

export interface Auth0State {
  readonly rows: Rows;
  /** Counts what was made, so that nothing has the time of another. */
  clock: number;
}

interface Asked {
  readonly values: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Row;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Handler = (state: Auth0State, asked: Asked) => Answer;

const MAX_CREDENTIALS = 2;

/** What Auth0 does for each request that the adapter sends, by its documentation. */
export const handlers: Readonly<Record<string, Handler>> = {
  'GET /clients': ({ rows }, { query }) => {
    const size = Number(query.get('per_page') ?? 50);
    const from = Number(query.get('page') ?? 0) * size;
    const all = [...table(rows, 'clients').values()].filter(({ global }) => global !== true);
    return ok(all.slice(from, from + size));
  },
  'GET /logs': ({ rows }, { query }) => {
    const all = [...table(rows, 'logs').values()];
    const from = query.get('from');
    if (from !== null) {
      const after = all.findIndex((entry) => entry['log_id'] === from) + 1;
      return ok(all.slice(after, after + Math.min(Number(query.get('take') ?? 50), 100)));
    }
    const [, since = ''] = /^date:\[(.+) TO \*\]$/.exec(query.get('q') ?? '') ?? [];
    return ok(
      all
        .filter((entry) => since === '' || Date.parse(String(entry['date'])) >= Date.parse(since))
        .slice(0, Number(query.get('per_page'))),
    );
  },
  'GET /clients/{id}': ({ rows }, { values: [id = ''] }) => one(table(rows, 'clients').get(id)),
  'POST /clients': (state, { body }) => {
    const wrong = judgeClient(body);
    if (wrong !== undefined) return invalid(wrong);
    const { resource_server_identifier: linked } = body as { resource_server_identifier?: string };
    if (linked !== undefined && !table(state.rows, 'resource-servers').has(linked))
      return invalid('resource_server_identifier: no such API');
    const taken = [...table(state.rows, 'clients').values()];
    if (linked !== undefined && taken.some((client) => client['resource_server_identifier'] === linked))
      return { status: 409, body: error(409, 'The API is linked to another client') };
    const clientId = randomBytes(16).toString('hex');
    state.clock += 1;
    const client: Row = {
      grant_types: ['authorization_code', 'implicit', 'refresh_token', 'client_credentials'],
      ...body,
      client_id: clientId,
      tenant: 'double',
      created_at: new Date(1_760_000_000_000 + state.clock).toISOString(),
    };
    const methods = privateKeyJwt(body);
    if (methods === undefined) client['client_secret'] = randomBytes(32).toString('base64url');
    else {
      const made = methods.map((credential) => addCredential(state, clientId, credential as Row));
      const bad = made.find((answer) => answer.status >= 400);
      if (bad !== undefined) return bad;
      const credentials = made.map((answer) => ({ id: (answer.body as Row)['id'] }));
      client['client_authentication_methods'] = { private_key_jwt: { credentials } };
    }
    table(state.rows, 'clients').set(clientId, client);
    return { status: 201, body: client };
  },
  'PATCH /clients/{id}': ({ rows }, { values: [id = ''], body }) => {
    const client = table(rows, 'clients').get(id);
    if (client === undefined) return missing();
    const wrong = judgeClient({ name: 'x', ...body });
    if (wrong !== undefined) return invalid(wrong);
    if (body['resource_server_identifier'] !== undefined)
      return invalid('Additional properties not allowed: resource_server_identifier');
    const methods = privateKeyJwt(body);
    const stored = table(rows, `credentials ${id}`);
    if (methods?.some((one) => !stored.has(String((one as Row)['id']))) === true)
      return invalid('no such credential');
    const metadata = { ...(client['client_metadata'] as Row), ...(body['client_metadata'] as Row) };
    Object.assign(client, body, { client_metadata: metadata });
    return ok(client);
  },
  'DELETE /clients/{id}': ({ rows }, { values: [id = ''] }) => {
    table(rows, 'clients').delete(id);
    table(rows, `credentials ${id}`).clear();
    const grants = table(rows, 'client-grants');
    for (const [key, grant] of grants) if (grant['client_id'] === id) grants.delete(key);
    return { status: 204, body: undefined };
  },
  'GET /clients/{id}/credentials': ({ rows }, { values: [id = ''] }) =>
    table(rows, 'clients').has(id)
      ? // It never gives a key back.
        ok([...table(rows, `credentials ${id}`).values()].map(({ pem: _pem, ...shown }) => shown))
      : missing(),
  'POST /clients/{id}/credentials': (state, { values: [id = ''], body }) =>
    table(state.rows, 'clients').has(id) ? addCredential(state, id, body) : missing(),
  'DELETE /clients/{id}/credentials/{id}': ({ rows }, { values: [id = '', credential = ''] }) => {
    const client = table(rows, 'clients').get(id);
    const used = privateKeyJwt(client ?? {})?.some((one) => (one as Row)['id'] === credential);
    if (used === true) return { status: 400, body: error(400, 'The credential is in use') };
    table(rows, `credentials ${id}`).delete(credential);
    return { status: 204, body: undefined };
  },
  'GET /client-grants': ({ rows }, { query }) => {
    const found = [...table(rows, 'client-grants').values()].filter(
      (grant) => grant['client_id'] === query.get('client_id'),
    );
    return ok(query.has('take') ? { client_grants: found } : found);
  },
  'POST /client-grants': ({ rows }, { body }) => {
    const api = table(rows, 'resource-servers').get(String(body['audience']));
    if (api === undefined) return { status: 404, body: error(404, 'No such resource server') };
    const unknown = unknownScopes(api, body['scope']);
    if (unknown.length > 0) return invalid(`scopes not allowed: ${unknown.join(' ')}`);
    const same = [...table(rows, 'client-grants').values()].some((grant) =>
      ['client_id', 'audience', 'subject_type'].every((field) => grant[field] === body[field]),
    );
    if (same) return { status: 409, body: error(409, 'A client grant exists already') };
    const grant = { ...body, id: `cgr_${randomBytes(8).toString('hex')}` };
    table(rows, 'client-grants').set(grant.id, grant);
    return { status: 201, body: grant };
  },
  'PATCH /client-grants/{id}': ({ rows }, { values: [id = ''], body }) => {
    const grant = table(rows, 'client-grants').get(id);
    if (grant === undefined) return missing();
    return ok(Object.assign(grant, body));
  },
  'DELETE /client-grants/{id}': ({ rows }, { values: [id = ''] }) => {
    table(rows, 'client-grants').delete(id);
    return { status: 204, body: undefined };
  },
  'GET /resource-servers/{id}': ({ rows }, { values: [id = ''] }) =>
    one(table(rows, 'resource-servers').get(id)),
  'POST /resource-servers': ({ rows }, { body }) => {
    const identifier = String(body['identifier']);
    if (table(rows, 'resource-servers').has(identifier))
      return { status: 409, body: error(409, 'A resource server with the same identifier exists') };
    const api = {
      ...body,
      id: randomBytes(12).toString('hex'),
      token_lifetime: body['token_lifetime'] ?? 86_400,
    };
    table(rows, 'resource-servers').set(identifier, api);
    return { status: 201, body: api };
  },
  'PATCH /resource-servers/{id}': ({ rows }, { values: [id = ''], body }) => {
    const api = table(rows, 'resource-servers').get(id);
    return api === undefined ? missing() : ok(Object.assign(api, body));
  },
  'DELETE /resource-servers/{id}': ({ rows }, { values: [id = ''] }) => {
    table(rows, 'resource-servers').delete(id);
    return { status: 204, body: undefined };
  },
};

function addCredential({ rows }: Auth0State, clientId: string, body: Row): Answer {
  const stored = table(rows, `credentials ${clientId}`);
  if (stored.size >= MAX_CREDENTIALS) return invalid('The client has the maximum number of credentials');
  if (!['RS256', 'RS384', 'PS256'].includes((body['alg'] ?? 'RS256') as string)) return invalid('alg');
  if (!/^[0-9a-zA-Z_-]{10,64}$/.test(String(body['kid']))) return invalid('kid');
  if ([...stored.values()].some((one) => one['kid'] === body['kid']))
    return { status: 409, body: error(409, 'The credential exists already') };
  if (createPublicKey(String(body['pem'])).asymmetricKeyType !== 'rsa') return invalid('pem');
  const credential = { ...body, id: `cred_${randomBytes(8).toString('hex')}` };
  stored.set(credential.id, credential);
  return { status: 201, body: credential };
}

function judgeClient(body: Row): string | undefined {
  if (typeof body['name'] !== 'string' || /[<>]/.test(body['name'])) return 'name';
  const metadata = Object.values((body['client_metadata'] ?? {}) as Row);
  if (metadata.length > 10 || metadata.some((value) => typeof value !== 'string' || value.length > 255))
    return 'client_metadata';
  return privateKeyJwt(body)?.length === 0 ? 'credentials: too few items' : undefined;
}

function privateKeyJwt(body: Row): readonly unknown[] | undefined {
  const methods = body['client_authentication_methods'] as Record<string, Row> | undefined;
  return methods?.['private_key_jwt']?.['credentials'] as unknown[] | undefined;
}

function unknownScopes(api: Row, wanted: unknown): readonly string[] {
  if (api['is_system'] === true) return [];
  const known = ((api['scopes'] ?? []) as Row[]).map((scope) => scope['value']);
  return ((wanted ?? []) as string[]).filter((scope) => !known.includes(scope));
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

function one(row: Row | undefined): Answer {
  return row === undefined ? missing() : ok(row);
}

function missing(): Answer {
  return { status: 404, body: error(404, 'Not found', 'inexistent') };
}

function invalid(message: string): Answer {
  return { status: 400, body: error(400, `Payload validation error: ${message}`, 'invalid_body') };
}

function error(statusCode: number, message: string, errorCode?: string): Row {
  return { statusCode, error: 'refused', message, ...(errorCode === undefined ? {} : { errorCode }) };
}
