import { relative } from 'node:path';
import { createKeySigner, KeyStoreError, type Custody } from '../exchange/node.ts';
import { assertProgram } from '../exchange/node/command.ts';
import { parsePublicKey } from '../exchange/node/record.ts';
import { listSshKeys, type SshKey } from '../exchange/node/ssh-agent.ts';
import type { Signer } from '../exchange/types.ts';
import { makePrivateFolder, moveFile, readTextIfThere, syncFolder } from '../lib/files.ts';
import type { KeyChoice } from '../lib/key-settings.ts';
import {
  agentKeyFile,
  agentsWithKey,
  deleteAgentKey,
  deleteFromKeychain,
  deleteKey,
  enrollFile,
  makeAgentKey,
  readStoredKey,
  toPublicHalf,
  writeKeyReference,
  writeNewKey,
  type KeyKind,
  type KeyStoreKind,
  type StoredKey,
} from '../lib/keys.ts';
import type { StatePaths } from '../lib/state.ts';
import { realPath } from '../lib/walk.ts';
import type { PublicJwk } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';
import { toKeyStoreRefusal } from './error.ts';

/** For which agent a key is made, and where. */
export interface KeyWish {
  readonly agentId: string;
  readonly paths: StatePaths;
  readonly custody: Custody;
  /** What the provider takes; undefined: P-256. */
  readonly kind: KeyKind | undefined;
  /** The repository: no program of it is run. */
  readonly root: string;
}

/** A key that can sign and that the provider does not know yet. */
export interface ReadyKey {
  readonly key: PublicJwk;
  readonly store: KeyStoreKind;
  readonly signer: Signer;
  /** Whether it is new on this machine. */
  readonly created: boolean;
  /** The key that it takes the place of. */
  readonly replaces: StoredKey | undefined;
  /** Makes it this machine's, after the provider took it. */
  keep(): Promise<void>;
  /** Takes back what was made. */
  drop(): Promise<void>;
}

/**
 * Makes a key where the person chose, or takes the one that is there, and proves that it signs. Without a choice: the key
 * that this machine has; else one of ssh-agent whose comment is `agent-id:AGENT`; else a file.
 * Throws `not-ready`, `unknown-name`, `ambiguous`, `conflict`, `unsupported`, and what `makeAgentKey` throws.
 */
export async function readyKey(wish: KeyWish, chosen: KeyChoice | undefined): Promise<ReadyKey> {
  const { agentId, paths } = wish;
  const existing = await readStoredKey(agentKeyFile(paths, agentId), agentId);
  const choice = chosen ?? (existing === undefined ? await findPurposeMade(wish) : { store: existing.store });
  const ready = await (isOwn(choice.store)
    ? readyOwn(wish, choice.store, existing)
    : readyForeign(wish, choice, existing, chosen === undefined));
  try {
    await ready.signer.sign(new TextEncoder().encode('agent-id'));
    return ready;
  } catch (error) {
    await ready.drop();
    throw error instanceof KeyStoreError ? toKeyStoreRefusal(error) : error;
  }
}

function isOwn(store: KeyStoreKind): store is 'file' | 'keychain' {
  return store === 'file' || store === 'keychain';
}

/** A key that somebody named so is for us; any other of a person's agent is not. */
async function findPurposeMade({ agentId, custody: { env } }: KeyWish): Promise<KeyChoice> {
  const comment = `agent-id:${agentId}`;
  const keys = env['SSH_AUTH_SOCK'] === undefined ? [] : await listSshKeys(env).catch(() => []);
  return keys.some((key) => key.comment === comment)
    ? { store: 'ssh-agent', sshKey: comment }
    : { store: 'file' };
}

