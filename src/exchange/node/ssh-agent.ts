import { createHash, type KeyObject } from 'node:crypto';
import { connect } from 'node:net';
import { KeyStoreError } from './error.ts';
import { nameKey, type KeyRecord } from './record.ts';
import { readSsh, toJwsSignature, toPublicKey, toSshBlob, toUint32, writeSsh } from './ssh-wire.ts';

// Numbers of the protocol. @see draft-ietf-sshm-ssh-agent section 6.1
const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
const SIGN_REQUEST = 13;
const SIGN_RESPONSE = 14;
/** ECDSA on P-256 signs with SHA-256 and knows no flags. */
const NO_FLAGS = 0;

/** An agent may ask the person to touch a token or to confirm. */
const SIGN_MS = 60_000;
const LIST_MS = 10_000;
const MOST_BYTES = 256 * 1024;

/** A P-256 key that an agent offers. `fingerprint` as `ssh-add -l` shows it. */
export interface SshKey {
  readonly publicKey: KeyObject;
  readonly kid: string;
  readonly comment: string;
  readonly fingerprint: string;
}

/** Lists the agent's P-256 keys; the others sign nothing that a provider takes. Throws `KeyStoreError`. */
export async function listSshKeys(env: NodeJS.ProcessEnv): Promise<readonly SshKey[]> {
  const answer = await ask(env, Buffer.from([REQUEST_IDENTITIES]), LIST_MS);
  if (answer[0] !== IDENTITIES_ANSWER)
    throw fail('ssh-agent does not list its keys', 'Is it locked? ssh-add -X');
  return read(() => {
    const reader = readSsh(answer.subarray(1));
    return Array.from({ length: reader.uint32() }, () => [reader.bytes(), reader.bytes()] as const);
  }).flatMap(([blob, comment]) => toSshKey(blob, comment.toString('utf8')) ?? []);
}

/** Signs with a key that the agent holds; the private half never comes here. Throws `KeyStoreError`. */
export async function signWithSshAgent(
  env: NodeJS.ProcessEnv,
  { publicKey }: Pick<KeyRecord, 'publicKey'>,
  input: Uint8Array,
): Promise<Uint8Array> {
  const blob = toSshBlob(publicKey);
  const request = Buffer.concat([Buffer.from([SIGN_REQUEST]), writeSsh(blob, input), toUint32(NO_FLAGS)]);
  const answer = await ask(env, request, SIGN_MS);
  if (answer[0] !== SIGN_RESPONSE)
    throw fail(
      `ssh-agent refuses to sign with ${toFingerprint(blob)}`,
      'Is the key in it (ssh-add -l), the agent unlocked (ssh-add -X), and the use confirmed?',
    );
  return read(() => toJwsSignature(readSsh(answer.subarray(1)).bytes()));
}

function toSshKey(blob: Buffer, comment: string): SshKey | undefined {
  const publicKey = toPublicKey(blob);
  if (publicKey === undefined) return undefined;
  return { publicKey, kid: nameKey(publicKey).kid, comment, fingerprint: toFingerprint(blob) };
}

function toFingerprint(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

function ask(env: NodeJS.ProcessEnv, request: Buffer, timeoutMs: number): Promise<Buffer> {
  const path = env['SSH_AUTH_SOCK'] ?? (process.platform === 'win32' ? '\\\\.\\pipe\\openssh-ssh-agent' : '');
  if (path === '')
    throw fail(
      'there is no ssh-agent here',
      'Start one and set SSH_AUTH_SOCK: eval "$(ssh-agent)"; ssh-add KEY',
    );
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let received = Buffer.alloc(0);
    const end = (error: KeyStoreError): void => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(timeoutMs, () =>
      end(fail('ssh-agent does not answer', 'Does it wait for a touch or a PIN?')),
    );
    socket.on('error', (cause) =>
      end(
        fail('ssh-agent cannot be reached', 'Is it running, and does SSH_AUTH_SOCK name its socket?', cause),
      ),
    );
    socket.on('close', () => end(fail('ssh-agent hung up', 'Is SSH_AUTH_SOCK the socket of an ssh-agent?')));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const length = received.length < 4 ? 0 : received.readUInt32BE();
      if (length > MOST_BYTES) end(notInProtocol());
      if (received.length < 4 || received.length < 4 + length) return;
      resolve(received.subarray(4, 4 + length));
      socket.destroy();
    });
    socket.write(Buffer.concat([toUint32(request.length), request]));
  });
}

function read<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw notInProtocol(cause);
  }
}

function notInProtocol(cause?: unknown): KeyStoreError {
  return fail(
    'ssh-agent answered with something else',
    'Is SSH_AUTH_SOCK the socket of an ssh-agent?',
    cause,
  );
}

function fail(message: string, hint: string, cause?: unknown): KeyStoreError {
  return new KeyStoreError('ssh-agent', message, hint, cause);
}
