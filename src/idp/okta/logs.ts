import { fromTimestamp, toTimestamp } from '../../lib/clock.ts';
import { toRecord } from '../metadata.ts';
import { readScopeList } from '../scope-list.ts';
import type { ProviderEvent } from '../types.ts';
import type { OktaAdmin, OktaObject } from './admin.ts';
import { listApps } from './app.ts';
import { listAiAgents } from './cross-app/ai-agent.ts';
import { isOwnApi } from './own-api.ts';
import { listServers } from './servers.ts';

/** Okta keeps its System Log for 90 days. */
const KEPT_MS = 90 * 24 * 3_600_000;

/** An assertion becomes a token of a custom server, which the log names too: only that it was refused is news. */
const assertion = 'app.oauth2.token.grant.id_jag';

/** Tokens of custom authorization servers, of the organisation's own, and scopes that a policy refused. */
const eventTypes = [
  'app.oauth2.as.token.grant.access_token',
  'app.oauth2.token.grant.access_token',
  assertion,
  'app.oauth2.as.authorize.scope_denied',
] as const;

/**
 * Reads from the System Log which of our agents got tokens, for whom and with which scopes. The end of the time must be
 * named: without one Okta offers a next page for ever.
 */
export async function readEvents(admin: OktaAdmin, since: number): Promise<readonly ProviderEvent[]> {
  const now = admin.parts.clock();
  const query = new URLSearchParams({
    filter: eventTypes.map((type) => `eventType eq "${type}"`).join(' or '),
    since: toTimestamp(Math.max(since, now - KEPT_MS)),
    until: toTimestamp(now),
    sortOrder: 'ASCENDING',
    limit: '1000',
  });
  const found = await admin.list({
    path: `/api/v1/logs?${query.toString()}`,
    scope: 'okta.logs.read',
    what: 'read its System Log',
  });
  const [clients, resources] = [await clientsById(admin), await resourcesByServer(admin)];
  return found.flatMap((event) => {
    const clientId = idsOf(event).flatMap((id) => clients.get(id) ?? [])[0];
    if (clientId === undefined) return [];
    const found = toEvent(event, clientId, resources);
    if (event['eventType'] !== assertion) return [found];
    return found.outcome === 'ok' ? [] : [{ ...found, resource: null }];
  });
}

/** The log names an application by its client id or by Okta's own id of it, which are one for an AI agent. */
async function clientsById(admin: OktaAdmin): Promise<ReadonlyMap<string, string>> {
  const apps = (await listApps(admin)).filter(({ mark }) => mark !== null);
  const agents = admin.parts.trust.crossAppAccess === true ? await listAiAgents(admin) : [];
  return new Map([
    ...apps.flatMap(({ id, clientId }) => [id, clientId].map((one) => [one, clientId] as const)),
    ...agents.flatMap(({ id, mark }) => (mark === null ? [] : [[id, id] as const])),
  ]);
}

async function resourcesByServer(admin: OktaAdmin): Promise<ReadonlyMap<string, string>> {
  const own = admin.parts.trust.resources.find(({ uri }) => isOwnApi(admin, uri))?.uri ?? admin.org;
  const servers = (await listServers(admin)).map(({ id, audiences }) => [id, audiences[0] ?? ''] as const);
  return new Map([...servers, ['v1', own]]);
}

function idsOf(event: OktaObject): readonly string[] {
  return [toRecord(event['actor']), ...targetsOf(event)].map(({ id }) => String(id));
}

function targetsOf(event: OktaObject): readonly OktaObject[] {
  return Array.isArray(event['target']) ? event['target'].map(toRecord) : [];
}

function toEvent(event: OktaObject, clientId: string, resources: ReadonlyMap<string, string>): ProviderEvent {
  const data = toRecord(toRecord(event['debugContext'])['debugData']);
  const [, server = ''] = /^\/oauth2\/([^/]+)\//.exec(String(data['requestUri'])) ?? [];
  const { result } = toRecord(event['outcome']);
  return {
    time: fromTimestamp(String(event['published'])),
    clientId,
    subject: subjectOf(event, clientId),
    resource: resources.get(server) ?? null,
    scopes: toScopes(data['grantedScopes'] ?? data['requestedScopes']),
    outcome: result === 'SUCCESS' || result === 'ALLOW' ? 'ok' : 'denied',
  };
}

/** A token's event names its user as the subject of its target, or as the actor. */
function subjectOf(event: OktaObject, clientId: string): string | null {
  const named = targetsOf(event).map((target) => toRecord(target['detailEntry'])['subject']);
  const actor = toRecord(event['actor']);
  const user =
    named.find((one) => typeof one === 'string') ?? (actor['type'] === 'User' ? actor['id'] : null);
  return typeof user === 'string' && user !== clientId ? user : null;
}

/** Okta writes scopes with commas, with spaces, or with both between them. */
function toScopes(value: unknown): readonly string[] {
  return typeof value === 'string' ? readScopeList(value.replaceAll(',', ' ')) : [];
}
