import { notOurs } from '../../refusal.ts';
import type { Registration } from '../../types.ts';
import { readPolicies } from '../access.ts';
import type { OktaAdmin } from '../admin.ts';
import type { Registry } from '../registry.ts';
import { findAiAgent, gone, listAiAgents, switchAiAgent, type AiAgent } from './ai-agent.ts';
import { addAgentKey, removeAgentKey } from './keys.ts';
import { planAiAgent, registerAiAgent, removeAiAgent } from './register.ts';
import { readState, toRegistration } from './state.ts';

/** Holds agents as AI agents (Okta for AI Agents), which get users' tokens by identity assertions. */
export function createAiAgents(admin: OktaAdmin): Registry {
  const change = async (clientId: string, task: (agent: AiAgent) => Promise<void>): Promise<Registration> => {
    const agent = await ownAiAgent(admin, clientId);
    await task(agent);
    return toRegistration(await readState(admin, agent));
  };
  return {
    plan: (spec) => planAiAgent(admin, spec),
    apply: (planned) => registerAiAgent(admin, planned),
    async inspect(clientId) {
      const agent = await findAiAgent(admin, clientId);
      return agent === undefined ? undefined : toRegistration(await readState(admin, agent));
    },
    list: () => list(admin),
    addKey: (clientId, key) => change(clientId, (agent) => addAgentKey(admin, agent, key)),
    removeKey: (clientId, kid) => change(clientId, (agent) => removeAgentKey(admin, agent, kid)),
    revoke: async (clientId) => switchAiAgent(admin, await ownAiAgent(admin, clientId), 'deactivate'),
    restore: async (clientId) => switchAiAgent(admin, await ownAiAgent(admin, clientId), 'activate'),
    async remove(clientId) {
      const agent = await findAiAgent(admin, clientId);
      if (agent !== undefined) await removeAiAgent(admin, assertOurs(agent));
    },
  };
}

async function list(admin: OktaAdmin): Promise<readonly Registration[]> {
  const ours = (await listAiAgents(admin)).filter(({ mark }) => mark !== null);
  if (ours.length === 0) return [];
  const policies = await readPolicies(admin);
  const found: Registration[] = [];
  for (const agent of ours) found.push(toRegistration(await readState(admin, agent, policies)));
  return found;
}

async function ownAiAgent(admin: OktaAdmin, clientId: string): Promise<AiAgent> {
  const agent = await findAiAgent(admin, clientId);
  if (agent === undefined) throw gone(clientId);
  return assertOurs(agent);
}

function assertOurs(agent: AiAgent): AiAgent {
  if (agent.mark === null) throw notOurs(agent.id, 'description at Okta', 'AI agent');
  return agent;
}
