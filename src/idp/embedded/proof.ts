import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose';
import { toSha256 } from '../../exchange/encode.ts';
import { takeOnce, type Models } from './models.ts';

const TOLERANCE_SECONDS = 60;

/** The request that a proof is held against. `now` in milliseconds since 1970. */
export interface Proven {
  readonly method: string;
  readonly url: string;
  readonly now: number;
  /** The token that comes with it, at an API. */
  readonly token?: string;
  readonly nonces?: readonly string[];
}

/** A proof that repeats no nonce of these minutes. */
export class StaleNonce extends Error {}

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
  if (proven.nonces?.includes(String(nonce)) === false) throw new StaleNonce('take the nonce');
  const thumbprint = await calculateJwkThumbprint(protectedHeader.jwk ?? {});
  const until = proven.now + 3 * TOLERANCE_SECONDS * 1000;
  if (!takeOnce(once, `dpop ${thumbprint} ${await toSha256(jti)}`, until))
    throw new Error('the proof was used before (jti)');
  return thumbprint;
}
