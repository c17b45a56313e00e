import { errorBody } from './okta-description.ts';
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
import { table, type Row, type Rows } from './okta-rows.ts';

const base = '/workload-principals/api/v1';
const organisation = '00oacmeorganisation';
const stamp = '2026-11-01T00:00:00.000Z';

/** What Okta has taken but not done yet. */
interface Work {
  readonly row: Row;
  /** Does it, and says why not. */
  readonly run: () => string | undefined;
  /** Requests until it is done. */
  left: number;
}

const works = new WeakMap<Rows, Work[]>();
const ownerless = new WeakMap<Rows, boolean>();

/** Goes on with what was taken: it is done two requests later, whoever sends them. */
export function settleWork(rows: Rows, { owners }: { readonly owners: boolean }): void {
  ownerless.set(rows, !owners);
  for (const work of works.get(rows) ?? []) {
    work.left -= 1;
    work.row['status'] = work.left > 0 ? 'IN_PROGRESS' : work.row['status'];
    if (work.left !== 0) continue;
    const refused = work.run();
    work.row['completed'] = stamp;
    work.row['status'] = refused === undefined ? 'COMPLETED' : 'FAILED';
    if (refused !== undefined) work.row['errorDetails'] = { code: 'E0000001', message: refused };
  }
}

function take({ rows, issuer }: Asked, type: string, id: string, run: Work['run']): Answer {
  const name = newId('op-');
  const row: Row = { id: name, type: `ai-agent:${type}`, status: 'SCHEDULED', created: stamp };
  table(rows, 'operations').set(name, row);
  const done = (): string | undefined => {
    const refused = run();
    const self = { href: `${issuer}${base}/ai-agents/${id}` };
    if (refused === undefined)
      row['resource'] = { id, type: 'AI_AGENT', status: statusOf(rows, id), _links: { self } };
    return refused;
  };
  works.set(rows, [...(works.get(rows) ?? []), { row, run: done, left: 2 }]);
  return { status: 202, body: undefined, headers: { location: `${issuer}${base}/operations/${name}` } };
}

function statusOf(rows: Rows, id: string): string {
  const status = table(rows, 'ai-agents').get(id)?.['status'];
  return typeof status === 'string' ? status : 'DELETED';
}

function hasName(rows: Rows, name: unknown, but?: string): boolean {
  return [...table(rows, 'ai-agents').values()].some(
    (one) => (one['profile'] as Row)['name'] === name && one['id'] !== but,
  );
}

