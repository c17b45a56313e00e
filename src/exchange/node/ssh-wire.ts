import { createPublicKey, type KeyObject } from 'node:crypto';

const CURVE = 'nistp256';
const EC_TYPE = `ecdsa-sha2-${CURVE}`;
const FIELD_BYTES = 32;

/** Takes one message of the SSH wire format apart; throws `RangeError` where it ends too early. @see RFC 4251 section 5 */
export interface SshReader {
  uint32(): number;
  bytes(): Buffer;
}

/** Reads from the beginning of a message. */
export function readSsh(message: Buffer): SshReader {
  let at = 0;
  const take = (length: number): Buffer => {
    if (length > message.length - at) throw new RangeError('the message ends too early');
    at += length;
    return message.subarray(at - length, at);
  };
  const uint32 = (): number => take(4).readUInt32BE();
  return { uint32, bytes: () => take(uint32()) };
}

/** Writes strings with their lengths before them. */
export function writeSsh(...parts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(parts.flatMap((part) => [toUint32(Buffer.byteLength(part)), Buffer.from(part)]));
}

/** Writes a number in four bytes. */
export function toUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Gives a P-256 public key as SSH names it. @see RFC 5656 section 3.1 */
export function toSshBlob(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const point = [Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')];
  return writeSsh(EC_TYPE, CURVE, Buffer.concat(point));
}

/** Reads a public key; `undefined` for one of another kind (RSA, Ed25519, other curves, FIDO, certificates). */
export function toPublicKey(blob: Buffer): KeyObject | undefined {
  try {
    const reader = readSsh(blob);
    const known = reader.bytes().toString() === EC_TYPE && reader.bytes().toString() === CURVE;
    return known ? toEc(reader.bytes()) : undefined;
  } catch {
    return undefined;
  }
}

/** Gives the JWS form of an agent's signature: `r || s` of 64 bytes. @see RFC 7518 section 3.4 */
export function toJwsSignature(signature: Buffer): Buffer {
  const reader = readSsh(signature);
  if (reader.bytes().toString() !== EC_TYPE) throw new RangeError('a signature of another kind');
  const numbers = readSsh(reader.bytes());
  return Buffer.concat([toField(numbers.bytes()), toField(numbers.bytes())]);
}

/** Gives a big-endian integer in the 32 bytes of a field element. */
export function toField(integer: Buffer): Buffer {
  const start = integer.findIndex((byte) => byte !== 0);
  const digits = start === -1 ? Buffer.alloc(0) : integer.subarray(start);
  if (digits.length > FIELD_BYTES) throw new RangeError('a number too large for P-256');
  return Buffer.concat([Buffer.alloc(FIELD_BYTES - digits.length), digits]);
}

function toEc(point: Buffer): KeyObject | undefined {
  if (point.length !== 1 + 2 * FIELD_BYTES || point[0] !== 4) return undefined;
  const x = point.subarray(1, 1 + FIELD_BYTES).toString('base64url');
  const y = point.subarray(1 + FIELD_BYTES).toString('base64url');
  return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y } });
}
