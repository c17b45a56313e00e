import { toBase64Url, toBytes } from './encode.ts';
import { ExchangeError } from './error.ts';
import type { Signer } from './types.ts';

const LIFETIME_SECONDS = 60;

/** What a client assertion says. `now` in milliseconds since 1970. */
export interface Assertion {
  readonly clientId: string;
  readonly audience: string;
  readonly now: number;
}

/**
 * Signs a client assertion: `iss` = `sub` = the client, valid for 60 seconds, usable once.
 * Throws `signer-failed`. Each call gives another one.
 * @see RFC 7523 section 2.2
 */
export async function signAssertion(signer: Signer, assertion: Assertion): Promise<string> {
  const iat = Math.floor(assertion.now / 1000);
  const { alg, kid, certificateThumbprint: x5t } = signer;
  const header = encode({ alg, typ: 'JWT', kid, ...(x5t === undefined ? {} : { 'x5t#S256': x5t }) });
  const claims = encode({
    iss: assertion.clientId,
    sub: assertion.clientId,
    aud: assertion.audience,
    jti: crypto.randomUUID(),
    iat,
    exp: iat + LIFETIME_SECONDS,
  });
  try {
    const signature = await signer.sign(toBytes(`${header}.${claims}`));
    return `${header}.${claims}.${toBase64Url(signature)}`;
  } catch (cause) {
    throw new ExchangeError('signer-failed', 'the agent’s key could not sign', { cause });
  }
}

function encode(part: object): string {
  return toBase64Url(toBytes(JSON.stringify(part)));
}
