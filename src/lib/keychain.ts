import { randomBytes } from 'node:crypto';
import { AgentIdError } from '../model/error.ts';
import { Secret } from '../model/secret.ts';

const SERVICE = 'agent-id';
/** A locked keychain may ask the person first. */
const PATIENCE_MS = 60_000;
const PROBE_MS = 10_000;

/** The OS keychain: Keychain of macOS, Credential Manager of Windows, Secret Service of Linux. Accounts are thumbprints. */
export interface Keychain {
  read(account: string): Promise<Secret | undefined>;
  write(account: string, value: Secret): Promise<void>;
  delete(account: string): Promise<void>;
}

/**
 * Opens the keychain and tries it: an entry is written, read, deleted. Throws `unsupported` with the reason where there
 * is none, or none that answers (a server without a desktop, a locked collection).
 */
export async function openKeychain(): Promise<Keychain> {
  const keychain = await loadKeychain(PROBE_MS);
  const [account, value] = ['probe', randomBytes(12).toString('hex')].map(String);
  try {
    await keychain.write(String(account), new Secret(String(value)));
    const read = await keychain.read(String(account));
    await keychain.delete(String(account));
    if (read?.open() !== value) throw new Error('it gave back something else');
  } catch (cause) {
    throw noKeychain('it cannot be used', cause);
  }
  return loadKeychain(PATIENCE_MS);
}

/** Reads the private JWK of a thumbprint. Throws `unsupported`, `not-enrolled`. */
export async function readKeychain(kid: string): Promise<string> {
  const found = await (await loadKeychain(PATIENCE_MS)).read(kid).catch((cause: unknown) => {
    throw noKeychain('it does not open', cause);
  });
  if (found !== undefined) return found.open();
  throw new AgentIdError('not-enrolled', 'the OS keychain has this key no more, or is locked', {
    where: kid,
    hint: 'Unlock it, or enroll again: agent-id agents enroll A',
  });
}

async function loadKeychain(timeoutMs: number): Promise<Keychain> {
  const { AsyncEntry } = await import('@napi-rs/keyring').catch((cause: unknown) => {
    throw noKeychain('the module for it is not installed (@napi-rs/keyring)', cause);
  });
  // Without this a Linux without Secret Service keeps keys in the kernel's session keyring, where they end with it.
  const options = { linux: { store: 'secret-service' } } as const;
  const entry = (account: string) => new AsyncEntry(SERVICE, account, options);
  const signal = (): AbortSignal => AbortSignal.timeout(timeoutMs);
  return {
    read: async (account) => {
      const value = await entry(account).getPassword(signal());
      return value === null || value === undefined ? undefined : new Secret(value);
    },
    write: async (account, value) => entry(account).setPassword(value.open(), signal()),
    delete: async (account) => void (await entry(account).deleteCredential(signal())),
  };
}

function noKeychain(why: string, cause: unknown): AgentIdError {
  return new AgentIdError('unsupported', `there is no OS keychain here: ${why}`, {
    cause,
    hint: 'On a server: --key-store ssh-agent, command or file. On a Linux desktop: unlock the Secret Service (GNOME Keyring, KWallet).',
  });
}
