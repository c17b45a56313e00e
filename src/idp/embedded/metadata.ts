import { toPublicJwk } from '../../lib/keys.ts';
import type { PublicJwk } from '../../model/agent.ts';
import { resourceByUri, type Idp } from './context.ts';
import { isSecure, readPlatforms } from './federation.ts';
import { toRecord, type AgentRecord, type ScopedResource, type VouchedAudience } from './state.ts';
import { Refusal } from './wire.ts';

/** What a registration asks for, checked. */
export type Wanted = Pick<
  AgentRecord,
  | 'displayName'
  | 'owner'
  | 'marker'
  | 'actsFor'
  | 'keys'
  | 'machines'
  | 'grants'
  | 'platforms'
  | 'audiences'
  | 'vouchers'
  | 'dpop'
>;

type Body = Readonly<Record<string, unknown>>;

/** Reads client metadata. Throws `invalid_client_metadata` for what we do not register. @see RFC 7591 section 2 */
export function readMetadata(idp: Idp, body: Body): Wanted {
  assertSecretless(body);
  const platforms = readPlatforms(body['platforms']);
  const machines = readMachines(body['machines']);
  return {
    displayName: readText(body, 'client_name', 200) ?? refuse('client_name is needed'),
    owner: readText(body, 'owner', 200),
    marker: readText(body, 'software_id', 200),
    actsFor: readActsFor(body),
    keys: readKeys(body),
    grants: readGrants(idp, body),
    ...(body['dpop_bound_access_tokens'] === undefined ? {} : { dpop: readDpop(body) }),
    ...(body['id_jag_audiences'] === undefined ? {} : { audiences: readAudiences(idp, body) }),
    ...(body['id_jag_issuers'] === undefined ? {} : { vouchers: readVouchers(idp, body) }),
    ...(platforms === undefined ? {} : { platforms }),
    ...(machines === undefined ? {} : { machines }),
  };
}

/** Reads the client id that the caller chose; `undefined` where it leaves the choice to us. */
export function readClientId(body: Body): string | undefined {
  const id = body['client_id'];
  if (id === undefined) return undefined;
  if (typeof id === 'string' && /^[A-Za-z0-9][A-Za-z0-9._~-]{2,127}$/.test(id)) return id;
  return refuse('client_id must be 3 to 128 letters, digits, dots, hyphens, underscores or tildes');
}

/** Writes a registration in the standard's words. */
export function toWire(idp: Idp, agent: AgentRecord): object {
  return {
    client_id: agent.clientId,
    client_id_issued_at: agent.createdAt,
    client_name: agent.displayName,
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    grant_types: [
      agent.actsFor === 'user' ? 'urn:ietf:params:oauth:grant-type:token-exchange' : 'client_credentials',
    ],
    response_types: [],
    redirect_uris: [],
    jwks: { keys: agent.keys },
    machines: agent.machines ?? {},
    platforms: agent.platforms ?? [],
    id_jag_audiences: (agent.audiences ?? []).map(({ clientId, ...rest }) => ({
      ...rest,
      client_id: clientId,
    })),
    id_jag_issuers: agent.vouchers ?? [],
    dpop_bound_access_tokens: agent.dpop ?? false,
    registration_client_uri: `${idp.issuer}/register/${agent.clientId}`,
    owner: agent.owner,
    software_id: agent.marker,
    acts_for: agent.actsFor,
    grants: agent.grants,
    status: agent.status,
    last_token_at: agent.lastTokenAt,
  };
}

/** Reads public ES256 keys; `kid` is always the thumbprint. */
export function readKeys(body: Body): readonly PublicJwk[] {
  const keys = toRecord(body['jwks'])?.['keys'];
  if (!Array.isArray(keys) || keys.length > 50) return refuse('jwks must hold at most 50 keys');
  const read = keys.map(readKey);
  return [...new Map(read.map((key) => [key.kid, key])).values()];
}

/** Reads what machines are called, by the thumbprints of their keys. */
function readMachines(value: unknown): Readonly<Record<string, string>> | undefined {
  if (value === undefined) return undefined;
  const entries = Object.entries(toRecord(value) ?? {});
  const sound = entries.every(
    ([kid, name]) => /^[\w-]{43}$/.test(kid) && typeof name === 'string' && /^[\w .:@-]{1,100}$/.test(name),
  );
  if (!sound || entries.length > 200) return refuse('machines must map thumbprints to short names');
  return Object.fromEntries(entries) as Record<string, string>;
}

