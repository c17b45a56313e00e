import { createHmac } from 'node:crypto';
import { errors } from 'oidc-provider';
import { nowSeconds, type Idp } from './context.ts';
import { checkProof, StaleNonce } from './proof.ts';
import type { AgentRecord } from './state.ts';

const NONCE_SECONDS = 300;

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
    if (error instanceof StaleNonce) throw new errors.UseDpopNonce(error.message);
    throw new errors.InvalidDpopProof(error instanceof Error ? error.message : 'the proof is not valid');
  }
}

/** Gives what proofs must repeat in these five minutes; that of the five minutes before is good too. */
export function currentNonce(idp: Idp, before = 0): string {
  const window = Math.floor(nowSeconds(idp) / NONCE_SECONDS) - before;
  return createHmac('sha256', idp.state.data.formKey).update(`dpop ${window}`).digest('base64url');
}
