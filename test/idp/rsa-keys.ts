import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { makeCertificate } from '../../src/lib/certificate.ts';
import { agentKeyFile, makeAgentKey, toRsaJwk } from '../../src/lib/keys.ts';
import type { RsaPublicJwk } from '../../src/model/agent.ts';
import { makeFolder } from './kit.ts';

/** The public half of a new RSA key with its certificate, as an agent's machine would send it. */
export function makeRsaKey(): RsaPublicJwk {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const terms = { name: 'agent-id', from: Date.now() - 60_000, until: Date.now() + 86_400_000 };
  return toRsaJwk(pair.publicKey, makeCertificate(pair, terms).toString('base64'));
}

/** An administrator's key on this machine. */
export async function makeAdminKey(): Promise<{ readonly keyFile: string; readonly key: RsaPublicJwk }> {
  const paths = { keys: join(await makeFolder(), 'keys') };
  const { key } = await makeAgentKey(paths, 'admin', { kind: 'RSA' });
  if (key.kty !== 'RSA') throw new Error('the admin key is not RSA');
  return { keyFile: agentKeyFile(paths, 'admin'), key };
}

export function toPem({ n, e }: RsaPublicJwk): string {
  const key = createPublicKey({ format: 'jwk', key: { kty: 'RSA', n, e } });
  return key.export({ format: 'pem', type: 'spki' }).toString();
}
