import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import type { PublicJwk } from '../model/agent.ts';
import { makeCertificate } from './certificate.ts';
import { systemClock } from './clock.ts';

const YEAR_MS = 365 * 24 * 3600 * 1000;

/** Makes a private JWK: P-256, or RSA with a certificate of its own. */
export function makeJwk(kind: PublicJwk['kty']): JsonWebKey {
  return kind === 'EC' ? makeEcJwk() : makeRsaJwk();
}

function makeEcJwk(): JsonWebKey {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
}

function makeRsaJwk(): JsonWebKey {
  const pair = generateKeyPairSync('rsa', { modulusLength: 3072 });
  const from = systemClock();
  // Clocks differ: a certificate of the future is refused.
  const certificate = makeCertificate(pair, {
    name: 'agent-id',
    from: from - 600_000,
    until: from + YEAR_MS,
  });
  return { ...pair.privateKey.export({ format: 'jwk' }), x5c: [certificate.toString('base64')] };
}
