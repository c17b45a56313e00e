import type { AgentSpec } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import type { AdminApi } from '../admin-api.ts';
import { describeDifference, toCreate, toUpdate } from '../difference.ts';
import type { Change, Registration } from '../types.ts';
import { describeApi, describeLifetime, ensureApi, ensureApiWith } from './apis.ts';
import { ownApi, toFlow, toMark, toOwnApiBody } from './bodies.ts';
import { changeClient, createClient, findClient, gone, type Auth0Client } from './client.ts';
import { addKey, listKeys, toRsaKeys, type Credential } from './credentials.ts';
import { describeGrants, listGrants, setGrants, type Auth0Grant } from './grants.ts';

/** Compares the wanted agent with what is there, and says what Auth0 cannot do for it. Reads only. */
export async function planAgent(admin: AdminApi, spec: AgentSpec): Promise<Change> {
  assertSpec(spec);
  const client = await findClient(admin, spec.clientId);
  const apis = await each(spec, (grant) => describeApi(admin, grant));
  if (client === undefined) {
    const own =
      spec.actsFor === 'user'
        ? [`makes an API that stands for it: a user's token must be for ${ownApi(spec.clientId)}`]
        : [];
    return toCreate(spec, [
      ...apis,
      ...own,
      ...(await each(spec, (grant) => describeLifetime(admin, grant))),
    ]);
  }
  if (client.mark === null) {
    return { kind: 'conflict', spec, lines: [`${spec.clientId} is in use by something that is not ours`] };
  }
  return toUpdate(spec, [...apis, ...(await compare(admin, client, spec))]);
}

/**
 * Registers or updates. The application is made switched off, gets all its parts, and only then may get tokens: a cut in
 * between leaves something that can do nothing, which the next run finishes or takes away.
 */
export async function registerAgent(admin: AdminApi, { kind, spec }: Change): Promise<Registration> {
  if (kind === 'conflict') throw conflict(spec.clientId);
  assertSpec(spec);
  const found = await findClient(admin, spec.clientId);
  if (found !== undefined) assertOurs(found, kind, spec);
  for (const grant of spec.grants) await ensureApiWith(admin, grant);
  if (spec.actsFor === 'user') await ensureApi(admin, toOwnApiBody(spec));
  const client = found ?? (await createClient(admin, spec, toRsaKeys(spec.keys)));
  assertOurs(client, kind, spec);
  if ((await compare(admin, client, spec)).length > 0) await setAll(admin, client, spec);
  const now = await findClient(admin, client.clientId);
  if (now === undefined) throw gone(client.clientId);
  return readRegistration(admin, now);
}

export async function readRegistration(admin: AdminApi, client: Auth0Client): Promise<Registration> {
  // Of a foreign application nothing more is read.
  if (client.mark === null) return toRegistration(client, [], []);
  return toRegistration(client, await listKeys(admin, client), await listGrants(admin, client.clientId));
}

function toRegistration(
  client: Auth0Client,
  keys: readonly Credential[],
  grants: readonly Auth0Grant[],
): Registration {
  const named = keys.filter(({ kid, name }) => kid !== name);
  return {
    clientId: client.clientId,
    displayName: client.name,
    status: client.grantTypes.length + client.exchanges.length > 0 ? 'active' : 'revoked',
    keys: keys.map(({ kid }) => ({ kid })),
    grants: grants.map(({ uri, scopes }) => ({ uri, scopes })),
    marker: client.mark?.marker ?? null,
    lastTokenAt: null,
    ...(named.length === 0
      ? {}
      : { machines: Object.fromEntries(named.map(({ kid, name }) => [kid, name])) }),
  };
}

async function setAll(admin: AdminApi, client: Auth0Client, spec: AgentSpec): Promise<void> {
  const first = client.mark?.complete === false;
  const marker = client.mark?.marker ?? spec.marker;
  let now = client;
  for (const key of spec.keys) now = await addKey(admin, now, key);
  await setGrants(admin, client.clientId, spec);
  await changeClient(admin, now, {
    name: spec.displayName,
    client_metadata: { ...toMark(spec, true, marker) },
    // What was revoked by a person stays revoked.
    ...(first || isOn(client) ? toFlow(spec.actsFor) : {}),
  });
}

async function compare(admin: AdminApi, client: Auth0Client, spec: AgentSpec): Promise<readonly string[]> {
  const grants = await listGrants(admin, client.clientId);
  const keys = await listKeys(admin, client);
  const { mark } = client;
  const lines = [
    ...describeDifference(spec, toRegistration(client, keys, grants)),
    ...describeGrants(grants, spec),
  ];
  if (mark?.complete === false) lines.push('finishes a registration that was cut off');
  if (mark !== null && mark.owner !== spec.owner)
    lines.push(`owner: ${mark.owner ?? 'nobody'} becomes ${spec.owner ?? 'nobody'}`);
  if (isOn(client)) lines.push(...describeFlow(client, spec));
  return lines;
}

function describeFlow(client: Auth0Client, spec: AgentSpec): readonly string[] {
  const wanted = toFlow(spec.actsFor);
  return [
    ...sameOrLine('grant types', client.grantTypes, wanted.grant_types),
    ...sameOrLine('token exchange', client.exchanges, wanted.token_exchange.allow_any_profile_of_type),
  ];
}

function sameOrLine(what: string, now: readonly string[], wanted: readonly string[]): readonly string[] {
  const same = now.length === wanted.length && wanted.every((one) => now.includes(one));
  return same ? [] : [`${what}: ${now.join(' ') || 'none'} becomes ${wanted.join(' ') || 'none'}`];
}

function isOn({ grantTypes, exchanges }: Auth0Client): boolean {
  return grantTypes.length + exchanges.length > 0;
}

async function each(
  { grants }: AgentSpec,
  describe: (grant: AgentSpec['grants'][number]) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const grant of grants) lines.push(...(await describe(grant)));
  return lines;
}

function assertSpec(spec: AgentSpec): void {
  toRsaKeys(spec.keys);
  if (/[<>]/.test(spec.displayName) || spec.displayName.length > 100) {
    const where = spec.displayName.slice(0, 100);
    throw new AgentIdError('usage', 'Auth0 takes names of up to 100 characters without < and >', { where });
  }
  if (spec.platform !== undefined) {
    throw new AgentIdError('unsupported', 'Auth0 takes no token of a platform as proof of an application', {
      where: spec.platform.issuer,
      hint: 'Enroll a key where the job runs: agent-id agents enroll A',
    });
  }
}

/** Whom an agent acts for decides what kind of application it is, and Auth0 never changes that. */
function assertOurs({ mark }: Auth0Client, kind: Change['kind'], spec: AgentSpec): void {
  if (mark === null || (kind === 'create' && mark.marker !== spec.marker)) throw conflict(spec.clientId);
  if (mark.actsFor === spec.actsFor) return;
  throw new AgentIdError('unsupported', 'Auth0 cannot change whom an agent acts for', {
    where: spec.clientId,
    hint: 'Remove it and register it again: agent-id agents remove',
  });
}

function conflict(clientId: string): AgentIdError {
  return new AgentIdError(
    'conflict',
    'the client id is in use by something that is not ours, or by another plan',
    { where: clientId, hint: 'Nothing was changed. Plan again, or remove the other application at Auth0.' },
  );
}
