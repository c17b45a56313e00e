import type { AgentSpec, PublicJwk } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';
import { describeDifference, toCreate, toUpdate } from './difference.ts';
import { readMetadata } from './metadata.ts';
import {
  deleteClient,
  fetchClient,
  findStored,
  forgetStored,
  orphanLine,
  registerClient,
  saveStored,
  updateClient,
} from './oidc-client.ts';
import { readOidcStore, type StoredClient } from './oidc-store.ts';
import type { AdapterParts } from './parts.ts';
import type { Capabilities, Change, IdpAdapter, Registration } from './types.ts';

/** What any standard server can be relied on for; what yours does beyond is not assumed. */
const capabilities: Capabilities = {
  exchange: 'rfc8693',
  recoversLostAnswers: false,
  act: 'none',
  minTtlSeconds: 1,
  revokeIssued: false,
  restore: false,
  lastUse: false,
  boundScopes: false,
};

/** Makes the adapter of a server that speaks RFC 8414, RFC 7591, RFC 7592 and RFC 8693. Sends nothing yet. */
export function createOidcAdapter(parts: AdapterParts): IdpAdapter {
  return {
    trust: parts.trust,
    capabilities,
    discover: () => readMetadata(parts.http, parts.trust.issuer),
    plan: (spec) => plan(parts, spec),
    apply: (change) => apply(parts, change),
    inspect: (clientId) => inspect(parts, clientId),
    list: () => list(parts),
    addKey: (clientId, key) => changeKeys(parts, clientId, (keys) => withKey(keys, key)),
    removeKey: (clientId, kid) =>
      changeKeys(parts, clientId, (keys) => keys.filter((key) => key.kid !== kid)),
    revoke: (clientId) => revoke(parts, clientId),
    restore: async (clientId) => {
      throw unsupported(
        parts,
        `${clientId} cannot be restored: it was deleted (RFC 7592). Register the agent again`,
      );
    },
    remove: (clientId) => remove(parts, clientId),
    staticSecrets: async (api) => {
      throw unsupported(parts, `it does not know the long-lived secrets of ${api}`);
    },
    revokeStaticSecret: async (api) => {
      throw unsupported(parts, `it does not know the long-lived secrets of ${api}`);
    },
  };
}

async function plan(parts: AdapterParts, spec: AgentSpec): Promise<Change> {
  const stored = await findStored(parts, spec.clientId);
  if (stored === undefined) return toCreate(spec);
  if (stored.status === 'pending') return toCreate(spec, [orphanLine(stored)]);
  const found = await inspect(parts, spec.clientId);
  if (found === undefined || found.status === 'revoked') return toCreate(spec);
  const lines = [...describeDifference(spec, found)];
  if (stored.actsFor !== spec.actsFor) lines.push(`acts for: ${stored.actsFor} becomes ${spec.actsFor}`);
  return toUpdate(spec, lines);
}

async function apply(parts: AdapterParts, { kind, spec }: Change): Promise<Registration> {
  const stored = await findStored(parts, spec.clientId);
  const found = stored === undefined ? undefined : await inspect(parts, spec.clientId);
  if (kind === 'conflict') throw unsupported(parts, 'the change is a conflict');
  if (stored === undefined || found === undefined || found.status === 'revoked') {
    return toRegistration(await registerClient(parts, spec));
  }
  if (kind === 'none' || describeDifference(spec, found).length === 0) return found;
  const keys = spec.keys.reduce(withKey, found.keys);
  return toRegistration(await updateClient(parts, stored, { ...spec, keys }));
}

/** The standard gives keys back whole (RFC 7592). */
type OidcRegistration = Registration & { readonly keys: readonly PublicJwk[] };

async function inspect(parts: AdapterParts, clientId: string): Promise<OidcRegistration | undefined> {
  const stored = await findStored(parts, clientId);
  if (stored === undefined || stored.status === 'pending') return undefined;
  if (stored.status === 'revoked') return toRegistration(stored);
  const client = await fetchClient(parts, stored);
  if (client === undefined) return undefined;
  return toRegistration({ ...stored, keys: client.keys, displayName: client.displayName });
}

/** The provider cannot list (RFC 7592): these are the ones in this machine's key store that it still has. */
async function list(parts: AdapterParts): Promise<readonly Registration[]> {
  const { clients } = await readOidcStore(parts.paths, parts.trust.name);
  const found: Registration[] = [];
  for (const { wanted } of clients) {
    const registration = await inspect(parts, wanted);
    if (registration !== undefined) found.push(registration);
  }
  return found;
}

async function changeKeys(
  parts: AdapterParts,
  clientId: string,
  change: (keys: readonly PublicJwk[]) => readonly PublicJwk[],
): Promise<Registration> {
  const stored = await findStored(parts, clientId);
  const found = stored === undefined ? undefined : await inspect(parts, clientId);
  if (stored === undefined || found === undefined) {
    throw new AgentIdError('unknown-name', `no application ${clientId} was registered from this machine`);
  }
  const keys = change(found.keys);
  if (keys.length === found.keys.length) return found;
  const grants = stored.grants.map((grant) => ({ ...grant, maxTtlSeconds: 300 }));
  const { displayName, actsFor } = stored;
  return toRegistration(await updateClient(parts, stored, { displayName, actsFor, grants, keys }));
}

/** The standard knows no way to switch a client off: it is deleted, and remembered here as revoked. */
async function revoke(parts: AdapterParts, clientId: string): Promise<void> {
  const stored = await findStored(parts, clientId);
  if (stored === undefined) {
    throw new AgentIdError('unknown-name', `no application ${clientId} was registered from this machine`);
  }
  await deleteClient(parts, stored);
  await saveStored(parts, { ...stored, status: 'revoked', keys: [], uri: null, token: null });
}

async function remove(parts: AdapterParts, clientId: string): Promise<void> {
  const stored = await findStored(parts, clientId);
  if (stored === undefined) return;
  await deleteClient(parts, stored);
  await forgetStored(parts, stored.wanted);
}

function withKey(keys: readonly PublicJwk[], key: PublicJwk): readonly PublicJwk[] {
  return keys.some((one) => one.kid === key.kid) ? keys : [...keys, key];
}

function toRegistration(stored: StoredClient): OidcRegistration {
  return {
    clientId: stored.clientId ?? stored.wanted,
    displayName: stored.displayName,
    status: stored.status === 'revoked' ? 'revoked' : 'active',
    keys: stored.keys,
    grants: stored.grants,
    marker: stored.marker,
    lastTokenAt: null,
  };
}

function unsupported(parts: AdapterParts, what: string): AgentIdError {
  return new AgentIdError('unsupported', `${parts.trust.name}: ${what}`, { where: parts.trust.issuer });
}
