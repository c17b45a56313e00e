import { AgentIdError } from '../../../model/error.ts';
import { ensure } from '../../ensure.ts';
import { toRecord } from '../../metadata.ts';
import type { OktaAdmin, OktaCall, OktaObject } from '../admin.ts';
import { listData } from '../pages.ts';
import { describe, readAgentMark, type AgentMark } from './mark.ts';
import { runOperation } from './operations.ts';

/** An agent as Okta for AI Agents holds it. Its id is its client id. */
export interface AiAgent {
  readonly id: string;
  readonly name: string;
  /** Staged: it was never switched on, and can do nothing. */
  readonly status: 'ACTIVE' | 'INACTIVE' | 'STAGED';
  /** The application that its users sign in to. */
  readonly appId: string | null;
  readonly description: string;
  /** Null for one that is not ours. */
  readonly mark: AgentMark | null;
}

const root = '/workload-principals/api/v1/ai-agents';
export const manage = 'okta.aiAgents.manage';
export const read = 'okta.aiAgents.read';

/** Says whether an id is of an AI agent: others are of applications. */
export function isAiAgentId(clientId: string): boolean {
  return /^wlp[A-Za-z0-9]+$/.test(clientId);
}

export async function listAiAgents(admin: OktaAdmin): Promise<readonly AiAgent[]> {
  const found = await listData(admin, { path: `${root}?limit=200`, scope: read, what: 'list its AI agents' });
  return found.map(toAiAgent);
}

/** Finds an AI agent by its id, or by the client id that we chose for it. */
export async function findAiAgent(admin: OktaAdmin, clientId: string): Promise<AiAgent | undefined> {
  return (await listAiAgents(admin)).find(({ id, mark }) => id === clientId || mark?.clientId === clientId);
}

/** Makes an AI agent, which can do nothing until it is switched on. Okta takes a name once. */
export async function createAiAgent(
  admin: OktaAdmin,
  name: string,
  { mark, appId }: { readonly mark: AgentMark; readonly appId: string | undefined },
): Promise<AiAgent> {
  const find = (): Promise<AiAgent | undefined> => findAiAgent(admin, mark.clientId);
  const { found } = await ensure(find, async () => {
    await runOperation(admin, {
      method: 'POST',
      path: root,
      scope: manage,
      body: { profile: { name, description: describe(mark) }, ...(appId !== undefined && { appId }) },
      what: `register the AI agent ${name}`,
    });
    const made = await find();
    if (made === undefined) throw gone(name);
    return made;
  });
  return found;
}

/** Writes name and mark; everything else stays as Okta holds it. */
export async function changeAiAgent(
  admin: OktaAdmin,
  agent: AiAgent,
  { name, mark }: { readonly name: string; readonly mark: AgentMark },
): Promise<void> {
  await change(admin, agent, {
    method: 'PATCH',
    path: pathOf(agent),
    scope: manage,
    contentType: 'application/merge-patch+json',
    body: { profile: { name, description: describe(mark, agent.description) } },
    what: `change the AI agent ${agent.name}`,
  });
}

/** Switches an AI agent on or off. Safe to repeat. */
export async function switchAiAgent(
  admin: OktaAdmin,
  agent: AiAgent,
  to: 'activate' | 'deactivate',
): Promise<void> {
  if (agent.status === (to === 'activate' ? 'ACTIVE' : 'INACTIVE')) return;
  // What was never on cannot be switched off.
  if (agent.status === 'STAGED' && to === 'deactivate') return;
  await change(admin, agent, {
    method: 'POST',
    path: `${pathOf(agent)}/lifecycle/${to}`,
    scope: manage,
    what: `${to} the AI agent ${agent.name}`,
  });
}

/** Deletes an AI agent with its keys and connections. A missing one is no error. */
export async function deleteAiAgent(admin: OktaAdmin, agent: AiAgent): Promise<void> {
  await runOperation(admin, {
    method: 'DELETE',
    path: pathOf(agent),
    scope: manage,
    what: `delete the AI agent ${agent.name}`,
  });
}

export function pathOf({ id }: Pick<AiAgent, 'id'>): string {
  return `${root}/${encodeURIComponent(id)}`;
}

export function gone(clientId: string): AgentIdError {
  return new AgentIdError('unknown-name', `Okta has no AI agent ${clientId}`);
}

async function change(admin: OktaAdmin, agent: AiAgent, call: OktaCall): Promise<void> {
  if ((await runOperation(admin, call)) === undefined) throw gone(agent.id);
}

function toAiAgent(raw: OktaObject): AiAgent {
  const { name, description } = toRecord(raw['profile']);
  const { status, appId } = raw;
  return {
    id: String(raw['id']),
    name: String(name),
    status: status === 'ACTIVE' || status === 'INACTIVE' ? status : 'STAGED',
    appId: typeof appId === 'string' ? appId : null,
    description: typeof description === 'string' ? description : '',
    mark: readAgentMark(description),
  };
}