/** What Okta for AI Agents does for each operation that the adapter uses. */
export const agentHandlers: Readonly<Record<string, Handler>> = {
  listAIAgents: (asked) => page(asked, [...table(asked.rows, 'ai-agents').values()], '/ai-agents'),
  registerAIAgent(asked) {
    const { rows, body } = asked;
    const { name } = body['profile'] as Row;
    if (hasName(rows, name)) return invalid('name: An AI agent with this name already exists.');
    const { appId } = body;
    if (typeof appId === 'string' && !table(rows, 'apps').has(appId)) return invalid('appId: not found');
    const id = newId('wlp');
    return take(asked, 'Register', id, () => {
      if (hasName(rows, name)) return 'An AI agent with this name already exists.';
      const self = { href: `${asked.issuer}${base}/ai-agents/${id}` };
      const row = { ...body, id, status: 'STAGED', created: stamp, lastUpdated: stamp, _links: { self } };
      table(rows, 'ai-agents').set(id, row);
      return undefined;
    });
  },
  getAIAgent({ rows, values: [id = ''] }) {
    const agent = table(rows, 'ai-agents').get(id);
    return agent === undefined ? missing() : { status: 200, body: agent };
  },
  updateAIAgent(asked) {
    const { rows, body, values } = asked;
    const agent = agentOf(asked);
    if (agent === undefined) return missing();
    const profile = { ...(agent['profile'] as Row), ...(body['profile'] as Row | undefined) };
    if (hasName(rows, profile['name'], values[0])) return invalid('name: in use');
    return take(asked, 'Patch', String(values[0]), () => {
      Object.assign(agent, body, { profile });
      return undefined;
    });
  },
  deleteAIAgent(asked) {
    const [id = ''] = asked.values;
    const agent = agentOf(asked);
    if (agent === undefined) return missing();
    if (agent['status'] === 'ACTIVE') return invalid('status: an active AI agent cannot be deleted');
    return take(asked, 'Delete', id, () => {
      for (const name of [`agent keys ${id}`, `connections ${id}`]) asked.rows.delete(name);
      table(asked.rows, 'ai-agents').delete(id);
      return undefined;
    });
  },
  activateAIAgent(asked) {
    const { rows, values } = asked;
    const agent = agentOf(asked);
    if (agent === undefined) return missing();
    return take(asked, 'Activate', String(values[0]), () => {
      if (ownerless.get(rows) === true) return 'The AI agent has no owner.';
      if (!activeKeys(asked).length) return 'The AI agent has no active credential.';
      agent['status'] = 'ACTIVE';
      return undefined;
    });
  },
  deactivateAIAgent(asked) {
    const agent = agentOf(asked);
    if (agent === undefined) return missing();
    if (agent['status'] !== 'ACTIVE') return invalid('status: the AI agent is not active');
    return take(asked, 'Deactivate', String(asked.values[0]), () => {
      agent['status'] = 'INACTIVE';
      return undefined;
    });
  },
  getAIAgentOperation({ rows, values: [id = ''] }) {
    const found = table(rows, 'operations').get(id);
    return found === undefined ? missing() : { status: 200, body: found };
  },
  listAgentJwk(asked) {
    if (agentOf(asked) === undefined) return missing();
    return { status: 200, body: { data: [...keysOf(asked).values()], _links: {} } };
  },
  addAgentJwk(asked) {
    if (agentOf(asked) === undefined) return invalid('agentId: not found');
    if ([...keysOf(asked).values()].some(({ kid }) => kid === asked.body['kid']))
      return { status: 400, body: duplicate };
    return made(asked.rows, `agent keys ${asked.values[0]}`, ['wpc', 201], asked.body);
  },
  deleteAgentJwk(asked) {
    const [id = '', key = ''] = asked.values;
    if (keysOf(asked).get(key)?.['status'] === 'ACTIVE') return invalid('an active key cannot be deleted');
    return gone(asked.rows, `agent keys ${id}`, key);
  },
  activateAgentJsonWebKey: (asked) => setKeyStatus(asked, 'ACTIVE'),
  deactivateAgentJsonWebKey(asked) {
    const last = activeKeys(asked).length === 1;
    return last ? invalid('the only active key cannot be deactivated') : setKeyStatus(asked, 'INACTIVE');
  },
  listPotentialConnectionsByType(asked) {
    const servers = [...table(asked.rows, 'servers').values()].filter(({ status }) => status === 'ACTIVE');
    const connectionType = /connectionType eq "([A-Z_]+)"/.exec(asked.query.get('filter') ?? '')?.[1];
    const found = servers.map((server) => ({
      connectionType,
      authorizationServer: toServer(asked, server),
      resourceIndicator: toName(server),
    }));
    return page(asked, found, '/potential-connections');
  },
  listConnections(asked) {
    if (agentOf(asked) === undefined) return missing();
    const found = [...table(asked.rows, `connections ${asked.values[0]}`).values()];
    return page(asked, found, `/ai-agents/${asked.values[0]}/connections`);
  },
  createManagedConnection(asked) {
    const { rows, body, values } = asked;
    if (agentOf(asked) === undefined) return missing();
    const { orn } = body['authorizationServer'] as Row;
    const server = [...table(rows, 'servers').values()].find((one) => toName(one) === orn);
    if (server === undefined) return invalid('authorizationServer: not found');
    const refused = refuseScopes(rows, server, body['scopes']);
    if (refused !== undefined) return refused;
    const connections = table(rows, `connections ${values[0]}`);
    if ([...connections.values()].some((one) => (one['authorizationServer'] as Row)['orn'] === orn))
      return invalid('authorizationServer: connected already');
    const id = newId('mcn');
    const row = {
      resourceIndicator: orn,
      ...body,
      id,
      orn: `orn:okta:idp:${organisation}:connections:${id}`,
      authorizationServer: toServer(asked, server),
      status: 'ACTIVE',
      _links: { self: { href: `${asked.issuer}${base}/ai-agents/${values[0]}/connections/${id}` } },
    };
    connections.set(id, row);
    return { status: 201, body: row };
  },
  updateManagedConnection(asked) {
    const { rows, body } = asked;
    const found = connectionOf(asked);
    if (found === undefined) return missing();
    if ((body['scopes'] === undefined) !== (body['scopeCondition'] === undefined))
      return invalid('scopes and scopeCondition belong together');
    const { issuerUrl } = found['authorizationServer'] as Row;
    const server = [...table(rows, 'servers').values()].find(({ issuer }) => issuer === issuerUrl);
    const refused = refuseScopes(rows, server ?? {}, body['scopes']);
    if (refused !== undefined) return refused;
    Object.assign(found, body);
    return { status: 200, body: found };
  },
  deleteManagedConnection: ({ rows, values: [agent = '', id = ''] }) =>
    gone(rows, `connections ${agent}`, id),
  activateManagedConnection(asked) {
    const found = connectionOf(asked);
    if (found === undefined) return missing();
    found['status'] = 'ACTIVE';
    return { status: 200, body: found };
  },
};

