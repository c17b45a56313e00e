import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose';
import type { Clock } from '../../../lib/clock.ts';
import { signAssertion } from '../../../exchange/assertion.ts';
import type { Signer } from '../../../exchange/types.ts';
import { checkProof } from '../proof.ts';
import type { Models } from '../models.ts';
import { toRecord } from '../state.ts';

/** A refusal of an API, with the error code of RFC 6750 where there is one. */
export class ApiRefusal extends Error {
  readonly status: number;
  readonly error: string | undefined;
  readonly scope: string | undefined;

  constructor(
    status: number,
    error: string | undefined,
    message: string,
    more: { readonly scope?: string } = {},
  ) {
    super(message);
    this.name = 'ApiRefusal';
    this.status = status;
    this.error = error;
    this.scope = more.scope;
  }
}

/** Who calls: the agent, and the user on whose behalf; null where it acts as itself. */
export interface Delegation {
  readonly clientId: string;
  readonly user: string | null;
  readonly scopes: readonly string[];
  readonly jti: string | null;
}

/** A provider whose tokens an API takes: where it says what, and how its tokens name the client. */
export interface TokenIssuer {
  readonly issuer: string;
  readonly jwksUri: string;
  readonly introspectionEndpoint: string;
  readonly algorithms: readonly string[];
  readonly clientClaim: 'client_id' | 'azp';
}

export interface TokenCheck extends TokenIssuer {
  readonly audience: string;
  readonly clock: Clock;
  readonly keys: ReturnType<typeof createRemoteJWKSet>;
  readonly clientId: string;
  readonly signer: Signer;
  /** Display name of an agent, for the events. */
  readonly nameOf: (clientId: string) => string;
  /** Proofs that were used. */
  readonly once: Models;
}

/** A call with its token, and the proof of the key that it is bound to. */
export interface Presented {
  readonly token: string;
  readonly scheme: 'bearer' | 'dpop';
  readonly proof: string | undefined;
  readonly method: string;
  readonly url: string;
}

const MAX_SECONDS = 300;

/** Makes a check that reads the provider's keys over HTTP, as any API of the company would. */
export function createTokenCheck(parts: Omit<TokenCheck, 'keys'>): TokenCheck {
  return { ...parts, keys: createRemoteJWKSet(new URL(parts.jwksUri)) };
}

/**
 * Checks signature, issuer, audience and lifetime itself, and asks the provider whether the token still stands.
 * Throws `invalid_token`. @see RFC 9068 section 4, RFC 7662
 */
export async function checkToken(check: TokenCheck, presented: Presented): Promise<Delegation> {
  const { token } = presented;
  const payload = await verify(check, token);
  await assertBound(check, payload, presented);
  if (!(await isActive(check, token))) throw invalid('the token was revoked');
  const actor = toRecord(payload['act'])?.['sub'];
  const clientId = String(payload[check.clientClaim]);
  if (actor !== undefined && actor !== clientId)
    throw invalid('the token names another actor than its client');
  // Keycloak gives what acts as itself a user id of its own, and names the client once more.
  const itself = payload.sub === clientId || payload['client_id'] === clientId;
  if (actor === undefined && !itself) throw invalid('the token names a user but no agent');
  return {
    clientId,
    user: actor === undefined ? null : String(payload.sub),
    scopes: typeof payload['scope'] === 'string' ? payload['scope'].split(' ') : [],
    jti: payload.jti ?? null,
  };
}

async function verify(check: TokenCheck, token: string): Promise<JWTPayload> {
  let payload: JWTPayload;
  try {
    ({ payload } = await jwtVerify(token, check.keys, {
      issuer: check.issuer,
      typ: 'at+jwt',
      algorithms: [...check.algorithms],
      requiredClaims: ['exp', 'iat', 'sub', check.clientClaim],
      currentDate: new Date(check.clock()),
    }));
  } catch {
    throw invalid('the token is not a good one of our identity provider');
  }
  if (payload.aud !== check.audience) throw invalid('the token is for another audience');
  if ((payload.exp ?? 0) - (payload.iat ?? 0) > MAX_SECONDS) throw invalid('the token lives too long');
  return payload;
}

/** A token of a key is good only with its proof, and any other only without. @see RFC 9449 section 7 */
async function assertBound(check: TokenCheck, payload: JWTPayload, presented: Presented): Promise<void> {
  const { scheme, proof, ...proven } = presented;
  const bound = payload['cnf'] !== undefined;
  if (bound !== (scheme === 'dpop'))
    throw invalid(bound ? 'the token needs a proof' : 'the token is no DPoP one');
  if (!bound) return;
  let key: string;
  try {
    key = await checkProof(check.once, proof ?? '', { ...proven, now: check.clock() });
  } catch (error) {
    throw new ApiRefusal(401, 'invalid_dpop_proof', error instanceof Error ? error.message : 'no proof');
  }
  if (toRecord(payload['cnf'])?.['jkt'] !== key) throw invalid('the token is bound to another key');
}

async function isActive(check: TokenCheck, token: string): Promise<boolean> {
  const { clientId, issuer } = check;
  const assertion = await signAssertion(check.signer, { clientId, audience: issuer, now: check.clock() });
  const response = await fetch(check.introspectionEndpoint, {
    method: 'POST',
    body: new URLSearchParams({
      token,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    }),
    signal: AbortSignal.timeout(10_000),
  });
  return response.ok && toRecord(await response.json())?.['active'] === true;
}

function invalid(message: string): ApiRefusal {
  return new ApiRefusal(401, 'invalid_token', message);
}
