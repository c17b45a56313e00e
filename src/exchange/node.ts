import { createPrivateKey, sign, type JsonWebKey, type KeyObject } from 'node:crypto';
import { dirname } from 'node:path';
import { run, signWithCommand } from './node/command.ts';
import { KeyFileError, KeyStoreError } from './node/error.ts';
import {
  isSignature,
  readKeyRecord,
  signatureOptions,
  type KeyRecord,
  type KeyStore,
} from './node/record.ts';
import { signWithSshAgent } from './node/ssh-agent.ts';
import type { Signer } from './types.ts';

export { KeyFileError, KeyStoreError } from './node/error.ts';
export { toThumbprint } from './node/record.ts';

/** What reaches the keys that no file holds. */
export interface Custody {
  /** `SSH_AUTH_SOCK`, and what a signer by command needs. */
  readonly env: NodeJS.ProcessEnv;
  /** Gives the private JWK of this thumbprint from the OS keychain. Without it `agent-id` is asked to sign. */
  readonly readKeychain?: (kid: string) => Promise<string>;
}

/** Signs with one kind of store. */
type Sign = (
  record: KeyRecord,
  input: Uint8Array,
  custody: Custody & { readonly cwd: string },
) => Promise<Uint8Array>;

const signs: Readonly<Record<KeyStore['kind'], Sign>> = {
  file: async ({ privateKey }, input) => signWith(privateKey, input),
  'ssh-agent': (record, input, { env }) =>
    checked('ssh-agent', record, input, signWithSshAgent(env, record, input)),
  keychain: (record, input, custody) =>
    checked('keychain', record, input, signWithKeychain(record, input, custody)),
  command: (record, input, { env, cwd }) => {
    if (record.store.kind !== 'command') throw new TypeError('not a command');
    return signWithCommand(record, { command: record.store.command, env, cwd, input });
  },
};

/**
 * Makes a signer from a key file, whatever holds the private half: the file, ssh-agent, the OS keychain, a program.
 * `current` reads the file again, so that a running service goes on with the key that a rotation put there.
 * Throws `KeyFileError`; `sign` throws `KeyStoreError`.
 */
export async function createKeySigner(path: string, custody: Custody): Promise<Signer> {
  const record = await readKeyRecord(path);
  return {
    ...toSigner(record, { ...custody, cwd: dirname(path) }),
    current: () => createKeySigner(path, custody),
  };
}

/** Makes a signer of a key that no file names yet. `cwd` is where a program runs. */
export function toSigner(record: KeyRecord, custody: Custody & { readonly cwd: string }): Signer {
  return {
    ...toHeader(record),
    sign: (input) => signs[record.store.kind](record, input, custody),
  };
}

/**
 * Makes a signer from a private JWK file (EC P-256; RSA, perhaps with its certificate in `x5c`). The file must be this
 * user's alone (0600 or less). `current` reads it again. Throws `KeyFileError`, also for a key that something else holds.
 */
export async function createFileSigner(path: string): Promise<Signer> {
  const record = await readKeyRecord(path);
  const { privateKey } = record;
  if (privateKey === null) throw new KeyFileError('malformed', `the key file ${path} holds no private key`);
  return {
    ...toHeader(record),
    sign: async (input) => signWith(privateKey, input),
    current: () => createFileSigner(path),
  };
}

function toHeader({ kid, alg, certificateThumbprint }: KeyRecord): Omit<Signer, 'sign'> {
  return { kid, alg, ...(certificateThumbprint !== undefined && { certificateThumbprint }) };
}

function signWith(key: KeyObject | null, input: Uint8Array): Uint8Array {
  if (key === null) throw new TypeError('no private key');
  return sign('sha256', input, { key, ...signatureOptions(key) });
}

async function signWithKeychain(
  { kid }: KeyRecord,
  input: Uint8Array,
  { env, cwd, readKeychain }: Custody & { readonly cwd: string },
): Promise<Uint8Array> {
  if (readKeychain !== undefined) {
    const jwk = JSON.parse(await readKeychain(kid)) as JsonWebKey;
    return signWith(createPrivateKey({ format: 'jwk', key: jwk }), input);
  }
  const [program = 'agent-id', ...args] = (env['AGENT_ID_COMMAND'] ?? '').split(/\s+/).filter(Boolean);
  const output = await run({ command: [program, ...args, 'agents', 'sign', kid], env, cwd, input });
  return Buffer.from(output.toString('latin1').trim(), 'base64url');
}

/** A signature that is none would only come back as a refusal that says nothing. */
async function checked(
  store: KeyStore['kind'],
  { publicKey }: KeyRecord,
  input: Uint8Array,
  signing: Promise<Uint8Array>,
): Promise<Uint8Array> {
  const signature = await signing;
  if (isSignature(publicKey, input, signature)) return signature;
  throw new KeyStoreError(store, `what ${store} gave is no signature of the enrolled key`, 'Enroll again.');
}