async function readyOwn(
  wish: KeyWish,
  store: 'file' | 'keychain',
  existing: StoredKey | undefined,
): Promise<ReadyKey> {
  const { agentId, paths, kind } = wish;
  if (existing === undefined || existing.store === store) {
    const { key, created } = await makeAgentKey(paths, agentId, { kind, store });
    const signer = await createKeySigner(agentKeyFile(paths, agentId), wish.custody);
    const drop = async (): Promise<void> => (created ? deleteAgentKey(paths, agentId) : undefined);
    return { key, store, signer, created, replaces: undefined, keep: async () => undefined, drop };
  }
  return beside(wish, { store, existing }, (file) => writeNewKey(file, { kind, store }));
}

async function readyForeign(
  wish: KeyWish,
  choice: KeyChoice,
  existing: StoredKey | undefined,
  unchanged: boolean,
): Promise<ReadyKey> {
  const { agentId, paths, custody } = wish;
  if (existing !== undefined && unchanged) {
    const signer = await createKeySigner(agentKeyFile(paths, agentId), custody);
    const nothing = async (): Promise<void> => undefined;
    const { key, store } = existing;
    return { key, store, signer, created: false, replaces: undefined, keep: nothing, drop: nothing };
  }
  const key = await findForeign(wish, choice);
  return beside(wish, { store: choice.store, existing }, async (file) => referTo(file, key, choice));
}

/**
 * Writes down the key that is to replace this machine's: a new one where we make keys, else one that the person made.
 * Without a choice it lies where the old one does. Throws `unsupported` where nobody made one, and as `readyKey`.
 */
export async function writeSuccessor(
  wish: KeyWish,
  file: string,
  { current, chosen }: { readonly current: StoredKey; readonly chosen: KeyChoice | undefined },
): Promise<PublicJwk> {
  const choice = chosen ?? (isOwn(current.store) ? { store: current.store } : await findSpare(wish, current));
  if (isOwn(choice.store)) return writeNewKey(file, { kind: current.key.kty, store: choice.store });
  const key = await findForeign({ ...wish, kind: current.key.kty }, choice);
  if (key.kid !== current.key.kid) return referTo(file, key, choice);
  throw new AgentIdError('conflict', `that is the key that ${wish.agentId} has already`, { where: key.kid });
}

/** Of ssh-agent a second key that was made for this agent; a program of the person's signs with the key that it has. */
async function findSpare(
  { agentId, custody: { env } }: KeyWish,
  { key, store }: StoredKey,
): Promise<KeyChoice> {
  const comment = `agent-id:${agentId}`;
  const keys = store === 'ssh-agent' ? await listSshKeys(env).catch(() => []) : [];
  const spare = keys.filter(
    (one) => one.comment === comment && toPublicHalf(one.publicKey.export({ format: 'jwk' })).kid !== key.kid,
  );
  if (spare[0] !== undefined && spare.length === 1)
    return { store: 'ssh-agent', sshKey: spare[0].fingerprint };
  const make =
    store === 'ssh-agent'
      ? `ssh-keygen -t ecdsa -b 256 -C ${comment} -f KEY, ssh-add KEY, delete the file, then: agent-id agents rotate ${agentId} --key-store ssh-agent --ssh-key SHA256:…`
      : `Make one in your KMS, HSM or TPM, then: agent-id agents rotate ${agentId} --key-store command --signer PROGRAM --signer=ARGUMENT … --public-key FILE`;
  throw new AgentIdError(
    'unsupported',
    `the key of ${agentId} is held by ${store === 'ssh-agent' ? store : 'a signer of yours'}: only you can make another there`,
    { hint: `Nothing was changed. ${store === 'ssh-agent' ? 'Make one: ' : ''}${make}` },
  );
}

async function findForeign(wish: KeyWish, choice: KeyChoice): Promise<PublicJwk> {
  const { agentId, paths, custody } = wish;
  const key = await (choice.store === 'ssh-agent'
    ? findSshKey(choice, custody)
    : readCommandKey(wish, choice));
  const others = (await agentsWithKey(paths, key.kid)).filter((id) => id !== agentId);
  if (others.length === 0) return key;
  throw new AgentIdError('conflict', `that key is already ${others.join(', ')}: each agent has its own`, {
    where: key.kid,
    hint: 'With one key for two, whoever revokes one does not stop it. Make another.',
  });
}