function readKey(value: unknown): PublicJwk {
  const key = toRecord(value);
  if (key?.['d'] !== undefined) return refuse('a private key must not be sent to anybody: make a new one');
  const { kty, crv, x, y, alg = 'ES256' } = key ?? {};
  const point = [x, y].every((part) => typeof part === 'string' && /^[A-Za-z0-9_-]{43}$/.test(part));
  if (kty !== 'EC' || crv !== 'P-256' || alg !== 'ES256' || !point)
    return refuse('only ES256 keys are taken (EC, P-256)');
  return toPublicJwk({ x: String(x), y: String(y) });
}

function assertSecretless(body: Body): void {
  const method = body['token_endpoint_auth_method'];
  const alg = body['token_endpoint_auth_signing_alg'] ?? 'ES256';
  if (body['client_secret'] !== undefined) refuse('a client secret is never taken here');
  if (method !== 'private_key_jwt' || alg !== 'ES256')
    refuse('only private_key_jwt with ES256 is taken here');
  if (body['jwks_uri'] !== undefined) refuse('send the keys themselves (jwks), not jwks_uri');
  if (isFilled(body['redirect_uris']) || isFilled(body['response_types'])) {
    refuse('an agent signs nobody in: no redirect_uris, no response_types');
  }
}

function readActsFor(body: Body): 'user' | 'itself' {
  const actsFor = body['acts_for'];
  if (actsFor === 'user' || actsFor === 'itself') return actsFor;
  return refuse('acts_for must be user or itself');
}

function readGrants(idp: Idp, body: Body): readonly ScopedResource[] {
  const grants = body['grants'];
  if (!Array.isArray(grants)) return refuse('grants must be a list');
  const read = grants.map((grant) => readGrant(idp, toRecord(grant) ?? {}));
  if (new Set(read.map((grant) => grant.uri)).size < read.length)
    return refuse('a resource is granted twice');
  return read;
}

function readGrant(idp: Idp, { uri, scopes }: Body): ScopedResource {
  const resource = typeof uri === 'string' ? resourceByUri(idp, uri) : undefined;
  if (resource === undefined) return refuse('a granted resource is not known here');
  if (!Array.isArray(scopes) || !scopes.every((scope) => resource.scopes.includes(String(scope)))) {
    return refuse(`${resource.displayName} has only these scopes: ${resource.scopes.join(' ')}`);
  }
  return { uri: resource.uri, scopes: [...new Set(scopes.map(String))] };
}

function readDpop(body: Body): boolean {
  const dpop = body['dpop_bound_access_tokens'];
  return typeof dpop === 'boolean' ? dpop : refuse('dpop_bound_access_tokens is true or false');
}

function readAudiences(idp: Idp, body: Body): readonly VouchedAudience[] {
  const list = body['id_jag_audiences'];
  if (!Array.isArray(list) || list.length > 20)
    return refuse('id_jag_audiences must be a list of at most 20');
  const read = list.map((one) => {
    const { issuer, client_id: clientId, uri, scopes } = toRecord(one) ?? {};
    if (!isOtherIssuer(idp, issuer)) return refuse('an audience is the issuer of another server, with https');
    const named = typeof clientId === 'string' && typeof uri === 'string' && URL.canParse(uri);
    if (!named || !Array.isArray(scopes) || scopes.length === 0 || !scopes.every(isScope))
      return refuse('an audience needs client_id, uri and scopes');
    return { issuer, clientId, uri, scopes: [...new Set(scopes)] };
  });
  if (new Set(read.map(({ issuer }) => issuer)).size < read.length)
    return refuse('an audience is given twice');
  return read;
}

function readVouchers(idp: Idp, body: Body): readonly string[] {
  const list = body['id_jag_issuers'];
  if (!Array.isArray(list) || list.length > 20) return refuse('id_jag_issuers must be a list of at most 20');
  return list.map((issuer) =>
    isOtherIssuer(idp, issuer) ? issuer : refuse('id_jag_issuers are other servers, with https'),
  );
}

function isOtherIssuer(idp: Idp, issuer: unknown): issuer is string {
  return typeof issuer === 'string' && issuer !== idp.issuer && isSecure(issuer);
}

/** Says whether something is the name of a scope. @see RFC 6749 section 3.3 */
export function isScope(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value);
}

function readText(body: Body, field: string, max: number): string | null {
  const value = body[field];
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && value !== '' && value.length <= max && !/\p{Cc}/u.test(value))
    return value;
  return refuse(`${field} must be text of at most ${max} characters`);
}

function isFilled(value: unknown): boolean {
  return value !== undefined && (!Array.isArray(value) || value.length > 0);
}

function refuse(description: string): never {
  throw new Refusal(400, 'invalid_client_metadata', description);
}
