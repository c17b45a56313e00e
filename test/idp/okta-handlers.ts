import { errorBody } from './okta-description.ts';
import { agentHandlers } from './okta-agents.ts';
import {
  gone,
  invalid,
  made,
  missing,
  newId,
  PAGE,
  type Answer,
  type Asked,
  type Handler,
} from './okta-answers.ts';
import { clientIdOf, keysOf, table, type Row, type Rows } from './okta-rows.ts';

const stamp = '2026-11-01T00:00:00.000Z';

/** What Okta does for each operation that the adapter uses. */
export const handlers: Readonly<Record<string, Handler>> = {
  ...agentHandlers,
  listApplications: (asked) => page(asked, [...table(asked.rows, 'apps').values()], '/api/v1/apps'),
  createApplication({ rows, query, body }) {
    const wanted = (body['credentials'] as { oauthClient: Row } | undefined)?.oauthClient['client_id'];
    const id = newId('0oa');
    const clientId = typeof wanted === 'string' ? wanted : id;
    if ([...table(rows, 'apps').values()].some((app) => clientIdOf(app) === clientId)) {
      return invalid('client_id: The client id is already in use.');
    }
    const app: Row = {
      ...body,
      id,
      status: query.get('activate') === 'false' ? 'INACTIVE' : 'ACTIVE',
      created: stamp,
      lastUpdated: stamp,
      features: [],
      visibility: { autoSubmitToolbar: false, hide: { iOS: true, web: true } },
      credentials: {
        oauthClient: { ...(body['credentials'] as { oauthClient: Row }).oauthClient, client_id: clientId },
      },
      _links: {},
    };
    for (const key of keysOf(app))
      Object.assign(key, { id: newId('pks'), created: stamp, lastUpdated: stamp });
    table(rows, 'apps').set(id, app);
    return { status: 200, body: app };
  },
  getApplication: (asked) => one(asked, 'apps'),
  replaceApplication({ rows, values: [id = ''], body }) {
    const app = table(rows, 'apps').get(id);
    if (app === undefined) return missing();
    const before = keysOf(app);
    // A PUT replaces the whole: what it does not hold is gone.
    const { status, created } = app;
    const changed: Row = { ...body, id, status, created, lastUpdated: stamp, features: [], _links: {} };
    for (const key of keysOf(changed)) {
      const known = before.find((old) => old['kid'] === key['kid']);
      Object.assign(key, { id: known?.['id'] ?? newId('pks'), created: stamp, lastUpdated: stamp });
    }
    table(rows, 'apps').set(id, changed);
    return { status: 200, body: changed };
  },
  deleteApplication({ rows, values: [id = ''] }) {
    const app = table(rows, 'apps').get(id);
    if (app === undefined) return missing();
    if (app['status'] === 'ACTIVE') return { status: 403, body: errorBody(403) };
    table(rows, 'apps').delete(id);
    rows.delete(`grants ${id}`);
    rows.delete(`assignments ${clientIdOf(app)}`);
    return { status: 204, body: undefined };
  },
  activateApplication: (asked) => setStatus(asked, 'apps', 'ACTIVE', 200),
  deactivateApplication: (asked) => setStatus(asked, 'apps', 'INACTIVE', 200),
  listScopeConsentGrants: ({ rows, values: [id = ''] }) => all(rows, `grants ${id}`),
  grantConsentToScope({ rows, issuer, values: [id = ''], body }) {
    if (body['issuer'] !== issuer) return invalid('issuer: not of this organisation');
    if ([...table(rows, `grants ${id}`).values()].some((one) => one['scopeId'] === body['scopeId']))
      return invalid('scopeId: granted already');
    return made(rows, `grants ${id}`, ['oag', 201], { ...body, status: 'ACTIVE' });
  },
  revokeScopeConsentGrant: ({ rows, values: [app = '', id = ''] }) => gone(rows, `grants ${app}`, id),
  listJwk({ rows, values: [id = ''] }) {
    const app = table(rows, 'apps').get(id);
    return app === undefined ? missing() : { status: 200, body: { keys: keysOf(app) } };
  },
  addJwk({ rows, values: [id = ''], body }) {
    const app = table(rows, 'apps').get(id);
    if (app === undefined) return missing();
    if (keysOf(app).some((key) => key['kid'] === body['kid'])) return invalid('kid: in use');
    const key = { ...body, id: newId('pks'), created: stamp, lastUpdated: stamp };
    keysOf(app).push(key);
    return { status: 201, body: key };
  },
  deletejwk({ rows, values: [id = '', keyId = ''] }) {
    const keys = keysOf(table(rows, 'apps').get(id) ?? emptyApp());
    const at = keys.findIndex((key) => key['id'] === keyId);
    if (at < 0) return missing();
    if (keys[at]?.['status'] === 'ACTIVE') return invalid('status: an active key cannot be deleted');
    keys.splice(at, 1);
    return { status: 204, body: undefined };
  },
  activateOAuth2ClientJsonWebKey: (asked) => setKeyStatus(asked, 'ACTIVE'),
  deactivateOAuth2ClientJsonWebKey: (asked) => setKeyStatus(asked, 'INACTIVE'),
  listAuthorizationServers: (asked) =>
    page(asked, [...table(asked.rows, 'servers').values()], '/api/v1/authorizationServers'),
  createAuthorizationServer({ rows, issuer, body }) {
    const id = newId('aus');
    return made(rows, 'servers', ['aus', 201], {
      ...body,
      id,
      status: 'ACTIVE',
      issuer: `${issuer}/oauth2/${id}`,
    });
  },
  deactivateAuthorizationServer: (asked) => setStatus(asked, 'servers', 'INACTIVE', 204),
  deleteAuthorizationServer({ rows, values: [id = ''] }) {
    if (table(rows, 'servers').get(id)?.['status'] === 'ACTIVE') return { status: 403, body: errorBody(403) };
    rows.delete(`scopes ${id}`);
    rows.delete(`associated ${id}`);
    return gone(rows, 'servers', id);
  },
  listAssociatedServersByTrustedType: ({ rows, values: [id = ''], query }) =>
    query.get('trusted') === 'true' ? all(rows, `associated ${id}`) : invalid('trusted: is needed'),
  createAssociatedServers({ rows, values: [id = ''], body }) {
    for (const other of body['trusted'] as string[]) {
      const server = table(rows, 'servers').get(other);
      if (server === undefined) return invalid('trusted: no such server');
      table(rows, `associated ${id}`).set(other, server);
    }
    return all(rows, `associated ${id}`);
  },
  listOAuth2Scopes: ({ rows, values: [id = ''] }) => all(rows, `scopes ${id}`),
  createOAuth2Scope({ rows, values: [id = ''], body }) {
    if (String(body['name']).startsWith('okta.')) return invalid('name: okta. is reserved');
    if (named(rows, `scopes ${id}`, 'name', body['name'])) return invalid('name: in use');
    return made(rows, `scopes ${id}`, ['scp', 201], body);
  },
  deleteOAuth2Scope: ({ rows, values: [server = '', id = ''] }) => gone(rows, `scopes ${server}`, id),
  listAuthorizationServerPolicies: ({ rows, values: [id = ''] }) => all(rows, `policies ${id}`),
  createAuthorizationServerPolicy({ rows, values: [id = ''], body }) {
    if (named(rows, `policies ${id}`, 'name', body['name'])) return invalid('name: in use');
    return made(rows, `policies ${id}`, ['00p', 201], body);
  },
  deleteAuthorizationServerPolicy({ rows, values: [server = '', id = ''] }) {
    rows.delete(`rules ${id}`);
    return gone(rows, `policies ${server}`, id);
  },
  listAuthorizationServerPolicyRules: ({ rows, values: [, id = ''] }) => all(rows, `rules ${id}`),
  createAuthorizationServerPolicyRule({ rows, values: [server = '', id = ''], body }) {
    if (!table(rows, `policies ${server}`).has(id)) return missing();
    if (named(rows, `rules ${id}`, 'name', body['name'])) return invalid('name: in use');
    return made(rows, `rules ${id}`, ['0pr', 201], { ...body, system: false });
  },
  replaceAuthorizationServerPolicyRule({ rows, values: [, policy = '', id = ''], body }) {
    const rules = table(rows, `rules ${policy}`);
    if (!rules.has(id)) return missing();
    const rule = { ...body, id, created: stamp, lastUpdated: stamp, system: false };
    rules.set(id, rule);
    return { status: 200, body: rule };
  },
  listRoles: (asked) => iamPage(asked, 'roles'),
  createRole({ rows, body }) {
    if (named(rows, 'roles', 'label', body['label'])) return invalid('label: in use');
    const answer = made(rows, 'roles', ['cr0', 200], body);
    const { permissions, ...role } = answer.body as Row;
    for (const label of permissions as string[]) {
      table(rows, `permissions ${String(role['id'])}`).set(label, {
        label,
        created: stamp,
        lastUpdated: stamp,
      });
    }
    return { status: 200, body: role };
  },
  deleteRole({ rows, values: [id = ''] }) {
    rows.delete(`permissions ${id}`);
    return gone(rows, 'roles', id);
  },
  listRolePermissions: ({ rows, values: [id = ''] }) =>
    table(rows, 'roles').has(id)
      ? { status: 200, body: { permissions: [...table(rows, `permissions ${id}`).values()] } }
      : missing(),
  createRolePermission({ rows, values: [id = '', label = ''] }) {
    table(rows, `permissions ${id}`).set(label, { label, created: stamp, lastUpdated: stamp });
    return { status: 204, body: undefined };
  },
  deleteRolePermission: ({ rows, values: [id = '', label = ''] }) => gone(rows, `permissions ${id}`, label),
  listResourceSets: (asked) => iamPage(asked, 'resource-sets'),
  createResourceSet({ rows, body }) {
    if (named(rows, 'resource-sets', 'label', body['label'])) return invalid('label: in use');
    return made(rows, 'resource-sets', ['iam', 200], body);
  },
  deleteResourceSet: ({ rows, values: [id = ''] }) => gone(rows, 'resource-sets', id),
  listRolesForClient: ({ rows, values: [client = ''] }) => all(rows, `assignments ${client}`),
  assignRoleToClient({ rows, values: [client = ''], body }) {
    if (body['type'] === 'CUSTOM' && !table(rows, 'roles').has(String(body['role']))) return missing();
    return made(rows, `assignments ${client}`, ['irb', 200], { ...body, status: 'ACTIVE' });
  },
  deleteRoleFromClient: ({ rows, values: [client = '', id = ''] }) => gone(rows, `assignments ${client}`, id),
  listLogEvents(asked) {
    const { rows, query } = asked;
    const types = [...(query.get('filter') ?? '').matchAll(/eventType eq "([^"]+)"/g)].map(
      ([, type]) => type,
    );
    const [since, until] = [query.get('since') ?? '', query.get('until') ?? '9'];
    const found = [...table(rows, 'logs').values()].filter(
      ({ eventType, published }) =>
        (types.length === 0 || types.includes(String(eventType))) &&
        String(published) >= since &&
        String(published) <= until,
    );
    return page(asked, found, '/api/v1/logs');
  },
  listApiTokens: ({ rows }) => all(rows, 'tokens'),
  revokeApiToken: ({ rows, values: [id = ''] }) => gone(rows, 'tokens', id),
  revokeCurrentApiToken: ({ rows, caller = '' }) => gone(rows, 'tokens', caller),
};

