import type { PublicJwk } from '../../../model/agent.ts';
import { ensure } from '../../ensure.ts';
import { toRecord } from '../../metadata.ts';
import type { OktaAdmin } from '../admin.ts';
import { toKeys, type OktaKey } from '../jwks.ts';
import { manage, pathOf, read, type AiAgent } from './ai-agent.ts';

/** Lists the keys that verify. */
export async function activeKeys(admin: OktaAdmin, agent: AiAgent): Promise<readonly OktaKey[]> {
  return (await listKeys(admin, agent)).filter(({ active }) => active);
}

/** Adds a key that verifies at once; one that was switched off is switched on again. Safe to repeat. */
export async function addAgentKey(admin: OktaAdmin, agent: AiAgent, key: PublicJwk): Promise<void> {
  const { found } = await ensure<Pick<OktaKey, 'id' | 'active'>>(
    async () => (await listKeys(admin, agent)).find((one) => one.kid === key.kid),
    async () => {
      const made = await admin.make({
        method: 'POST',
        path: keysOf(agent),
        scope: manage,
        body: { ...key, status: 'ACTIVE' },
        what: `add a key to ${agent.name}`,
      });
      return { id: String(made['id']), active: true };
    },
  );
  if (!found.active) await switchKey(admin, agent, found, 'activate');
}

/** Takes a key away: Okta deletes only one that is switched off. A missing one is no error. */
export async function removeAgentKey(admin: OktaAdmin, agent: AiAgent, kid: string): Promise<void> {
  const key = (await listKeys(admin, agent)).find((one) => one.kid === kid);
  if (key === undefined) return;
  if (key.active) await switchKey(admin, agent, key, 'deactivate');
  const path = `${keysOf(agent)}/${encodeURIComponent(key.id)}`;
  await admin.ask({ method: 'DELETE', path, scope: manage, what: `delete a key of ${agent.name}` });
}

async function listKeys(admin: OktaAdmin, agent: AiAgent): Promise<readonly OktaKey[]> {
  const answer = await admin.ask({
    path: keysOf(agent),
    scope: read,
    what: `list the keys of ${agent.name}`,
  });
  return toKeys(toRecord(answer)['data']);
}

async function switchKey(
  admin: OktaAdmin,
  agent: AiAgent,
  { id }: Pick<OktaKey, 'id'>,
  to: 'activate' | 'deactivate',
): Promise<void> {
  const path = `${keysOf(agent)}/${encodeURIComponent(id)}/lifecycle/${to}`;
  await admin.ask({ method: 'POST', path, scope: manage, what: `${to} a key of ${agent.name}` });
}

function keysOf(agent: AiAgent): string {
  return `${pathOf(agent)}/credentials/jwks`;
}
