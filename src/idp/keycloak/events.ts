import { toTimestamp } from '../../lib/clock.ts';
import { AgentIdError } from '../../model/error.ts';
import { toRecord } from '../metadata.ts';
import { readScopeList } from '../scope-list.ts';
import type { ProviderEvent } from '../types.ts';
import { clientPrefix, type KeycloakAdmin, type KeycloakObject } from './admin.ts';

/** Events of tokens that agents get; each has an `_ERROR` beside it. */
const tokenTypes = ['TOKEN_EXCHANGE', 'CLIENT_LOGIN', 'JWT_AUTHORIZATION_GRANT', 'REFRESH_TOKEN'] as const;

const PAGE = 500;
const MAX_PAGES = 200;

/**
 * Reads from the realm's events which of our agents got tokens or were refused, for whom and with which scopes. Throws
 * `unsupported` where the realm keeps no events: an empty log would say that nothing was used.
 */
export async function readEvents(admin: KeycloakAdmin, since: number): Promise<readonly ProviderEvent[]> {
  await assertKept(admin);
  // Events that come between two pages push others onto the next one.
  const found = new Map((await listEvents(admin, since)).map((event) => [JSON.stringify(event), event]));
  return [...found.values()]
    .filter(({ clientId }) => typeof clientId === 'string' && clientId.startsWith(clientPrefix))
    .map((event) => toEvent(admin, event))
    .filter(({ time }) => time >= since)
    .sort((one, other) => one.time - other.time);
}

async function assertKept(admin: KeycloakAdmin): Promise<void> {
  const call = { path: '/events/config', role: 'view-events', what: 'say whether it keeps events' } as const;
  if (toRecord(await admin.ask(call))['eventsEnabled'] === true) return;
  throw new AgentIdError('unsupported', 'the realm keeps no events', {
    where: admin.parts.trust.issuer,
    hint: 'agent-id idp check says how to keep them.',
  });
}

async function listEvents(admin: KeycloakAdmin, since: number): Promise<readonly KeycloakObject[]> {
  const types = tokenTypes.flatMap((type) => [`type=${type}`, `type=${type}_ERROR`]).join('&');
  // Keycloak takes days here, in its own time zone.
  const from = since > DAY_MS ? `&dateFrom=${toTimestamp(since - DAY_MS).slice(0, 10)}` : '';
  const found: KeycloakObject[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const path = `/events?${types}${from}&first=${page * PAGE}&max=${PAGE}`;
    const some = await admin.list({ path, role: 'view-events', what: 'read its events' });
    found.push(...some);
    if (some.length < PAGE) return found;
  }
  throw new AgentIdError('idp-refused', 'Keycloak has more events than can be read');
}

const DAY_MS = 24 * 3_600_000;

function toEvent(admin: KeycloakAdmin, event: KeycloakObject): ProviderEvent {
  const { time, clientId, userId, type } = event;
  const scopes = readScopeList(toRecord(event['details'])['scope']);
  const itself = String(type).startsWith('CLIENT_LOGIN');
  return {
    time: Number(time),
    clientId: String(clientId),
    subject: !itself && typeof userId === 'string' ? userId : null,
    resource: resourceOf(admin, scopes),
    scopes,
    outcome: String(type).endsWith('_ERROR') ? 'denied' : 'ok',
  };
}

/** A scope belongs to one API of the realm; an event that names scopes of two does not say which. */
function resourceOf({ parts }: KeycloakAdmin, scopes: readonly string[]): string | null {
  const named = parts.trust.resources.filter((one) => one.scopes.some((scope) => scopes.includes(scope)));
  return named.length === 1 ? (named[0]?.uri ?? null) : null;
}
