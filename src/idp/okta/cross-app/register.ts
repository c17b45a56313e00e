import type { AgentSpec, Grant } from '../../../model/agent.ts';
import { AgentIdError } from '../../../model/error.ts';
import { describeDifference, toCreate, toUpdate } from '../../difference.ts';
import type { Change, Registration } from '../../types.ts';
import { readPolicies, removeLeft, setAccess, toMinutes, toNote } from '../access.ts';
import type { OktaAdmin } from '../admin.ts';
import { jwtBearer, listApps } from '../app.ts';
import { deletePolicy } from '../servers.ts';
import { assertScopeNames, conflict, sameOrLine, serverLines } from '../spec.ts';
import {
  changeAiAgent,
  createAiAgent,
  deleteAiAgent,
  findAiAgent,
  gone,
  listAiAgents,
  switchAiAgent,
  type AiAgent,
} from './ai-agent.ts';
import { deleteConnection, setConnection } from './connections.ts';
import { addAgentKey } from './keys.ts';
import { toAgentMark } from './mark.ts';
import { readState, toRegistration, type Reach, type State } from './state.ts';

/** Compares the wanted AI agent with what is there, and says what is left to a person. Reads only. */
export async function planAiAgent(admin: OktaAdmin, spec: AgentSpec): Promise<Change> {
  assertScopeNames(admin, spec);
  const agents = await listAiAgents(admin);
  const agent = agents.find(({ id, mark }) => id === spec.clientId || mark?.clientId === spec.clientId);
  const other = agents.find((one) => one.id !== agent?.id && one.name === spec.displayName);
  if (other !== undefined || agent?.mark === null) return { kind: 'conflict', spec, lines: [taken(spec)] };
  if (agent !== undefined) return toUpdate(spec, compare(await readState(admin, agent), spec));
  const policies = await readPolicies(admin);
  return toCreate(spec, [
    'as an AI agent (Cross App Access, beta at Okta, tried against its description and a double only)',
    await signInLine(admin),
    ...serverLines(admin, spec, policies),
    `left to a person, since Okta describes no request for it: ${ownerStep(spec.displayName)}`,
  ]);
}

/**
 * Registers or updates. The AI agent is staged until all its parts are there, and then switched on. Okta does that only
 * for one with an owner, whom a person must name: until then it stays staged, and can do nothing.
 */
export async function registerAiAgent(admin: OktaAdmin, { kind, spec }: Change): Promise<Registration> {
  if (kind === 'conflict') throw conflict(spec.clientId);
  assertScopeNames(admin, spec);
  const agent = await claim(admin, kind, spec);
  const state = await readState(admin, agent);
  if (compare(state, spec).length > 0) await setAll(admin, state, spec);
  const now = await findAiAgent(admin, agent.id);
  if (now === undefined) throw gone(agent.id);
  return toRegistration(await readState(admin, now));
}

/** Takes an AI agent away with all that was made for it. Switches off first: what a cut leaves can do nothing. */
export async function removeAiAgent(admin: OktaAdmin, agent: AiAgent): Promise<void> {
  await switchAiAgent(admin, agent, 'deactivate');
  const policies = await readPolicies(admin);
  const { reaches } = await readState(admin, agent, policies);
  for (const reach of reaches) await drop(admin, agent, reach);
  for (const { server } of policies) await removeLeft(admin, server, toNote(agent.mark?.marker ?? ''));
  await deleteAiAgent(admin, agent);
}

async function claim(admin: OktaAdmin, kind: Change['kind'], spec: AgentSpec): Promise<AiAgent> {
  const agent = (await findAiAgent(admin, spec.clientId)) ?? (await create(admin, spec));
  const created = kind === 'create' && agent.mark?.marker !== spec.marker;
  if (agent.mark === null || created) throw conflict(spec.clientId);
  return agent;
}

async function create(admin: OktaAdmin, spec: AgentSpec): Promise<AiAgent> {
  const mark = toAgentMark(spec, spec);
  const appId = (await findSignInApp(admin))?.id;
  return createAiAgent(admin, spec.displayName, { mark, appId });
}

