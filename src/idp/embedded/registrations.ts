import { randomBytes } from 'node:crypto';
import { forgetConsents } from './consents.ts';
import { adminClientId, loginClientId, nowSeconds, toEventAgent, type Idp } from './context.ts';
import { readClientId, readMetadata } from './metadata.ts';
import type { AgentRecord } from './state.ts';
import { Refusal } from './wire.ts';
import type { PublicJwk } from '../../model/agent.ts';

type Body = Readonly<Record<string, unknown>>;

/** Registers an agent. A client id that exists is a conflict, whoever asks: nothing is ever overwritten. */
export async function createAgent(idp: Idp, body: Body): Promise<AgentRecord> {
  const clientId = readClientId(body) ?? `agent.${randomBytes(10).toString('hex')}`;
  const wanted = readMetadata(idp, body);
  const { agents } = idp.state.data;
  if (agents.has(clientId) || isReserved(idp, clientId)) {
    throw new Refusal(409, 'conflict', 'a client of this id exists');
  }
  const now = nowSeconds(idp);
  const agent: AgentRecord = {
    ...wanted,
    clientId,
    status: 'active',
    createdAt: now,
    lastTokenAt: null,
    notBefore: 0,
  };
  agents.set(clientId, agent);
  try {
    await idp.state.save();
  } catch (error) {
    agents.delete(clientId);
    throw error;
  }
  note(idp, 'register', agent);
  return agent;
}

/** Replaces what an agent is; its status, its marker and its consents stay. */
export async function updateAgent(idp: Idp, clientId: string, body: Body): Promise<AgentRecord> {
  const current = findAgent(idp, clientId);
  if (readClientId(body) !== clientId) {
    throw new Refusal(400, 'invalid_client_metadata', 'client_id must be that of the registration');
  }
  const wanted = readMetadata(idp, body);
  if (wanted.actsFor !== current.actsFor) forgetConsents(idp, clientId);
  return store(idp, 'update', { ...current, ...wanted, marker: current.marker });
}

/** Adds the key of one machine. Repeating it changes its name only. */
export async function addMachine(
  idp: Idp,
  clientId: string,
  key: PublicJwk,
  name: string,
): Promise<AgentRecord> {
  const agent = findAgent(idp, clientId);
  const keys = [...agent.keys.filter(({ kid }) => kid !== key.kid), key];
  if (keys.length > 50) throw new Refusal(400, 'invalid_request', 'an agent has at most 50 keys');
  return store(idp, 'update', { ...agent, keys, machines: { ...agent.machines, [key.kid]: name } });
}

/** From now on no token, and those that are out are dead. */
export async function revokeAgent(idp: Idp, clientId: string): Promise<AgentRecord> {
  return store(idp, 'revoke', { ...findAgent(idp, clientId), status: 'revoked' });
}

/** Lets a revoked agent get tokens again; those from before stay dead. */
export async function restoreAgent(idp: Idp, clientId: string): Promise<AgentRecord> {
  const current = findAgent(idp, clientId);
  if (current.status === 'active') return current;
  return store(idp, 'restore', { ...current, status: 'active', notBefore: nowSeconds(idp) + 1 });
}

export async function removeAgent(idp: Idp, clientId: string): Promise<void> {
  const agent = findAgent(idp, clientId);
  idp.state.data.agents.delete(clientId);
  forgetConsents(idp, clientId);
  await idp.state.save();
  note(idp, 'remove', agent);
}

export function findAgent(idp: Idp, clientId: string): AgentRecord {
  const agent = idp.state.data.agents.get(clientId);
  if (agent === undefined) throw new Refusal(404, 'not_found', 'no client of this id is registered');
  return agent;
}

async function store(
  idp: Idp,
  kind: 'update' | 'revoke' | 'restore',
  agent: AgentRecord,
): Promise<AgentRecord> {
  idp.state.data.agents.set(agent.clientId, agent);
  await idp.state.save();
  note(idp, kind, agent);
  return agent;
}

function note(
  idp: Idp,
  kind: 'register' | 'update' | 'revoke' | 'restore' | 'remove',
  agent: AgentRecord,
): void {
  idp.events.add({ kind, agent: toEventAgent(agent), scopes: agent.grants.flatMap((grant) => grant.scopes) });
}

function isReserved(idp: Idp, clientId: string): boolean {
  if (clientId === adminClientId || clientId === loginClientId) return true;
  return [...idp.state.data.resources.values()].some((resource) => resource.clientId === clientId);
}
