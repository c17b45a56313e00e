import { createPrivateKey, sign, type JsonWebKey } from 'node:crypto';
import { signatureOptions } from '../../exchange/node/record.ts';
import type { Io } from '../../lib/io.ts';
import { readKeychain } from '../../lib/keychain.ts';
import { AgentIdError } from '../../model/error.ts';

/** Signs standard input, a JWS signing input, with a key of the OS keychain; prints the signature in base64url. */
export async function runSign(kid: string, io: Io): Promise<void> {
  const input = await io.stdin();
  if (!/^[\w-]+\.[\w-]+$/.test(input))
    throw new AgentIdError('usage', 'standard input holds no signing input of a JWS (header.payload)');
  const jwk = JSON.parse(await readKeychain(kid)) as JsonWebKey;
  const key = createPrivateKey({ format: 'jwk', key: jwk });
  io.stdout(
    `${sign('sha256', Buffer.from(input), { key, ...signatureOptions(key) }).toString('base64url')}\n`,
  );
}
