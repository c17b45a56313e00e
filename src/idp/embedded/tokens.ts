import { randomUUID } from 'node:crypto';
import { createLocalJWKSet, importJWK, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { loginClientId, nowSeconds, type Idp } from './context.ts';
import { consentKey, toRecord, type AgentRecord, type IdpState } from './state.ts';

export const TOKEN_SECONDS = 300;
export const jagTyp = 'oauth-id-jag+jwt';

/** What one five-minute token says. `subject` is the user, or the agent itself. */
export interface Minted {
  readonly agent: AgentRecord;
  readonly subject: string;
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly act: object | null;
  /** It does not outlive this, in seconds since 1970. */
  readonly notAfter: number;
  /** Makes it an assertion for another server: what the agent is called there, and the API that it is for. */
  readonly assertion?: { readonly clientId: string; readonly resource: string };
  /** The issuer who vouched for the user, where it was not this provider. */
  readonly vouchedBy?: string;
  /** When the user allowed this once, in seconds, where there is no lasting consent. */
  readonly approvedAt?: number;
  /** Thumbprint of the key that it is bound to. */
  readonly jkt?: string;
}

/** Signs an access token, or an assertion for another server. @see RFC 9068, RFC 8693 section 4.1 */
export async function mintToken(
  idp: Idp,
  minted: Minted,
): Promise<{ readonly token: string; readonly jti: string; readonly expiresIn: number }> {
  const { signingKey } = idp.state.data;
  // After a restore only tokens from later seconds are good.
  const iat = Math.max(nowSeconds(idp), minted.agent.notBefore);
  const exp = Math.min(iat + TOKEN_SECONDS, minted.notAfter);
  const jti = randomUUID();
  const token = await new SignJWT({
    client_id: minted.assertion?.clientId ?? minted.agent.clientId,
    scope: minted.scopes.join(' '),
    ...(minted.assertion === undefined ? {} : { resource: minted.assertion.resource }),
    ...(minted.vouchedBy === undefined ? {} : { vouched_by: minted.vouchedBy }),
    ...(minted.approvedAt === undefined ? {} : { approved_at: minted.approvedAt }),
    ...(minted.jkt === undefined ? {} : { cnf: { jkt: minted.jkt } }),
    ...(minted.act === null ? {} : { act: minted.act }),
  })
    .setProtectedHeader({
      alg: 'ES256',
      typ: minted.assertion === undefined ? 'at+jwt' : jagTyp,
      kid: String(signingKey.kid),
    })
    .setIssuer(idp.issuer)
    .setSubject(minted.subject)
    .setAudience(minted.resource)
    .setIssuedAt(iat)
    .setExpirationTime(exp)
    .setJti(jti)
    .sign(await importJWK(signingKey, 'ES256'));
  return { token, jti, expiresIn: exp - iat };
}

/**
 * Reads a token that this provider signed and that is still good: not expired, not revoked, its agent active, its
 * user still of the same mind. Gives the reason as text otherwise.
 */
export async function readOwnToken(idp: Idp, token: string): Promise<JWTPayload | string> {
  const { kty, crv, x, y, kid } = idp.state.data.signingKey;
  let payload: JWTPayload;
  try {
    const keys = createLocalJWKSet({ keys: [{ kty: String(kty), crv, x, y, kid, alg: 'ES256' } as never] });
    const currentDate = new Date(idp.clock());
    ({ payload } = await jwtVerify(token, keys, {
      issuer: idp.issuer,
      typ: 'at+jwt',
      algorithms: ['ES256'],
      currentDate,
      clockTolerance: 2,
    }));
  } catch (error) {
    return error instanceof Error ? error.message : 'not a token of this provider';
  }
  return whyDead(idp, payload) ?? payload;
}

function whyDead(idp: Idp, payload: JWTPayload): string | undefined {
  const { agents, consents, revokedTokens } = idp.state.data;
  if (payload.jti === undefined || revokedTokens.has(payload.jti)) return 'the token was revoked';
  const clientId = String(payload['client_id']);
  if (clientId === loginClientId) return undefined;
  const agent = agents.get(clientId);
  if (agent === undefined) return 'the agent was removed';
  if (agent.status === 'revoked' || (payload.iat ?? 0) < agent.notBefore) return 'agent revoked';
  if (toRecord(payload['act']) !== undefined && !agrees(consents, agent, payload))
    return 'the user withdrew the consent';
  return undefined;
}

/** Where another provider vouched, the user was asked there; who refused here is heard all the same. */
function agrees(consents: IdpState['consents'], agent: AgentRecord, payload: JWTPayload): boolean {
  const consent = consents.get(consentKey(String(payload.sub), agent.clientId));
  // Who allowed it once, and refused the agent later, refused this too.
  const approvedAt = Number(payload['approved_at'] ?? -1);
  if (approvedAt >= (consent?.decidedAt ?? 0)) return true;
  return consent?.allowed ?? (agent.vouchers ?? []).includes(String(payload['vouched_by']));
}

/** Makes one token inactive until it would have expired. */
export async function revokeToken(idp: Idp, jti: string, exp: number): Promise<void> {
  const { revokedTokens } = idp.state.data;
  for (const [old, end] of revokedTokens) if (end < nowSeconds(idp)) revokedTokens.delete(old);
  revokedTokens.set(jti, exp);
  await idp.state.save();
}

/** Gives the `aud` of a payload as a list. */
export function audiencesOf(payload: JWTPayload): readonly string[] {
  return payload.aud === undefined ? [] : [payload.aud].flat();
}
