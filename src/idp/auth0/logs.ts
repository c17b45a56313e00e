import { fromTimestamp, toTimestamp } from '../../lib/clock.ts';
import { AgentIdError } from '../../model/error.ts';
import type { AdminApi } from '../admin-api.ts';
import { toRecord } from '../metadata.ts';
import { readScopeList } from '../scope-list.ts';
import type { ProviderEvent } from '../types.ts';
import type { Auth0Object } from './admin.ts';
import { listClients } from './client.ts';

/** Types of the tenant's log that tell of a token for an application that proved itself. */
const outcomes: Readonly<Record<string, ProviderEvent['outcome']>> = {
  seccft: 'ok',
  feccft: 'denied',
  sertft: 'ok',
  fertft: 'denied',
  success_on_behalf_of_token_exchange: 'ok',
  failed_on_behalf_of_token_exchange: 'denied',
};

const TAKE = 100;
const MAX_PAGES = 500;

/** Reads from the tenant's log which of our agents got tokens or were refused, for whom and with which scopes. */
export async function readEvents(admin: AdminApi, since: number): Promise<readonly ProviderEvent[]> {
  const ours = (await listClients(admin)).filter(({ mark }) => mark !== null);
  const ids = new Set(ours.map(({ clientId }) => clientId));
  return (await listLogs(admin, since))
    .filter((entry) => ids.has(String(entry['client_id'])))
    .flatMap(toEvent)
    .filter(({ time }) => time >= since)
    .sort((one, other) => one.time - other.time);
}

/** A search gives 1000 entries at most, whereas from a checkpoint (an entry's id) on there is no end: so it finds only the first. */
async function listLogs(admin: AdminApi, since: number): Promise<readonly Auth0Object[]> {
  const search = new URLSearchParams({ page: '0', per_page: '1', sort: 'date:1' });
  if (since > 0) search.set('q', `date:[${toTimestamp(since)} TO *]`);
  const found = [...(await ask(admin, search))];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const last = found.at(-1)?.['log_id'];
    if (typeof last !== 'string') return found;
    const some = await ask(admin, new URLSearchParams({ from: last, take: String(TAKE) }));
    if (some.length === 0) return found;
    found.push(...some);
  }
  throw new AgentIdError('idp-refused', 'Auth0 has more log entries than can be read');
}

async function ask(admin: AdminApi, query: URLSearchParams): Promise<readonly Auth0Object[]> {
  const path = `/logs?${query.toString()}`;
  const some = await admin.ask({ path, right: 'read:logs', what: 'read its log' });
  return Array.isArray(some) ? some.map(toRecord) : [];
}

function toEvent(entry: Auth0Object): readonly ProviderEvent[] {
  const { type, date, client_id: clientId, user_id: user, audience, scope } = entry;
  const outcome = outcomes[String(type)];
  if (outcome === undefined) return [];
  return [
    {
      time: fromTimestamp(String(date)),
      clientId: String(clientId),
      subject: typeof user === 'string' && user !== '' ? user : null,
      resource: typeof audience === 'string' && audience !== '' ? audience : null,
      scopes: readScopeList(scope),
      outcome,
    },
  ];
}
