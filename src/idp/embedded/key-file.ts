import { join } from 'node:path';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { writeSynced } from '../../lib/files.ts';
import { readPrivateFile, toPublicJwk } from '../../lib/keys.ts';
import type { PublicJwk } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';

/** A private key that lies in the data folder, and its public half. */
export interface KeyFile {
  readonly file: string;
  readonly publicKey: PublicJwk;
}

/** Makes a private P-256 key as a JWK. */
export async function makeSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, ...toPublicJwk({ x: String(jwk.x), y: String(jwk.y) }) };
}

/** Reads the key file of this name in the data folder, or makes it once, 0600. Throws `unreadable`, `malformed`. */
export async function openKeyFile(dataDir: string, name: string): Promise<KeyFile> {
  const file = join(dataDir, `${name}.jwk.json`);
  const text = await readPrivateFile(file);
  const jwk = text === undefined ? await makeSigningKey() : parse(text, file);
  if (text === undefined) await writeSynced(file, `${JSON.stringify(jwk)}\n`, 0o600);
  return { file, publicKey: toPublicJwk({ x: String(jwk.x), y: String(jwk.y) }) };
}

function parse(text: string, file: string): JWK {
  try {
    const jwk = JSON.parse(text) as JWK;
    if (typeof jwk.x === 'string' && typeof jwk.y === 'string' && typeof jwk.d === 'string') return jwk;
  } catch {
    // The cause might quote the key.
  }
  throw new AgentIdError('malformed', 'a key file of the identity provider is damaged', {
    where: file,
    hint: 'Restore it, or start with another --data. Nothing was overwritten.',
  });
}
