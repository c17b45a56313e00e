import type { AgentSpec } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import { describeDifference, toCreate, toUpdate } from '../difference.ts';
import { ensure } from '../ensure.ts';
import type { Change, Registration } from '../types.ts';
import { agentScope } from './agent-scope.ts';
import type { KeycloakAdmin } from './admin.ts';
import {
  changeClient,
  createClient,
  findClient,
  gone,
  markAttributes,
  type KeycloakClient,
} from './client.ts';
import { hasActor, offerScopes, setActor, setClientScopes, toActor } from './links.ts';
import { ensurePlatform, keptProof, planPlatform } from './platform.ts';
import { describeBounds } from './policy.ts';
import { toRegistration } from './registration.ts';
import { assertScopes, ensureAgentScope, ensureApiScopes, listScopes, type ClientScope } from './scopes.ts';
import { assertSpec, defaultScopes, describeDrift, toJwks, toSettings, type Proof } from './settings.ts';

/** Compares the wanted agent with what is there, and says what Keycloak cannot do for it. Reads only. */
export async function planAgent(admin: KeycloakAdmin, spec: AgentSpec): Promise<Change> {
  assertSpec(spec);
  const there = await listScopes(admin);
  assertScopes(spec.grants, there);
  const client = await findClient(admin, spec.clientId);
  const platform = await planPlatform(admin, spec);
  if (client === undefined) {
    return toCreate(spec, [...platform.lines, ...newScopes(spec, there), ...(await warnings(admin, spec))]);
  }
  if (client.mark === null) {
    return { kind: 'conflict', spec, lines: [`${spec.clientId} is in use by something that is not ours`] };
  }
  const lines = compare(client, spec, { there, proof: platform.proof ?? keptProof(client) });
  return toUpdate(spec, [...platform.lines, ...lines]);
}

/**
 * Registers or updates. The client is made switched off, gets all its parts, is read back, and only then is switched
 * on: Keycloak drops in silence what it does not know, and a cut in between leaves something that can do nothing.
 */
export async function registerAgent(admin: KeycloakAdmin, { kind, spec }: Change): Promise<Registration> {
  if (kind === 'conflict') throw conflict(spec.clientId);
  assertSpec(spec);
  assertScopes(spec.grants, await listScopes(admin));
  const found = await findClient(admin, spec.clientId);
  const proof = (await ensurePlatform(admin, spec)) ?? keptProof(found);
  if (found !== undefined) assertOurs(found, kind, spec);
  await ensureApiScopes(admin, spec);
  const client = found ?? (await create(admin, spec, proof));
  assertOurs(client, kind, spec);
  const there = await listScopes(admin);
  if (compare(client, spec, { there, proof }).length === 0) return toRegistration(client, there);
  return setAll(admin, client, { spec, proof });
}

async function create(admin: KeycloakAdmin, spec: AgentSpec, proof?: Proof): Promise<KeycloakClient> {
  const settings = toSettings(spec, spec.marker, proof);
  const { [markAttributes.owner]: owner, ...attributes } = settings.attributes;
  const body = {
    ...settings,
    clientId: spec.clientId,
    protocol: 'openid-connect',
    enabled: false,
    defaultClientScopes: defaultScopes(spec.actsFor),
    optionalClientScopes: toNames(spec),
    protocolMappers: spec.actsFor === 'user' ? [toActor(spec.clientId)] : [],
    attributes: {
      ...attributes,
      ...(owner === undefined || owner === '' ? {} : { [markAttributes.owner]: owner }),
      ...(proof === undefined ? { 'jwks.string': toJwks(undefined, spec.keys) } : {}),
      [markAttributes.complete]: 'false',
    },
  };
  const find = (): Promise<KeycloakClient | undefined> => findClient(admin, spec.clientId);
  const { found } = await ensure(find, async () => {
    await createClient(admin, body);
    const made = await find();
    if (made === undefined) throw gone(spec.clientId);
    return made;
  });
  return found;
}

interface Wanted {
  readonly spec: AgentSpec;
  readonly proof: Proof | undefined;
}

