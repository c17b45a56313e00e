import type { Grant } from '../../../model/agent.ts';
import { AgentIdError } from '../../../model/error.ts';
import { ensure } from '../../ensure.ts';
import { toRecord } from '../../metadata.ts';
import type { OktaAdmin, OktaObject } from '../admin.ts';
import { listData } from '../pages.ts';
import { toStrings } from '../servers.ts';
import { manage, pathOf, read, type AiAgent } from './ai-agent.ts';

/** What lets an AI agent ask for assertions that one authorization server takes. */
export interface Connection {
  readonly id: string;
  readonly issuer: string;
  readonly resource: string;
  readonly active: boolean;
  /** Null where it is not bound to a list of scopes. */
  readonly scopes: readonly string[] | null;
}

const kind = 'IDENTITY_ASSERTION_CUSTOM_AS';

/** Lists an agent's connections to custom authorization servers; those of other kinds are somebody else's. */
export async function listConnections(admin: OktaAdmin, agent: AiAgent): Promise<readonly Connection[]> {
  const found = await listData(admin, {
    path: `${connectionsOf(agent)}?limit=200`,
    scope: read,
    what: `list the connections of ${agent.name}`,
  });
  return found.filter((one) => one['connectionType'] === kind).map(toConnection);
}

/** Lets an agent reach an authorization server with these scopes and no others. Safe to repeat. */
export async function setConnection(
  admin: OktaAdmin,
  agent: AiAgent,
  { issuer, grant: { uri, scopes } }: { readonly issuer: string; readonly grant: Grant },
): Promise<void> {
  const wanted = { resourceIndicator: uri, scopeCondition: 'INCLUDE_ONLY', scopes };
  const what = `connect ${agent.name} with ${issuer}`;
  const { found, made } = await ensure(
    async () => (await listConnections(admin, agent)).find((one) => one.issuer === issuer),
    async () => {
      const orn = await serverName(admin, issuer);
      const body = { connectionType: kind, authorizationServer: { orn }, ...wanted };
      const path = connectionsOf(agent);
      return toConnection(await admin.make({ method: 'POST', path, scope: manage, body, what }));
    },
  );
  if (made) return;
  const path = `${connectionsOf(agent)}/${encodeURIComponent(found.id)}`;
  if (!isSame(found, { uri, scopes }))
    await admin.make({ method: 'PATCH', path, scope: manage, body: wanted, what });
  if (!found.active)
    await admin.ask({ method: 'POST', path: `${path}/lifecycle/activate`, scope: manage, what });
}

export async function deleteConnection(
  admin: OktaAdmin,
  agent: AiAgent,
  { id, issuer }: Connection,
): Promise<void> {
  await admin.ask({
    method: 'DELETE',
    path: `${connectionsOf(agent)}/${encodeURIComponent(id)}`,
    scope: manage,
    what: `disconnect ${agent.name} from ${issuer}`,
  });
}

/** Okta's own name of a server (ORN), which only its list of possible connections tells. */
async function serverName(admin: OktaAdmin, issuer: string): Promise<string> {
  const filter = encodeURIComponent(`connectionType eq "${kind}"`);
  const found = await listData(admin, {
    path: `/workload-principals/api/v1/potential-connections?filter=${filter}&limit=200`,
    scope: read,
    what: 'list what AI agents may be connected with',
  });
  const server = found
    .map((one) => toRecord(one['authorizationServer']))
    .find(({ issuerUrl }) => issuerUrl === issuer);
  if (typeof server?.['orn'] === 'string') return server['orn'];
  throw new AgentIdError('idp-refused', 'Okta connects no AI agent with this authorization server', {
    where: issuer,
    hint: 'Look at it: Admin Console > Security > API > Authorization Servers. It must be active.',
  });
}

function isSame(found: Connection, { uri, scopes }: Pick<Grant, 'uri' | 'scopes'>): boolean {
  const now = found.scopes;
  return found.resource === uri && now?.length === scopes.length && scopes.every((one) => now.includes(one));
}

function toConnection(raw: OktaObject): Connection {
  const { issuerUrl } = toRecord(raw['authorizationServer']);
  return {
    id: String(raw['id']),
    issuer: String(issuerUrl),
    resource: String(raw['resourceIndicator']),
    active: raw['status'] === 'ACTIVE',
    scopes: raw['scopeCondition'] === 'INCLUDE_ONLY' ? toStrings(raw['scopes']) : null,
  };
}

function connectionsOf(agent: AiAgent): string {
  return `${pathOf(agent)}/connections`;
}
