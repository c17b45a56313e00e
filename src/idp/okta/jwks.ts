import { toPublicJwk } from '../../lib/keys.ts';
import type { EcPublicJwk } from '../../model/agent.ts';
import { toRecord } from '../metadata.ts';

/** A key of an application; `id` is Okta's own, which its paths take. */
export interface OktaKey extends EcPublicJwk {
  readonly id: string;
  readonly active: boolean;
}

/** Reads the P-256 signing keys of a JWKS; others are somebody else's and stay untouched. */
export function toKeys(value: unknown): readonly OktaKey[] {
  return (Array.isArray(value) ? value : []).map(toRecord).flatMap((key) => {
    const { x, y, kid, id, status } = key;
    if (key['kty'] !== 'EC' || typeof x !== 'string' || typeof y !== 'string') return [];
    const jwk = { ...toPublicJwk({ x, y }), ...(typeof kid === 'string' ? { kid } : {}) };
    return [{ ...jwk, id: String(id), active: status !== 'INACTIVE' }];
  });
}