async function referTo(
  file: string,
  key: PublicJwk,
  { store: kind, command }: KeyChoice,
): Promise<PublicJwk> {
  await writeKeyReference(file, key, { kind, ...(command !== undefined && { command }) });
  return key;
}

/** Writes a key beside the one that is in use, which stands until the provider took the new one. */
async function beside(
  { agentId, paths, custody }: KeyWish,
  { store, existing }: { readonly store: KeyStoreKind; readonly existing: StoredKey | undefined },
  write: (file: string) => Promise<PublicJwk>,
): Promise<ReadyKey> {
  const [current, waiting] = [agentKeyFile(paths, agentId), enrollFile(paths, agentId)];
  await makePrivateFolder(paths.keys);
  await deleteKey(waiting, agentId);
  const key = await write(waiting);
  const same = existing?.key.kid === key.kid;
  return {
    key,
    store,
    signer: await createKeySigner(waiting, custody),
    created: !same,
    replaces: same ? undefined : existing,
    keep: async () => {
      await moveFile(waiting, current);
      await syncFolder(paths.keys);
      if (existing?.store === 'keychain' && !same) await deleteFromKeychain(existing.key.kid);
    },
    drop: () => deleteKey(waiting, agentId),
  };
}

async function findSshKey({ sshKey }: KeyChoice, { env }: Custody): Promise<PublicJwk> {
  const keys = await listSshKeys(env).catch((error: unknown) => {
    throw error instanceof KeyStoreError ? toKeyStoreRefusal(error) : error;
  });
  const found = keys.filter(
    ({ comment, fingerprint }) => sshKey === undefined || [comment, fingerprint].includes(sshKey),
  );
  const [key, ...more] = found;
  const hint = `It has: ${keys.map(sshLine).join('; ') || 'none of P-256. Make one: ssh-keygen -t ecdsa -b 256, and ssh-add it'}`;
  if (key === undefined) throw new AgentIdError('unknown-name', 'ssh-agent has no such P-256 key', { hint });
  if (more.length > 0)
    throw new AgentIdError('ambiguous', 'ssh-agent has several P-256 keys: name one with --ssh-key', {
      hint,
    });
  return toPublicHalf(key.publicKey.export({ format: 'jwk' }));
}

function sshLine({ comment, fingerprint }: SshKey): string {
  return `${comment.replace(/[^\x20-\x7e]/g, '?').slice(0, 100)} (${fingerprint})`;
}

async function readCommandKey(
  { root, kind = 'EC' }: KeyWish,
  { command, publicKey }: KeyChoice,
): Promise<PublicJwk> {
  const [program] = command ?? [];
  if (program === undefined || publicKey === undefined)
    throw new AgentIdError('usage', 'a signer by command needs the program and the public key', {
      hint: '--key-store command --signer /path/to/program --signer=ARGUMENT … --public-key FILE (PEM, DER in Base64, or JWK)',
    });
  if (!/^\.\.|^([A-Za-z]:)?[\\/]/.test(relative(await realPath(root), await realPath(program))))
    throw new AgentIdError('outside-root', 'a repository must not bring the program that signs', {
      where: program,
    });
  await assertProgram(program).catch((error: unknown) => {
    throw error instanceof KeyStoreError ? toKeyStoreRefusal(error) : error;
  });
  const text = await readTextIfThere(publicKey);
  const key = text === undefined ? undefined : parsePublicKey(text);
  if (key?.asymmetricKeyType === (kind === 'EC' ? 'ec' : 'rsa'))
    return toPublicHalf(key.export({ format: 'jwk' }));
  throw new AgentIdError(
    'malformed',
    `there is no public key of ${kind === 'EC' ? 'P-256' : 'RSA'} in that file`,
    {
      where: publicKey,
      hint: 'PEM, DER in Base64, or JWK: openssl pkey -pubout; aws kms get-public-key --query PublicKey --output text',
    },
  );
}
