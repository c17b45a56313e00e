import { setTimeout as sleep } from 'node:timers/promises';
import { AgentIdError } from '../../../model/error.ts';
import { toRecord } from '../../metadata.ts';
import { isPrintable } from '../../refusal.ts';
import type { OktaAdmin, OktaCall } from '../admin.ts';

/** How long is waited before each look, in milliseconds; half a minute in all. */
const waits = [0, 100, 200, 400, 800, 1500, 3000, 6000, 9000, 9000] as const;

/**
 * Does what Okta takes at once and does in its own time, and waits until it is done, half a minute at most. Gives the id
 * of what it was done to, `undefined` where there is no such thing. Throws `idp-refused`, `idp-unreachable`.
 */
export async function runOperation(admin: OktaAdmin, call: OktaCall): Promise<string | undefined> {
  const work = await admin.begin(call);
  if (work === undefined) return undefined;
  for (const wait of waits) {
    await sleep(wait);
    const seen = await admin.ask({
      path: `/workload-principals/api/v1/operations/${work}`,
      scope: 'okta.aiAgents.read',
      what: `see how it gets on (${call.what})`,
    });
    if (seen?.['status'] === 'COMPLETED') return String(toRecord(seen['resource'])['id']);
    if (seen?.['status'] === 'FAILED') throw failed(toRecord(seen['errorDetails']), call, admin.org);
  }
  throw new AgentIdError('idp-unreachable', `Okta is still at it after half a minute (${call.what})`, {
    where: admin.org,
    hint: 'Wait a minute and do the same again: nothing is done twice.',
  });
}

function failed(
  { code, message }: Readonly<Record<string, unknown>>,
  { what }: OktaCall,
  where: string,
): AgentIdError {
  const reason = [code, message].filter(isPrintable).join(': ') || 'no reason given';
  return new AgentIdError('idp-refused', `Okta refused to ${what}: ${reason}`, { where });
}
