import { spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compactVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signAssertion } from '../../src/exchange/assertion.ts';
import { createKeySigner } from '../../src/exchange/node.ts';
import { assertProgram, signWithCommand } from '../../src/exchange/node/command.ts';

let folder: string;
let pem: string;
let publicKey: KeyObject;
const openssl = spawnSync('sh', ['-c', 'command -v openssl'], { encoding: 'utf8' }).stdout.trim();
const env = { PATH: process.env['PATH'] ?? '' };
const claims = { clientId: 'mailer', audience: 'https://idp.test/token', now: 1_800_000_000_000 };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'agent-id-signer-'));
  pem = join(folder, 'hardware.pem');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  publicKey = createPublicKey(privateKey);
  writeFileSync(pem, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function script(name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o700 });
  return path;
}

function signer(command: readonly string[]) {
  const file = join(folder, 'mailer.json');
  const jwk = publicKey.export({ format: 'jwk' });
  rmSync(file, { force: true });
  writeFileSync(file, JSON.stringify({ ...jwk, store: { kind: 'command', command } }), { mode: 0o600 });
  return createKeySigner(file, { env });
}

describe('a key that a program signs with', () => {
  it('is OpenSSL itself: what signs in DER needs no wrapper', async () => {
    const made = await signer([openssl, 'dgst', '-sha256', '-sign', pem]);
    for (let round = 0; round < 40; round++) {
      const jwt = await signAssertion(made, claims);
      expect((await compactVerify(jwt, publicKey)).protectedHeader.kid).toBe(made.kid);
    }
  });

  it('may give Base64, as key services do, and sees only what is to be signed', async () => {
    const seen = join(folder, 'seen');
    const kms = script(
      'kms',
      `tee '${seen}' | '${openssl}' dgst -sha256 -sign '${pem}' | '${openssl}' base64`,
    );
    const made = await signer([kms]);
    const jwt = await signAssertion(made, claims);
    expect(spawnSync('cat', [seen], { encoding: 'utf8' }).stdout).toBe(jwt.split('.').slice(0, 2).join('.'));
    expect((await compactVerify(jwt, publicKey)).protectedHeader.kid).toBe(made.kid);
  });

  it.each([
    ['nothing', 'cat >/dev/null', 'gave nothing'],
    ['a signature of another key', '', 'no signature of this key'],
    ['words', 'echo hello', 'no signature of this key'],
    ['a failure', 'echo no >&2; exit 3', 'failed (exit 3)'],
    ['without end', 'yes', 'gave too much'],
  ])('is refused when it gives %s', async (what, body, message) => {
    const other = join(folder, 'other.pem');
    const key = createPrivateKey(
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }),
    );
    writeFileSync(other, key.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
    const wrong = what.startsWith('a signature') ? `'${openssl}' dgst -sha256 -sign '${other}'` : body;
    const made = await signer([script('wrong', wrong)]);
    await expect(made.sign(Buffer.from('a.b'))).rejects.toMatchObject({
      name: 'KeyStoreError',
      store: 'command',
      message: expect.stringContaining(message) as string,
    });
  });

  it('does not wait for ever, and does not leave the program behind', async () => {
    const pid = join(folder, 'pid');
    const command = [script('slow', `echo $$ >'${pid}'; exec sleep 60`)] as const;
    const signing = { command, env, cwd: folder, input: Buffer.from('a.b'), timeoutMs: 400 };
    await expect(signWithCommand({ publicKey, alg: 'ES256' }, signing)).rejects.toThrow(
      'did not sign within 0.4 s',
    );
    await sleep(200);
    expect(() => process.kill(Number(readFileSync(pid, 'utf8')), 0)).toThrow('ESRCH');
  });

  it('must be named by its path, be there, and be nobody else’s to replace', async () => {
    const open = script('open', 'true');
    chmodSync(open, 0o777);
    const shared = join(folder, 'shared');
    mkdirSync(shared);
    const inside = join(shared, 'signer');
    writeFileSync(inside, '#!/bin/sh\n', { mode: 0o700 });
    chmodSync(shared, 0o777);
    await expect(assertProgram('openssl')).rejects.toThrow('not an absolute path');
    await expect(assertProgram(join(folder, 'nowhere'))).rejects.toThrow('cannot be found');
    await expect(assertProgram(open)).rejects.toThrow('could be replaced by another user');
    await expect(assertProgram(inside)).rejects.toThrow('could be replaced by another user');
    await expect(assertProgram(openssl)).resolves.toBeUndefined();
  });
});
