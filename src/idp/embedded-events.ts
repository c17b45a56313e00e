import { fromTimestamp } from '../lib/clock.ts';
import type { EmbeddedAdmin } from './embedded-admin.ts';
import { toRecord } from './metadata.ts';
import { toRefusal } from './refusal.ts';
import type { ProviderEvent } from './types.ts';

/** Lists what the embedded provider's log says of tokens since a time (milliseconds); it keeps its last 2000 entries. */
export async function listEvents(admin: EmbeddedAdmin, since: number): Promise<readonly ProviderEvent[]> {
  const answer = await admin.send('/admin/events');
  const { events } = toRecord(answer.body);
  if (answer.status !== 200 || !Array.isArray(events))
    throw toRefusal(answer, 'show its log', admin.parts.trust.issuer);
  return events.flatMap((event) => toEvent(toRecord(event))).filter(({ time }) => time >= since);
}

function toEvent(wire: Readonly<Record<string, unknown>>): readonly ProviderEvent[] {
  const { clientId } = toRecord(wire['agent']);
  const { kind, time, user, scopes, result } = wire;
  if (kind !== 'token' || typeof clientId !== 'string') return [];
  const { uri } = toRecord(wire['resource']);
  return [
    {
      time: fromTimestamp(String(time)),
      clientId,
      subject: typeof user === 'string' ? user : null,
      resource: typeof uri === 'string' ? uri : null,
      scopes: Array.isArray(scopes) ? scopes.map(String) : [],
      outcome: result === 'ok' ? 'ok' : 'denied',
    },
  ];
}
