import { resolve } from 'node:path';
import { readyKey, type ReadyKey } from '../../helper/custody.ts';
import type { Io } from '../../lib/io.ts';
import { openKeychain, readKeychain } from '../../lib/keychain.ts';
import { readKeySettings, type KeyChoice } from '../../lib/key-settings.ts';
import type { KeyKind, KeyStoreKind } from '../../lib/keys.ts';
import { repositoryTop } from '../../lib/find-up.ts';
import { statePaths } from '../../lib/state.ts';
import { AgentIdError } from '../../model/error.ts';

/** Which store is to hold the key, as the command line says it. */
export interface KeyOptions {
  readonly keyStore?: KeyStoreKind;
  readonly sshKey?: string;
  readonly signer: readonly string[];
  readonly publicKey?: string;
}

/** For the person: what holds a key. */
export const storeNames: Readonly<Record<KeyStoreKind, string>> = {
  file: 'a file of this user (0600)',
  'ssh-agent': 'ssh-agent',
  keychain: 'the OS keychain',
  command: 'a signer of yours',
};

/** Makes the key where the command line says, else where this user's settings do. Says it where that cannot be. */
export async function makeKey(
  agentId: string,
  kind: KeyKind | undefined,
  options: KeyOptions,
  io: Io,
): Promise<ReadyKey> {
  const paths = statePaths(io.env);
  const chosen = toChoice(options, io.cwd) ?? (await readKeySettings(paths, agentId));
  const wish = {
    agentId,
    paths,
    kind,
    custody: { env: io.env, readKeychain },
    root: await repositoryTop(io.cwd),
  };
  return readyKey(wish, chosen?.store === 'keychain' ? await keychainOrFile(io) : chosen);
}

/** Gives the key that the command line names. Throws `usage` for options that do not go together. */
export function toChoice(options: KeyOptions, cwd: string): KeyChoice | undefined {
  const { keyStore: store, sshKey, signer, publicKey } = options;
  assertTogether(options);
  if (store === undefined) return undefined;
  return {
    store,
    ...(sshKey !== undefined && { sshKey }),
    ...(signer.length > 0 && { command: signer }),
    ...(publicKey !== undefined && { publicKey: resolve(cwd, publicKey) }),
  };
}

function assertTogether({ keyStore, sshKey, signer, publicKey }: KeyOptions): void {
  const wanted = [
    ['ssh-agent', sshKey !== undefined],
    ['command', signer.length > 0 || publicKey !== undefined],
  ] as const;
  for (const [store, given] of wanted) {
    if (given && keyStore !== store)
      throw new AgentIdError('usage', 'an option is for another key store', {
        hint: '--ssh-key goes with --key-store ssh-agent; --signer and --public-key with --key-store command.',
      });
  }
}

async function keychainOrFile(io: Io): Promise<KeyChoice> {
  try {
    await openKeychain();
    return { store: 'keychain' };
  } catch (error) {
    if (!(error instanceof AgentIdError && error.code === 'unsupported')) throw error;
    io.stderr(`${error.message}. The key goes into ${storeNames.file} instead. ${error.hint ?? ''}\n`);
    return { store: 'file' };
  }
}
