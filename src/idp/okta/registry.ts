import type { AgentSpec } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import type { IdpAdapter } from '../types.ts';
import { isAiAgentId } from './cross-app/ai-agent.ts';

/** What the two ways share in which Okta holds an agent: as an application, or as an AI agent. */
export type Registry = Pick<
  IdpAdapter,
  'plan' | 'apply' | 'inspect' | 'list' | 'addKey' | 'removeKey' | 'revoke' | 'restore' | 'remove'
>;

/** Keeps agents where they are, and puts new ones where `takes` says. */
export function joinRegistries(
  apps: Registry,
  aiAgents: Registry,
  takes: (spec: AgentSpec) => boolean,
): Registry {
  const isApp = async (clientId: string): Promise<boolean> =>
    !isAiAgentId(clientId) && (await apps.inspect(clientId)) !== undefined;
  const homeOf = async (clientId: string): Promise<Registry> => ((await isApp(clientId)) ? apps : aiAgents);
  const placeOf = async (spec: AgentSpec): Promise<Registry> => {
    if (await isApp(spec.clientId)) return apps;
    if (takes(spec)) return aiAgents;
    if ((await aiAgents.inspect(spec.clientId)) !== undefined) throw forUsersOnly(spec);
    return apps;
  };
  return {
    plan: async (spec) => (await placeOf(spec)).plan(spec),
    apply: async (change) => (await placeOf(change.spec)).apply(change),
    inspect: async (clientId) => (await homeOf(clientId)).inspect(clientId),
    list: async () => [...(await apps.list()), ...(await aiAgents.list())],
    addKey: async (clientId, key) => (await homeOf(clientId)).addKey(clientId, key),
    removeKey: async (clientId, kid) => (await homeOf(clientId)).removeKey(clientId, kid),
    revoke: async (clientId) => (await homeOf(clientId)).revoke(clientId),
    restore: async (clientId) => (await homeOf(clientId)).restore(clientId),
    remove: async (clientId) => (await homeOf(clientId)).remove(clientId),
  };
}

/** Refuses AI agents where nobody opted in: that they cannot be seen must not look as if they were gone. */
export function withoutAiAgents(apps: Registry): Registry {
  const seen = (clientId: string): Registry => {
    if (isAiAgentId(clientId)) throw notChosen(clientId);
    return apps;
  };
  return {
    ...apps,
    inspect: async (clientId) => seen(clientId).inspect(clientId),
    addKey: async (clientId, key) => seen(clientId).addKey(clientId, key),
    removeKey: async (clientId, kid) => seen(clientId).removeKey(clientId, kid),
    revoke: async (clientId) => seen(clientId).revoke(clientId),
    restore: async (clientId) => seen(clientId).restore(clientId),
    remove: async (clientId) => seen(clientId).remove(clientId),
  };
}

function forUsersOnly({ id, clientId }: AgentSpec): AgentIdError {
  return new AgentIdError(
    'unsupported',
    `${id} is an AI agent of Okta, which acts for users at your own APIs only`,
    {
      where: clientId,
      hint: `To make it an application instead, remove it first: agent-id agents remove ${id}`,
    },
  );
}

function notChosen(clientId: string): AgentIdError {
  return new AgentIdError('unsupported', 'this agent is an AI agent of Okta, which are not in use here', {
    where: clientId,
    hint: 'Trust the provider again with the same flags and --cross-app-access.',
  });
}