async function setAll(admin: OktaAdmin, { agent, keys, reaches }: State, spec: AgentSpec): Promise<void> {
  const { marker, clientId } = agent.mark ?? spec;
  for (const key of spec.keys)
    if (!keys.some(({ kid }) => kid === key.kid)) await addAgentKey(admin, agent, key);
  for (const reach of reaches)
    if (!spec.grants.some(({ uri }) => uri === reach.uri)) await drop(admin, agent, reach);
  for (const grant of spec.grants) {
    const rights = { grantTypes: [jwtBearer], note: toNote(marker) };
    const server = await setAccess(admin, agent.id, grant, rights);
    await setConnection(admin, agent, { issuer: `${admin.org}/oauth2/${server.id}`, grant });
  }
  const mark = toAgentMark(spec, { marker, clientId });
  if (!isDescribed(agent, spec)) await changeAiAgent(admin, agent, { name: spec.displayName, mark });
  // What was revoked by a person stays revoked.
  if (agent.status === 'STAGED') await switchOn(admin, agent);
}

/** Okta refuses to switch on what has no owner: then it waits for one. */
async function switchOn(admin: OktaAdmin, agent: AiAgent): Promise<void> {
  try {
    await switchAiAgent(admin, agent, 'activate');
  } catch (error) {
    if (!(error instanceof AgentIdError && error.code === 'idp-refused')) throw error;
  }
}

async function drop(admin: OktaAdmin, agent: AiAgent, { access, connection }: Reach): Promise<void> {
  if (connection !== undefined) await deleteConnection(admin, agent, connection);
  if (access !== undefined) await deletePolicy(admin, access.server, access.policy);
}

function compare(state: State, spec: AgentSpec): readonly string[] {
  const { agent, reaches } = state;
  const lines = [...describeDifference(spec, toRegistration(state))];
  if (agent.name === spec.displayName && !isDescribed(agent, spec)) {
    const { owner, actsFor } = spec;
    lines.push(`its description becomes that of ${spec.id}, owner ${owner ?? 'nobody'}, for ${actsFor}`);
  }
  lines.push(...spec.grants.flatMap((grant) => compareReach(reaches, grant)));
  if (agent.status === 'STAGED') lines.push(`is not active yet: ${ownerStep(agent.name)}`);
  return lines;
}

/** Both halves hold exactly the wanted scopes: what is wider in one waits there for the other to be widened. */
function compareReach(reaches: readonly Reach[], { uri, scopes, maxTtlSeconds }: Grant): readonly string[] {
  const { access, connection } = reaches.find((one) => one.uri === uri) ?? {};
  if (access === undefined || connection === undefined) return [];
  const minutes = toMinutes(maxTtlSeconds);
  return [
    ...(access.lifetimeMinutes === minutes
      ? []
      : [`${uri}: tokens live ${minutes} minutes, not ${access.lifetimeMinutes}`]),
    ...sameOrLine(`${uri}: grant types`, access.grantTypes, [jwtBearer]),
    ...sameOrLine(`${uri}: scopes of its rule`, access.scopes, scopes),
    ...sameOrLine(`${uri}: scopes of its connection`, connection.scopes ?? ['all'], scopes),
  ];
}

function isDescribed({ name, mark }: AiAgent, spec: AgentSpec): boolean {
  const same = mark?.agent === spec.id && mark.owner === spec.owner && mark.actsFor === spec.actsFor;
  return same && name === spec.displayName;
}

/** Finds the application that users sign in to, which an AI agent is linked to when it is registered. */
export async function findSignInApp(
  admin: OktaAdmin,
): Promise<{ readonly id: string; readonly label: string } | undefined> {
  const { loginClientId } = admin.parts.trust;
  if (loginClientId === undefined) return undefined;
  return (await listApps(admin)).find(({ clientId }) => clientId === loginClientId);
}

async function signInLine(admin: OktaAdmin): Promise<string> {
  const app = await findSignInApp(admin);
  if (app !== undefined) return `acts only for users who are signed in to "${app.label}"`;
  return 'is linked to no application that users sign in to: trust the provider again with --client-id first';
}

/** Where an administrator names who answers for an AI agent. */
export function ownerStep(name: string): string {
  return `name an owner and activate it: Admin Console > Directory > AI Agents > ${name} > Owners`;
}

function taken({ displayName }: AgentSpec): string {
  return `an AI agent called ${displayName} is there already and is not this one: Okta takes a name once`;
}
