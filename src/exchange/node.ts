import { constants as crypto, createHash, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { isRecord } from './encode.ts';
import type { Signer } from './types.ts';

/** A P-256 public key in the members that RFC 7638 hashes. */
export interface EcPoint {
  readonly x: string;
  readonly y: string;
}

/** Why a key file is not used. */
export type KeyFileProblem = 'missing' | 'too-open' | 'unreadable' | 'malformed';

/** Says why a key file is not used; the message names the file, never its content. */
export class KeyFileError extends Error {
  readonly problem: KeyFileProblem;

  constructor(problem: KeyFileProblem, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'KeyFileError';
    this.problem = problem;
  }
}

/** Gives the thumbprint of a P-256 key. @see RFC 7638 section 3 */
export function toThumbprint({ x, y }: EcPoint): string {
  return createHash('sha256')
    .update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))
    .digest('base64url');
}

/**
 * Makes a signer from a private JWK file (EC P-256; RSA, perhaps with its certificate in `x5c`). The file must be this
 * user's alone (0600 or less). `current` reads it again, so that a running service goes on with the key that a rotation
 * put there. Throws `KeyFileError`.
 */
export async function createFileSigner(path: string): Promise<Signer> {
  const jwk = parseJwk(path, await readKeyFile(path));
  try {
    const current = (): Promise<Signer> => createFileSigner(path);
    return { ...(jwk['kty'] === 'RSA' ? toRsaSigner(jwk) : toEcSigner(jwk)), current };
  } catch {
    // The cause might quote the key.
    throw new KeyFileError('malformed', `the key file ${path} holds no private P-256 or RSA JWK`);
  }
}

type Jwk = Readonly<Record<string, unknown>>;

function toEcSigner(jwk: Jwk): Signer {
  if (jwk['kty'] !== 'EC' || jwk['crv'] !== 'P-256') throw new Error('not an EC P-256 key');
  const { d, x, y } = jwk;
  if (typeof d !== 'string' || typeof x !== 'string' || typeof y !== 'string') throw new Error('incomplete');
  const key = createPrivateKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', d, x, y } });
  return {
    kid: toThumbprint({ x, y }),
    alg: 'ES256',
    sign: async (input) => sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' }),
  };
}

function toRsaSigner(jwk: Jwk): Signer {
  const { n, e, x5c } = jwk;
  const key: KeyObject = createPrivateKey({ format: 'jwk', key: { ...jwk } });
  const certificate: unknown = Array.isArray(x5c) ? x5c[0] : undefined;
  return {
    kid: createHash('sha256')
      .update(JSON.stringify({ e, kty: 'RSA', n }))
      .digest('base64url'),
    alg: 'PS256',
    ...(typeof certificate === 'string'
      ? {
          certificateThumbprint: createHash('sha256')
            .update(Buffer.from(certificate, 'base64'))
            .digest('base64url'),
        }
      : {}),
    sign: async (input) =>
      sign('sha256', input, {
        key,
        padding: crypto.RSA_PKCS1_PSS_PADDING,
        saltLength: crypto.RSA_PSS_SALTLEN_DIGEST,
      }),
  };
}

async function readKeyFile(path: string): Promise<string> {
  let handle;
  try {
    handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    const missing = error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new KeyFileError(missing ? 'missing' : 'unreadable', `cannot read the key file ${path}`, error);
  }
  try {
    const { mode } = await handle.stat();
    // Windows has no such mode bits.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new KeyFileError('too-open', `the key file ${path} is open to others: chmod 600 it`);
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

function parseJwk(path: string, text: string): Jwk {
  try {
    const jwk: unknown = JSON.parse(text);
    if (isRecord(jwk)) return jwk;
  } catch {
    // The cause might quote the key.
  }
  throw new KeyFileError('malformed', `the key file ${path} holds no private P-256 or RSA JWK`);
}
