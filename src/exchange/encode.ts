const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Gives the UTF-8 bytes of a text. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** Encodes without padding. @see RFC 4648 section 5 */
export function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Gives the SHA-256 of a text, base64url. */
export async function toSha256(text: string): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', toBytes(text))));
}

/**
 * Reads the claims of a JWT without checking its signature; `undefined` where the text is none.
 * Who calls it has the token straight from its issuer, or only wants to be stricter than the issuer.
 */
export function readClaims(token: string): Readonly<Record<string, unknown>> | undefined {
  return readPart(token, 1);
}

/** Gives the header of a JWT without checking its signature, undefined for any other text. */
export function readHeader(token: string): Readonly<Record<string, unknown>> | undefined {
  return readPart(token, 0);
}

function readPart(token: string, at: 0 | 1): Readonly<Record<string, unknown>> | undefined {
  const parts = token.split('.');
  const part = parts[at];
  if (parts.length !== 3 || part === undefined || !/^[A-Za-z0-9_-]+$/.test(part)) return undefined;
  try {
    const binary = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
    const data: unknown = JSON.parse(decoder.decode(Uint8Array.from(binary, (byte) => byte.charCodeAt(0))));
    return isRecord(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

/** Says whether a value is a plain object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Gives a claim that is a number, else null. */
export function toNumber(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Gives a claim that is a non-empty text, else null. */
export function toText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