function page({ issuer, query }: Asked, rows: readonly Row[], path: string): Answer {
  const from = Number(query.get('after') ?? 0);
  const more = new URLSearchParams(query);
  more.set('after', String(from + PAGE));
  const link = `<${issuer}${path}?${more.toString()}>; rel="next"`;
  return {
    status: 200,
    body: rows.slice(from, from + PAGE),
    headers: from + PAGE < rows.length ? { link } : {},
  };
}

function iamPage({ rows, issuer, query }: Asked, kind: string): Answer {
  const found = [...table(rows, kind).values()].map(
    ({ permissions: _permissions, resources: _resources, ...row }) => row,
  );
  const from = Number(query.get('after') ?? 0);
  const next = { next: { href: `${issuer}/api/v1/iam/${kind}?after=${from + PAGE}` } };
  return {
    status: 200,
    body: { [kind]: found.slice(from, from + PAGE), _links: from + PAGE < found.length ? next : {} },
  };
}

function one({ rows, values: [id = ''] }: Asked, name: string): Answer {
  const found = table(rows, name).get(id);
  return found === undefined ? missing() : { status: 200, body: found };
}

function all(rows: Rows, name: string): Answer {
  return { status: 200, body: [...table(rows, name).values()] };
}

function setStatus({ rows, values: [id = ''] }: Asked, name: string, status: string, code: number): Answer {
  const found = table(rows, name).get(id);
  if (found === undefined) return missing();
  found['status'] = status;
  return { status: code, body: undefined };
}

function setKeyStatus({ rows, values: [id = '', keyId = ''] }: Asked, status: string): Answer {
  const key = keysOf(table(rows, 'apps').get(id) ?? emptyApp()).find((found) => found['id'] === keyId);
  if (key === undefined) return missing();
  key['status'] = status;
  return { status: 200, body: key };
}

function named(rows: Rows, name: string, field: string, value: unknown): boolean {
  return [...table(rows, name).values()].some((row) => row[field] === value);
}

function emptyApp(): Row {
  return { settings: { oauthClient: { jwks: { keys: [] } } } };
}