const duplicate = {
  ...errorBody(400),
  errorCauses: [{ errorSummary: 'All keys in the `jwks` must have a unique `kid`.' }],
};

function agentOf({ rows, values: [id = ''] }: Asked): Row | undefined {
  return table(rows, 'ai-agents').get(id);
}

function connectionOf({ rows, values: [agent = '', id = ''] }: Asked): Row | undefined {
  return table(rows, `connections ${agent}`).get(id);
}

function keysOf({ rows, values: [id = ''] }: Asked): Map<string, Row> {
  return table(rows, `agent keys ${id}`);
}

function activeKeys(asked: Asked): readonly Row[] {
  return [...keysOf(asked).values()].filter(({ status }) => status === 'ACTIVE');
}

function setKeyStatus(asked: Asked, status: string): Answer {
  const key = keysOf(asked).get(asked.values[1] ?? '');
  if (key === undefined) return missing();
  key['status'] = status;
  return { status: 200, body: key };
}

function refuseScopes(rows: Rows, server: Row, scopes: unknown): Answer | undefined {
  const known = [...table(rows, `scopes ${String(server['id'])}`).values()].map(({ name }) => name);
  const strange = (scopes as string[] | undefined)?.find((scope) => scope !== '*' && !known.includes(scope));
  return strange === undefined ? undefined : invalid(`scopes: ${strange} is no scope of the server`);
}

function toName({ id }: Row): string {
  return `orn:okta:idp:${organisation}:authorization_servers:${String(id)}`;
}

function toServer({ issuer }: Asked, server: Row): Row {
  const self = { href: `${issuer}/api/v1/authorizationServers/${String(server['id'])}` };
  return { orn: toName(server), name: server['name'], issuerUrl: server['issuer'], _links: { self } };
}

function page({ issuer, query }: Asked, rows: readonly Row[], path: string): Answer {
  const from = Number(query.get('after') ?? 0);
  const at = `${issuer}${base}${path}`;
  const next = from + PAGE < rows.length ? { next: { href: `${at}?after=${from + PAGE}` } } : {};
  return {
    status: 200,
    body: { data: rows.slice(from, from + PAGE), _links: { self: { href: at }, ...next } },
  };
}
