import type { HttpRequest } from '../lib/http.ts';
import type { AgentSpec, PublicJwk } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';
import { describeDifference, toCreate, toUpdate } from './difference.ts';
import { createAdmin, type EmbeddedAdmin } from './embedded-admin.ts';
import { createEnrollment } from './embedded-enrollment.ts';
import { listEvents } from './embedded-events.ts';
import { deleteOktaToken, listOktaTokens } from './embedded-okta.ts';
import { fromWire, toRegistration, toWire, type EmbeddedRegistration } from './embedded-wire.ts';
import { readMetadata, toRecord } from './metadata.ts';
import type { AdapterParts } from './parts.ts';
import { toRefusal } from './refusal.ts';
import type { Capabilities, Change, IdpAdapter, PlatformTrust, Registration } from './types.ts';

const capabilities: Capabilities = {
  exchange: 'rfc8693',
  recoversLostAnswers: true,
  act: 'native',
  minTtlSeconds: 1,
  revokeIssued: true,
  restore: true,
  lastUse: true,
  boundScopes: true,
};

/** Makes the adapter of the embedded identity provider. Sends nothing yet. */
export function createEmbeddedAdapter(parts: AdapterParts): IdpAdapter {
  const admin = createAdmin(parts);
  return {
    trust: parts.trust,
    capabilities,
    discover: () => readMetadata(parts.http, parts.trust.issuer),
    plan: (spec) => plan(admin, spec),
    apply: async (change) => toRegistration(await apply(admin, change)),
    async inspect(clientId) {
      const found = await find(admin, clientId);
      return found === undefined ? undefined : toRegistration(found);
    },
    list: () => list(admin),
    addKey: (clientId, key, machine) => addKey(admin, clientId, key, machine),
    enrollment: createEnrollment(admin),
    removeKey: (clientId, kid) =>
      changeKeys(admin, clientId, (keys) => keys.filter((key) => key.kid !== kid)),
    trustPlatform: (clientId, platform) => trustPlatform(admin, clientId, platform),
    revoke: (clientId) => switchStatus(admin, clientId, 'revoke'),
    restore: (clientId) => switchStatus(admin, clientId, 'restore'),
    remove: (clientId) => remove(admin, clientId),
    events: (since) => listEvents(admin, since),
    staticSecrets: (api) => listOktaTokens(admin, api),
    revokeStaticSecret: (api, id) => deleteOktaToken(admin, api, id),
  };
}

async function plan(admin: EmbeddedAdmin, spec: AgentSpec): Promise<Change> {
  const found = await find(admin, spec.clientId);
  return found === undefined ? toCreate(spec) : compare(spec, found);
}

function compare(spec: AgentSpec, found: EmbeddedRegistration): Change {
  if (found.marker === null) {
    return { kind: 'conflict', spec, lines: [`${spec.clientId} is in use by something that is not ours`] };
  }
  const lines = [...describeDifference(spec, found)];
  if (found.owner !== spec.owner)
    lines.push(`owner: ${found.owner ?? 'nobody'} becomes ${spec.owner ?? 'nobody'}`);
  if (found.actsFor !== spec.actsFor) lines.push(`acts for: ${found.actsFor} becomes ${spec.actsFor}`);
  return toUpdate(spec, lines);
}

async function apply(admin: EmbeddedAdmin, { kind, spec }: Change): Promise<EmbeddedRegistration> {
  if (kind === 'conflict') throw conflict(spec.clientId);
  if (kind === 'create') return create(admin, spec);
  const found = await find(admin, spec.clientId);
  if (found === undefined) return create(admin, spec);
  if (found.marker === null) throw conflict(spec.clientId);
  if (kind === 'none') return found;
  // Machines that enrolled meanwhile keep their keys.
  return put(admin, { ...spec, keys: spec.keys.reduce(withKey, found.keys) });
}

async function create(admin: EmbeddedAdmin, spec: AgentSpec): Promise<EmbeddedRegistration> {
  const answer = await admin.send('/register', { method: 'POST', body: toWire(spec) });
  if (answer.status === 201) return fromWire(answer.body);
  if (answer.status !== 409)
    throw toRefusal(answer, `register ${spec.displayName}`, admin.parts.trust.issuer);
  // The answer to an earlier try may have been lost: then it is exactly what we ask for.
  const found = await find(admin, spec.clientId);
  if (found?.marker === spec.marker && compare(spec, found).kind === 'none') return found;
  throw conflict(spec.clientId);
}

