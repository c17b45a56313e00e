import {
  constants as crypto,
  createHash,
  createPrivateKey,
  createPublicKey,
  verify,
  type JsonWebKey,
  type KeyObject,
  type SigningOptions,
} from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { isRecord } from '../encode.ts';
import type { Signer } from '../types.ts';
import { KeyFileError } from './error.ts';

/** What holds a private key. Of a command: the program by its absolute path, and its arguments. */
export type KeyStore =
  | { readonly kind: 'file' | 'ssh-agent' | 'keychain' }
  | { readonly kind: 'command'; readonly command: readonly [string, ...string[]] };

/** A P-256 public key in the members that RFC 7638 hashes. */
export interface EcPoint {
  readonly x: string;
  readonly y: string;
}

/**
 * One key as its file says it. The file holds the private JWK itself, or the public one with a member `store` that says
 * what holds the private half.
 */
export interface KeyRecord extends Pick<Signer, 'kid' | 'alg' | 'certificateThumbprint'> {
  readonly publicKey: KeyObject;
  readonly store: KeyStore;
  /** Null where something else holds it. */
  readonly privateKey: KeyObject | null;
}

/** Gives the thumbprint of a P-256 key. @see RFC 7638 section 3 */
export function toThumbprint({ x, y }: EcPoint): string {
  return hashMembers({ crv: 'P-256', kty: 'EC', x, y });
}

function hashMembers(members: Readonly<Record<string, string>>): string {
  return hash(JSON.stringify(members));
}

function hash(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('base64url');
}

/**
 * Reads a key file. It must be this user's alone (0600 or less), and no link. Throws `KeyFileError`.
 */
export async function readKeyRecord(path: string): Promise<KeyRecord> {
  const text = await readOwnFile(path);
  try {
    return parseKeyRecord(text);
  } catch {
    // The cause might quote the key.
    throw new KeyFileError(
      'malformed',
      `the key file ${path} holds no key that can be used (P-256 or RSA JWK)`,
    );
  }
}

/** Reads the text of a key file. Throws what must not be shown: it might quote the key. */
export function parseKeyRecord(text: string): KeyRecord {
  const jwk: unknown = JSON.parse(text);
  if (!isRecord(jwk)) throw new Error('not an object');
  const store = toStore(jwk['store']);
  const publicKey = createPublicKey({ format: 'jwk', key: jwk as JsonWebKey });
  if (store.kind !== 'file' && 'd' in jwk) throw new Error('a private key beside a store that holds it');
  const privateKey =
    store.kind === 'file' ? createPrivateKey({ format: 'jwk', key: jwk as JsonWebKey }) : null;
  const { x5c } = jwk;
  const certificate: unknown = Array.isArray(x5c) ? x5c[0] : undefined;
  return {
    ...nameKey(publicKey),
    ...(typeof certificate === 'string' && {
      certificateThumbprint: hash(Buffer.from(certificate, 'base64')),
    }),
    publicKey,
    store,
    privateKey,
  };
}

/** Gives `kid` and `alg` of a public key: P-256, or RSA of 2048 bits and more. Throws for any other. */
export function nameKey(publicKey: KeyObject): Pick<Signer, 'kid' | 'alg'> {
  const { kty, crv, x, y, n, e } = publicKey.export({ format: 'jwk' });
  if (kty === 'EC' && crv === 'P-256')
    return { kid: toThumbprint({ x: String(x), y: String(y) }), alg: 'ES256' };
  if (kty === 'RSA' && (publicKey.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048)
    return { kid: hashMembers({ e: String(e), kty: 'RSA', n: String(n) }), alg: 'PS256' };
  throw new Error('neither P-256 nor RSA of 2048 bits and more');
}

/** Reads a public key: PEM, DER in Base64, or JWK; `undefined` for anything else, and for a kind that signs no JWT of ours. */
export function parsePublicKey(text: string): KeyObject | undefined {
  const inner = text.trim();
  const read = [
    () => createPublicKey(inner),
    () => createPublicKey({ format: 'der', type: 'spki', key: Buffer.from(inner, 'base64') }),
    () => createPublicKey({ format: 'jwk', key: JSON.parse(inner) as JsonWebKey }),
  ];
  for (const parse of read) {
    try {
      const key = parse();
      nameKey(key);
      return key;
    } catch {
      // Another form, or none.
    }
  }
  return undefined;
}

/** Says how a key signs as JWS does: ES256 in the form of IEEE P1363, else PS256. @see RFC 7518 section 3 */
export function signatureOptions({ asymmetricKeyType: type }: KeyObject): SigningOptions {
  if (type === 'ec') return { dsaEncoding: 'ieee-p1363' };
  return { padding: crypto.RSA_PKCS1_PSS_PADDING, saltLength: crypto.RSA_PSS_SALTLEN_DIGEST };
}

/** Says whether a signature is one of this key, in the form of JWS. */
export function isSignature(key: KeyObject, input: Uint8Array, signature: Uint8Array): boolean {
  return verify('sha256', input, { key, ...signatureOptions(key) }, signature);
}

function toStore(value: unknown): KeyStore {
  if (value === undefined) return { kind: 'file' };
  const { kind, command } = isRecord(value) ? value : {};
  if (kind === 'ssh-agent' || kind === 'keychain') return { kind };
  const words = Array.isArray(command) ? command.filter((word) => typeof word === 'string') : [];
  const [program, ...args] = words;
  if (kind !== 'command' || program === undefined) throw new Error('an unknown store');
  return { kind, command: [program, ...args] };
}

async function readOwnFile(path: string): Promise<string> {
  let handle;
  try {
    // Without waiting for somebody who writes into a pipe.
    handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const missing = error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new KeyFileError(missing ? 'missing' : 'unreadable', `cannot read the key file ${path}`, error);
  }
  try {
    const found = await handle.stat();
    const { mode, uid } = found;
    if (!found.isFile()) throw new KeyFileError('unreadable', `the key file ${path} is no file`);
    // Windows has neither mode bits nor owners here.
    const own = process.getuid?.();
    if (own !== undefined && uid !== own)
      throw new KeyFileError(
        'not-ours',
        `the key file ${path} belongs to another user: chown it, if it is yours`,
      );
    if (own !== undefined && (mode & 0o077) !== 0)
      throw new KeyFileError('too-open', `the key file ${path} is open to others: chmod 600 it`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
