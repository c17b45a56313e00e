import { createRemoteJWKSet, decodeJwt, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { assertSecure, createHttp } from '../../lib/http.ts';
import { toRecord as toFields } from '../metadata.ts';
import type { PlatformTrust } from '../types.ts';
import type { Idp } from './context.ts';
import { toRecord, type AgentRecord } from './state.ts';
import { Refusal } from './wire.ts';

const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA'];

/** By issuer, for the life of the process; the library renews keys by itself. */
const keySets = new Map<string, JWTVerifyGetKey>();

/** Says that a client proves itself by a token of somebody else: its issuer is no client id. */
export function isForeign(form: URLSearchParams): boolean {
  const assertion = form.get('client_assertion');
  if (assertion === null || form.get('client_id') === null) return false;
  try {
    return /^https?:/.test(String(decodeJwt(assertion).iss));
  } catch {
    return false;
  }
}

/**
 * Lets a job of a platform be an agent: signed by an issuer that the agent's registration names, for this provider
 * alone, and with every claim that it names. Throws `invalid_client`. @see RFC 7523 section 3
 */
export async function authenticatePlatform(idp: Idp, form: URLSearchParams): Promise<AgentRecord> {
  const assertion = form.get('client_assertion') ?? '';
  const agent = idp.state.data.agents.get(form.get('client_id') ?? '');
  const { iss = '' } = decodeJwt(assertion);
  const trusts = (agent?.platforms ?? []).filter(({ issuer }) => issuer === iss);
  if (agent === undefined || trusts.length === 0)
    throw refuse('no job of this issuer is registered as the agent');
  const payload = await verify(idp, assertion, iss);
  const missing = trusts.map(({ claims }) => differing(claims, payload));
  if (missing.every((names) => names.length > 0))
    throw refuse(`the job is another than is registered: ${missing[0]?.join(', ')}`);
  return agent;
}

function differing(claims: PlatformTrust['claims'], payload: JWTPayload): readonly string[] {
  return Object.entries(claims)
    .filter(([name, value]) => !Object.hasOwn(payload, name) || String(payload[name]) !== value)
    .map(([name]) => name);
}

async function verify(idp: Idp, assertion: string, issuer: string): Promise<JWTPayload> {
  try {
    return await verifyForeign(idp, assertion, { issuer });
  } catch (error) {
    throw refuse(
      `the token of the job is not accepted: ${error instanceof Error ? error.message : 'unknown'}`,
    );
  }
}

/** Verifies what a trusted issuer signed for this provider alone. Throws what the library throws. */
export async function verifyForeign(
  idp: Idp,
  assertion: string,
  expected: { readonly issuer: string; readonly typ?: string },
): Promise<JWTPayload> {
  const { payload } = await jwtVerify(assertion, await keysOf(expected.issuer), {
    ...expected,
    audience: idp.issuer,
    algorithms,
    requiredClaims: ['exp', 'iat', 'sub'],
    currentDate: new Date(idp.clock()),
    clockTolerance: 5,
  });
  // A token that others take too could be theirs.
  if (Array.isArray(payload.aud) && payload.aud.length > 1) throw new Error('it is for others too');
  return payload;
}

async function keysOf(issuer: string): Promise<JWTVerifyGetKey> {
  const known = keySets.get(issuer);
  if (known !== undefined) return known;
  const place = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  // Platforms sign tokens and issue none on request: they have no token endpoint, and no more than this is read.
  const { issuer: named, jwks_uri: address } = toFields((await createHttp().request(place)).body);
  if (named !== issuer || typeof address !== 'string') throw new Error('its issuer publishes no keys');
  assertSecure(address);
  const keys = createRemoteJWKSet(new URL(address));
  keySets.set(issuer, keys);
  return keys;
}

/** Reads which jobs are an agent; `undefined` where the registration does not say. Throws `invalid_client_metadata`. */
export function readPlatforms(value: unknown): readonly PlatformTrust[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length > 20) throw invalid('platforms must be a list of at most 20');
  return value.map((one) => {
    const { issuer, claims } = toFields(one);
    const entries = Object.entries(toRecord(claims) ?? {});
    const texts = entries.every(([, claim]) => typeof claim === 'string' && claim !== '');
    if (typeof issuer !== 'string' || !isSecure(issuer) || !texts || entries.length > 20)
      throw invalid('a platform is an issuer with https and claims that are texts');
    if (!entries.some(([name]) => name === 'sub' || name.endsWith('_id')))
      throw invalid('a platform needs sub or the id of a repository or project: else any job is the agent');
    return { issuer, claims: Object.fromEntries(entries) as Record<string, string> };
  });
}

/** Says whether an issuer is asked over TLS, or on this machine. */
export function isSecure(issuer: string): boolean {
  try {
    assertSecure(issuer);
    return true;
  } catch {
    return false;
  }
}

function refuse(description: string): Refusal {
  return new Refusal(401, 'invalid_client', description);
}

function invalid(description: string): Refusal {
  return new Refusal(400, 'invalid_client_metadata', description);
}
