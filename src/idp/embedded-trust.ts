import { AgentIdError } from '../model/error.ts';
import { createAdmin } from './embedded-admin.ts';
import { readMetadata, toRecord } from './metadata.ts';
import type { AdapterParts } from './parts.ts';
import { toRefusal } from './refusal.ts';
import type { TrustedIdp, TrustedResource } from './types.ts';

/** Who administers, by the trust that is about to be given. */
export type EmbeddedCandidate = Pick<TrustedIdp, 'name' | 'issuer'> & { readonly keyFile: string };

const adminClientId = 'agent-id-admin';

/**
 * Asks an embedded provider what a trust file holds about it. Reads only.
 * Throws `idp-unreachable`, `untrusted-issuer`, `idp-refused` where the admin key is not its own.
 */
export async function readEmbeddedTrust(
  candidate: EmbeddedCandidate,
  parts: Omit<AdapterParts, 'trust'>,
): Promise<TrustedIdp> {
  const trust = toBareTrust(candidate);
  await readMetadata(parts.http, trust.issuer);
  const answer = await createAdmin({ ...parts, trust }).send('/admin/resources');
  const { resources, login_client_id: loginClientId } = toRecord(answer.body);
  if (answer.status !== 200 || !Array.isArray(resources) || typeof loginClientId !== 'string') {
    throw toRefusal(answer, 'say which resources it has', trust.issuer);
  }
  return { ...trust, loginClientId, resources: resources.map((one) => toResource(toRecord(one))) };
}

/** Asks a running embedded provider to end. Says `false` where it did not run. */
export async function stopEmbedded(
  candidate: EmbeddedCandidate,
  parts: Omit<AdapterParts, 'trust'>,
): Promise<boolean> {
  const trust = toBareTrust(candidate);
  try {
    const answer = await createAdmin({ ...parts, trust }).send('/admin/stop', { method: 'POST' });
    if (answer.status !== 202) throw toRefusal(answer, 'end', trust.issuer);
    return true;
  } catch (error) {
    if (error instanceof AgentIdError && error.code === 'idp-unreachable') return false;
    throw error;
  }
}

function toBareTrust({ name, issuer, keyFile }: EmbeddedCandidate): TrustedIdp {
  return {
    schemaVersion: 1,
    name,
    type: 'embedded',
    issuer,
    resources: [],
    admin: { clientId: adminClientId, keyFile },
  };
}

function toResource(wire: Readonly<Record<string, unknown>>): TrustedResource {
  const { api, base_url: baseUrl } = toRecord(wire['fronts']);
  const { scopes, max_ttl_seconds: maxTtlSeconds } = wire;
  return {
    key: String(wire['key']),
    uri: String(wire['uri']),
    displayName: String(wire['display_name']),
    scopes: Array.isArray(scopes) ? scopes.map(String) : [],
    maxTtlSeconds: typeof maxTtlSeconds === 'number' ? maxTtlSeconds : 300,
    ...(typeof api === 'string' && typeof baseUrl === 'string' ? { fronts: { api, baseUrl } } : {}),
  };
}
