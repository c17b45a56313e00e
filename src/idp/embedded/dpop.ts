import { createHmac } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose';
import { errors } from 'oidc-provider';
import { toSha256 } from '../../exchange/encode.ts';
import { nowSeconds, type Idp } from './context.ts';
import { takeOnce, type Models } from './models.ts';
import type { AgentRecord } from './state.ts';

const TOLERANCE_SECONDS = 60;
const NONCE_SECONDS = 300;

/** The request that a proof is held against. `now` in milliseconds since 1970. */
export interface Proven {
  readonly method: string;
  readonly url: string;
  readonly now: number;
  /** The token that comes with it, at an API. */
  readonly token?: string;
  readonly nonces?: readonly string[];
}

/**
 * Gives the thumbprint of the key that a proof was signed with. Throws an error that says what is wrong with it: each is
 * for one request, of this minute, once.
 * @see RFC 9449 section 4.3
 */
export async function checkProof(once: Models, proof: string, proven: Proven): Promise<string> {
  const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
    typ: 'dpop+jwt',
    algorithms: ['ES256'],
    requiredClaims: ['jti', 'iat', 'htm', 'htu'],
    currentDate: new Date(proven.now),
    clockTolerance: TOLERANCE_SECONDS,
  });
  const { iat = 0, jti = '', htm, htu, ath, nonce } = payload;
  if (htm !== proven.method) throw new Error('the proof is for another method (htm)');
  if (htu !== proven.url) throw new Error('the proof is for another address (htu)');
  const apart = Math.round(iat - proven.now / 1000);
  if (Math.abs(apart) > TOLERANCE_SECONDS)
    throw new Error(`the proof's iat and this clock are ${Math.abs(apart)} seconds apart`);
  if (ath !== (proven.token === undefined ? undefined : await toSha256(proven.token)))
    throw new Error('the proof is for another token (ath)');
  if (proven.nonces?.includes(String(nonce)) === false) throw new errors.UseDpopNonce('take the nonce');
  const thumbprint = await calculateJwkThumbprint(protectedHeader.jwk ?? {});
  const until = proven.now + 3 * TOLERANCE_SECONDS * 1000;
  if (!takeOnce(once, `dpop ${thumbprint} ${await toSha256(jti)}`, until))
    throw new Error('the proof was used before (jti)');
  return thumbprint;
}

/**
 * Gives the key that an agent's token is to be bound to, `undefined` where it sent no proof and needs none.
 * Throws `invalid_dpop_proof`, `use_dpop_nonce`.
 */
export async function bindKey(
  idp: Idp,
  agent: AgentRecord,
  proof: string | undefined,
): Promise<string | undefined> {
  if (proof === undefined || proof === '') {
    if (agent.dpop === true)
      throw new errors.InvalidDpopProof('this agent gets only tokens that are bound to a key: send a proof');
    return undefined;
  }
  try {
    return await checkProof(idp.models.data, proof, {
      method: 'POST',
      url: `${idp.issuer}/token`,
      now: idp.clock(),
      nonces: [currentNonce(idp), currentNonce(idp, 1)],
    });
  } catch (error) {
    if (error instanceof errors.OIDCProviderError) throw error;
    throw new errors.InvalidDpopProof(error instanceof Error ? error.message : 'the proof is not valid');
  }
}

/** Gives what proofs must repeat in these five minutes; that of the five minutes before is good too. */
export function currentNonce(idp: Idp, before = 0): string {
  const window = Math.floor(nowSeconds(idp) / NONCE_SECONDS) - before;
  return createHmac('sha256', idp.state.data.formKey).update(`dpop ${window}`).digest('base64url');
}
