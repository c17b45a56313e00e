import { createPublicKey } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compactVerify, calculateJwkThumbprint } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signAssertion } from '../../src/exchange/assertion.ts';
import { createKeySigner } from '../../src/exchange/node.ts';
import { listSshKeys } from '../../src/exchange/node/ssh-agent.ts';
import { p256, startSshAgent, type SshAgent } from './ssh.ts';

let agent: SshAgent;
let folder: string;
let fingerprint: string;

beforeAll(async () => {
  agent = await startSshAgent();
  folder = mkdtempSync(join(tmpdir(), 'agent-id-keys-'));
  agent.add(['-t', 'ed25519'], 'a person');
  agent.add(['-t', 'rsa', '-b', '2048'], 'an old server');
  agent.add(['-t', 'ecdsa', '-b', '384'], 'another curve');
  fingerprint = agent.add(p256, 'agent-id:mailer');
});

afterAll(() => {
  agent.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function keyFile(): Promise<string> {
  const [key] = await listSshKeys(agent.env);
  const jwk = key?.publicKey.export({ format: 'jwk' });
  const file = join(folder, 'mailer.json');
  writeFileSync(file, JSON.stringify({ ...jwk, store: { kind: 'ssh-agent' } }), { mode: 0o600 });
  return file;
}

const claims = { clientId: 'mailer', audience: 'https://idp.test/token', now: 1_800_000_000_000 };

describe('a key in ssh-agent', () => {
  it('is found among others by what ssh-add shows', async () => {
    const keys = await listSshKeys(agent.env);
    expect(keys.map(({ comment, fingerprint: shown }) => [comment, shown])).toEqual([
      ['agent-id:mailer', fingerprint],
    ]);
  });

  it('signs assertions that an independent library accepts, with its thumbprint as kid', async () => {
    const signer = await createKeySigner(await keyFile(), { env: agent.env });
    const [key] = await listSshKeys(agent.env);
    const publicKey = createPublicKey({ format: 'jwk', key: key?.publicKey.export({ format: 'jwk' }) ?? {} });
    // Numbers that begin with zeros or a set bit come in other lengths: every one must fit.
    for (let round = 0; round < 300; round++) {
      const jwt = await signAssertion(signer, claims);
      const { protectedHeader } = await compactVerify(jwt, publicKey);
      if (round > 0) continue;
      const kid = await calculateJwkThumbprint(publicKey.export({ format: 'jwk' }));
      expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'JWT', kid });
    }
  });

  it('says when the agent is locked, has lost the key, or is none', async () => {
    const signer = await createKeySigner(await keyFile(), { env: agent.env });
    const sign = () => signer.sign(Buffer.from('x'));
    agent.sshAdd(['-D']);
    await expect(sign()).rejects.toMatchObject({
      store: 'ssh-agent',
      message: expect.stringContaining(fingerprint) as string,
    });
    const gone = await createKeySigner(join(folder, 'mailer.json'), {
      env: { SSH_AUTH_SOCK: join(folder, 'no') },
    });
    await expect(gone.sign(Buffer.from('x'))).rejects.toThrow('cannot be reached');
    const none = await createKeySigner(join(folder, 'mailer.json'), { env: {} });
    await expect(none.sign(Buffer.from('x'))).rejects.toThrow('there is no ssh-agent here');
  });

  it.each([
    ['hangs up', Buffer.alloc(0)],
    ['talks of a giant message', Buffer.from([0x7f, 0, 0, 0, 12])],
    ['promises keys that it does not send', Buffer.from([0, 0, 0, 5, 12, 0xff, 0xff, 0xff, 0xff])],
    ['fails', Buffer.from([0, 0, 0, 1, 5])],
  ])('refuses an agent that %s', async (_what, answer) => {
    const path = join(folder, 'bad');
    const server: Server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.resume().end(answer);
    });
    await new Promise<void>((ready) => server.listen(path, ready));
    await expect(listSshKeys({ SSH_AUTH_SOCK: path })).rejects.toMatchObject({ name: 'KeyStoreError' });
    await new Promise((closed) => server.close(closed));
  });
});