async function put(admin: EmbeddedAdmin, spec: Parameters<typeof toWire>[0]): Promise<EmbeddedRegistration> {
  const request: HttpRequest = { method: 'PUT', body: toWire(spec) };
  const answer = await admin.send(pathOf(spec.clientId), request);
  if (answer.status !== 200) throw toRefusal(answer, `change ${spec.clientId}`, admin.parts.trust.issuer);
  return fromWire(answer.body);
}

async function find(admin: EmbeddedAdmin, clientId: string): Promise<EmbeddedRegistration | undefined> {
  const answer = await admin.send(pathOf(clientId));
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw toRefusal(answer, `show ${clientId}`, admin.parts.trust.issuer);
  return fromWire(answer.body);
}

async function list(admin: EmbeddedAdmin): Promise<readonly Registration[]> {
  const answer = await admin.send('/register');
  const clients = toRecord(answer.body)['clients'];
  if (answer.status !== 200 || !Array.isArray(clients)) {
    throw toRefusal(answer, 'list its agents', admin.parts.trust.issuer);
  }
  return clients
    .map(fromWire)
    .filter((found) => found.marker !== null)
    .map(toRegistration);
}

async function addKey(
  admin: EmbeddedAdmin,
  clientId: string,
  key: PublicJwk,
  machine: string | undefined,
): Promise<Registration> {
  const named = machine === undefined ? {} : { [key.kid]: machine };
  return changeKeys(admin, clientId, (keys) => withKey(keys, key), named);
}

async function changeKeys(
  admin: EmbeddedAdmin,
  clientId: string,
  change: (keys: readonly PublicJwk[]) => readonly PublicJwk[],
  named: Readonly<Record<string, string>> = {},
): Promise<Registration> {
  const found = await find(admin, clientId);
  if (found === undefined) throw unknown(clientId);
  if (found.marker === null) throw conflict(clientId);
  const keys = change(found.keys);
  if (keys.length === found.keys.length) return toRegistration(found);
  const actsFor = found.actsFor === 'itself' ? 'itself' : 'user';
  const machines = { ...found.machines, ...named };
  return toRegistration(await put(admin, { ...found, actsFor, marker: found.marker, keys, machines }));
}

async function trustPlatform(admin: EmbeddedAdmin, clientId: string, platform: PlatformTrust): Promise<void> {
  const found = await find(admin, clientId);
  if (found === undefined) throw unknown(clientId);
  if (found.marker === null) throw conflict(clientId);
  if (found.platforms.some((one) => isSamePlatform(one, platform))) return;
  const actsFor = found.actsFor === 'itself' ? 'itself' : 'user';
  await put(admin, { ...found, actsFor, marker: found.marker, platforms: [...found.platforms, platform] });
}

function isSamePlatform(a: PlatformTrust, b: PlatformTrust): boolean {
  const sorted = ({ issuer, claims }: PlatformTrust): string =>
    JSON.stringify([
      issuer,
      Object.entries(claims)
        .map((claim) => claim.join('='))
        .toSorted(),
    ]);
  return sorted(a) === sorted(b);
}

async function switchStatus(
  admin: EmbeddedAdmin,
  clientId: string,
  action: 'revoke' | 'restore',
): Promise<void> {
  const answer = await admin.send(`${pathOf(clientId)}/${action}`, { method: 'POST' });
  if (answer.status === 404) throw unknown(clientId);
  if (answer.status !== 200) throw toRefusal(answer, `${action} ${clientId}`, admin.parts.trust.issuer);
}

async function remove(admin: EmbeddedAdmin, clientId: string): Promise<void> {
  const found = await find(admin, clientId);
  if (found === undefined) return;
  if (found.marker === null) throw conflict(clientId);
  const answer = await admin.send(pathOf(clientId), { method: 'DELETE' });
  if (answer.status !== 204 && answer.status !== 404) {
    throw toRefusal(answer, `remove ${clientId}`, admin.parts.trust.issuer);
  }
}

function withKey(keys: readonly PublicJwk[], key: PublicJwk): readonly PublicJwk[] {
  return keys.some((one) => one.kid === key.kid) ? keys : [...keys, key];
}

function pathOf(clientId: string): string {
  return `/register/${encodeURIComponent(clientId)}`;
}

function unknown(clientId: string): AgentIdError {
  return new AgentIdError('unknown-name', `the identity provider has no application ${clientId}`);
}

function conflict(clientId: string): AgentIdError {
  return new AgentIdError(
    'conflict',
    'the client id is in use by something that is not ours, or by another plan',
    {
      where: clientId,
      hint: 'Nothing was changed. Plan again, or remove the other application at the identity provider.',
    },
  );
}
