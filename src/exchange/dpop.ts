import { isRecord, toBase64Url, toBytes, toSha256 } from './encode.ts';

/** Proves to servers that tokens are used by whom they were given to. @see RFC 9449 */
export interface Prover {
  /** RFC 7638 thumbprint of the key, as tokens name it in `cnf.jkt`. */
  thumbprint(): Promise<string>;
  /** Signs a proof for one request; with `token` one for an API. */
  prove(request: { readonly method: string; readonly url: string; readonly token?: string }): Promise<string>;
  /** Keeps the nonce that a server gave; says whether it refused only for want of it. */
  wantsNonce(response: Response, url: string): Promise<boolean>;
}

/** Makes a prover with an ES256 key of its own, which never leaves this process. `clock` in milliseconds. */
export function createProver(clock: () => number): Prover {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const nonces = new Map<string, string>();
  const made = crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']).then(async (pair) => {
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
    return { pair, jwk: { crv, kty, x, y } };
  });
  return {
    thumbprint: async () => toSha256(JSON.stringify((await made).jwk)),
    async prove({ method, url, token }) {
      const { pair, jwk } = await made;
      const { origin, pathname } = new URL(url);
      const nonce = nonces.get(origin);
      const head = encode({ alg: 'ES256', typ: 'dpop+jwt', jwk });
      const claims = encode({
        jti: crypto.randomUUID(),
        iat: Math.floor(clock() / 1000),
        htm: method,
        htu: `${origin}${pathname}`,
        ...(token === undefined ? {} : { ath: await toSha256(token) }),
        ...(nonce === undefined ? {} : { nonce }),
      });
      const input = toBytes(`${head}.${claims}`);
      const signature = await crypto.subtle.sign(algorithm, pair.privateKey, input);
      return `${head}.${claims}.${toBase64Url(new Uint8Array(signature))}`;
    },
    async wantsNonce(response, url) {
      const nonce = response.headers.get('dpop-nonce');
      if (nonce === null) return false;
      nonces.set(new URL(url).origin, nonce);
      return asksForNonce(response);
    },
  };
}

async function asksForNonce(response: Response): Promise<boolean> {
  if (response.status !== 400 && response.status !== 401) return false;
  if (/\buse_dpop_nonce\b/.test(response.headers.get('www-authenticate') ?? '')) return true;
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return isRecord(body) && body['error'] === 'use_dpop_nonce';
}

function encode(part: object): string {
  return toBase64Url(toBytes(JSON.stringify(part)));
}
