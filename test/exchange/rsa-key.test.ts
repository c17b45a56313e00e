import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calculateJwkThumbprint, importJWK, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signAssertion } from '../../src/exchange/assertion.ts';
import { createFileSigner } from '../../src/exchange/node.ts';
import { agentKeyFile, makeAgentKey, readAgentKey } from '../../src/lib/keys.ts';
import type { RsaPublicJwk } from '../../src/model/agent.ts';

describe('an RSA key with its certificate', () => {
  let paths: { readonly keys: string };
  let key: RsaPublicJwk;

  beforeAll(async () => {
    paths = { keys: join(await mkdtemp(join(tmpdir(), 'agent-id-rsa-')), 'keys') };
    const made = await makeAgentKey(paths, 'mailer', { kind: 'RSA' });
    if (made.key.kty !== 'RSA') throw new Error('the key is not RSA');
    key = made.key;
  });
  afterAll(() => rm(join(paths.keys, '..'), { recursive: true, force: true }));

  it('is made once, is this user’s alone, and shows nothing private', async () => {
    expect((await makeAgentKey(paths, 'mailer', { kind: 'RSA' })).created).toBe(false);
    expect(await readAgentKey(paths, 'mailer')).toEqual(key);
    expect((await stat(agentKeyFile(paths, 'mailer'))).mode & 0o777).toBe(0o600);
    expect(Object.keys(key).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use', 'x5c']);
    expect(await calculateJwkThumbprint({ kty: 'RSA', n: key.n, e: key.e })).toBe(key.kid);
  });

  it('is not used where another kind is wanted', async () => {
    await expect(makeAgentKey(paths, 'mailer')).rejects.toMatchObject({ code: 'conflict' });
  });

  it('has a certificate of its own, signed by itself, for a year', () => {
    const certificate = new X509Certificate(toDer(key));
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkIssued(certificate)).toBe(true);
    expect(certificate.subject).toBe('CN=agent-id');
    const own = createPublicKey({ format: 'jwk', key: { kty: 'RSA', n: key.n, e: key.e } });
    expect(certificate.publicKey.equals(own)).toBe(true);
    expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now());
    const days = (Date.parse(certificate.validTo) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(365);
  });

  it('signs assertions that others verify, and names its certificate', async () => {
    const signer = await createFileSigner(agentKeyFile(paths, 'mailer'));
    const audience = 'https://idp.example/';
    const assertion = await signAssertion(signer, { clientId: 'c', audience, now: Date.now() });
    const publicKey = await importJWK({ kty: 'RSA', n: key.n, e: key.e }, 'PS256');
    const { payload, protectedHeader } = await jwtVerify(assertion, publicKey, { audience });
    expect(payload).toMatchObject({ iss: 'c', sub: 'c' });
    const thumbprint = createHash('sha256').update(toDer(key)).digest('base64url');
    expect(protectedHeader).toEqual({ alg: 'PS256', typ: 'JWT', kid: key.kid, 'x5t#S256': thumbprint });
  });
});

function toDer(key: RsaPublicJwk): Buffer {
  return Buffer.from(key.x5c?.[0] ?? '', 'base64');
}