async function setAll(
  admin: KeycloakAdmin,
  client: KeycloakClient,
  { spec, proof }: Wanted,
): Promise<Registration> {
  const marker = client.mark?.marker ?? spec.marker;
  const narrower = toExtra(client, spec).length > 0;
  const scopes = { default: defaultScopes(spec.actsFor), optional: toNames(spec) };
  await setClientScopes(admin, client, scopes, await listScopes(admin));
  await setActor(admin, client, spec.actsFor === 'user');
  if (spec.actsFor === 'user') await offer(admin, spec, marker);
  const settings = toSettings(spec, marker, proof);
  const now = await changeClient(admin, client, {
    ...settings,
    attributes: {
      ...settings.attributes,
      ...(proof === undefined ? { 'jwks.string': toJwks(client, spec.keys) } : {}),
      [markAttributes.complete]: 'true',
    },
    // What was revoked by a person stays revoked.
    ...(client.mark?.complete === false ? { enabled: true } : {}),
    // A token keeps a scope that was taken away until it ends, unless tokens from before count no more.
    ...(narrower && client.mark?.complete === true ? { notBefore: admin.now() + 1 } : {}),
  });
  const there = await listScopes(admin);
  const left = compare(now, spec, { there, proof });
  if (left.length > 0) throw notTaken(spec.clientId, left);
  return toRegistration(now, there);
}

async function offer(admin: KeycloakAdmin, spec: AgentSpec, marker: string): Promise<void> {
  const scope = await ensureAgentScope(admin, spec.clientId, { displayName: spec.displayName, marker });
  const { loginClientId } = admin.parts.trust;
  if (loginClientId !== undefined) await offerScopes(admin, loginClientId, [scope]);
}

function compare(
  client: KeycloakClient,
  spec: AgentSpec,
  { there, proof }: { readonly there: readonly ClientScope[]; readonly proof: Proof | undefined },
): readonly string[] {
  const lines = [...describeDifference(spec, toRegistration(client, there))];
  lines.push(...describeDrift(client, toSettings(spec, client.mark?.marker ?? spec.marker, proof)));
  const named = new Set(spec.grants.map(({ uri }) => uri));
  const silent = toExtra(client, spec).filter((name) => {
    const audiences = there.find((one) => one.name === name)?.audiences ?? [];
    return audiences.length === 0 || audiences.some((uri) => named.has(uri) && audiences.length > 1);
  });
  if (silent.length > 0) lines.push(`drops the scopes ${silent.join(' ')}`);
  if (hasActor(client) !== (spec.actsFor === 'user')) lines.push('tokens name the agent as actor (mapper)');
  if (spec.actsFor === 'user' && !there.some(({ name }) => name === agentScope(spec.clientId)))
    lines.push(`users' tokens may be meant for it (scope ${agentScope(spec.clientId)})`);
  if (client.mark?.complete === false) lines.push('finishes a registration that was cut off');
  return lines;
}

function newScopes(spec: AgentSpec, there: readonly ClientScope[]): readonly string[] {
  const missing = toNames(spec).filter((name) => !there.some((one) => one.name === name));
  return missing.length === 0 ? [] : [`makes client scopes in the realm: ${missing.join(' ')}`];
}

async function warnings(admin: KeycloakAdmin, spec: AgentSpec): Promise<readonly string[]> {
  if (spec.actsFor !== 'user') return [];
  const { loginClientId } = admin.parts.trust;
  const scope = agentScope(spec.clientId);
  return [
    loginClientId === undefined
      ? `a user's token must ask for the scope ${scope}: add it to the client that users sign in with (Clients > … > Client scopes)`
      : `users who sign in through ${loginClientId} may ask for the scope ${scope}, so that this agent may act for them`,
    ...(await describeBounds(admin)),
  ];
}

/** Scopes of a client that the agent is not to have. */
function toExtra({ scopes }: KeycloakClient, spec: AgentSpec): readonly string[] {
  const wanted = [...toNames(spec), ...defaultScopes(spec.actsFor)];
  return scopes.filter((name) => !wanted.includes(name));
}

function toNames({ grants }: AgentSpec): readonly string[] {
  return [...new Set(grants.flatMap(({ scopes }) => scopes))];
}

function assertOurs({ mark }: KeycloakClient, kind: Change['kind'], spec: AgentSpec): void {
  if (mark === null || (kind === 'create' && mark.marker !== spec.marker)) throw conflict(spec.clientId);
}

function notTaken(clientId: string, lines: readonly string[]): AgentIdError {
  return new AgentIdError('idp-refused', `Keycloak did not take what it was told: ${lines.join('; ')}`, {
    where: clientId,
    hint: 'Somebody may have changed it at the same time: do the same again.',
  });
}

function conflict(clientId: string): AgentIdError {
  return new AgentIdError(
    'conflict',
    'the client id is in use by something that is not ours, or by another plan',
    {
      where: clientId,
      hint: 'Nothing was changed. Plan again, or remove the other client at Keycloak.',
    },
  );
}
