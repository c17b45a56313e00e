import { randomBytes, sign, type KeyObject } from 'node:crypto';

/** What a certificate says; times in milliseconds since 1970. */
export interface CertificateTerms {
  readonly name: string;
  readonly from: number;
  readonly until: number;
}

const oid = {
  commonName: '550403',
  sha256WithRsa: '2a864886f70d01010b',
} as const;

/**
 * Makes a self-signed certificate for an RSA key, DER. Entra knows keys by certificates only and looks at nothing of
 * them but the key, the thumbprint and the dates. @see RFC 5280 section 4.1
 */
export function makeCertificate(
  { privateKey, publicKey }: { readonly privateKey: KeyObject; readonly publicKey: KeyObject },
  { name, from, until }: CertificateTerms,
): Buffer {
  const issuer = sequence(set(sequence(identifier(oid.commonName), der(0x0c, Buffer.from(name, 'utf8')))));
  const algorithm = sequence(identifier(oid.sha256WithRsa), der(0x05, Buffer.alloc(0)));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    serial(),
    algorithm,
    issuer,
    sequence(time(from), time(until)),
    issuer,
    publicKey.export({ format: 'der', type: 'spki' }),
  );
  const signature = sign('sha256', body, privateKey);
  return sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
}

function der(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, ...toLength(content.length)]), content]);
}

function toLength(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const bytes = length < 0x100 ? [length] : [length >> 8, length & 0xff];
  return [0x80 | bytes.length, ...bytes];
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function set(part: Buffer): Buffer {
  return der(0x31, part);
}

function identifier(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

/** A positive number: its first bit must be clear, and its first byte not zero. */
function serial(): Buffer {
  return der(0x02, Buffer.concat([Buffer.from([0x40]), randomBytes(15)]));
}

/** UTCTime, which RFC 5280 asks for until the end of 2049. */
function time(at: number): Buffer {
  const text = new Date(at)
    .toISOString()
    .replaceAll(/[-:T]|\.\d+/g, '')
    .slice(2);
  return der(0x17, Buffer.from(text, 'ascii'));
}
