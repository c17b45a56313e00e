import { join } from 'node:path';
import { makePrivateFolder, writeWhole } from '../lib/files.ts';
import { readPrivateFile } from '../lib/keys.ts';
import { withLock } from '../lib/lock.ts';
import type { StatePaths } from '../lib/state.ts';
import type { PublicJwk } from '../model/agent.ts';
import type { ActsFor } from '../model/consumer.ts';
import { AgentIdError } from '../model/error.ts';
import { Secret } from '../model/secret.ts';
import { toRecord } from './metadata.ts';

/** A client that we registered. Its token is what RFC 7592 lets us manage it with. */
export interface StoredClient {
  /** The client id that we would have chosen. */
  readonly wanted: string;
  readonly marker: string;
  readonly displayName: string;
  readonly actsFor: ActsFor;
  readonly grants: readonly { readonly uri: string; readonly scopes: readonly string[] }[];
  readonly keys: readonly PublicJwk[];
  /** `pending`: asked for, and no answer came. */
  readonly status: 'pending' | 'active' | 'revoked';
  readonly clientId: string | null;
  readonly uri: string | null;
  readonly token: Secret | null;
}

export interface OidcStore {
  readonly initialAccessToken: Secret | null;
  readonly clients: readonly StoredClient[];
}

type Keys = Pick<StatePaths, 'keys'>;

/** Reads what the key store holds about a provider. Throws `unreadable` for a file open to others, `malformed`. */
export async function readOidcStore(paths: Keys, name: string): Promise<OidcStore> {
  const path = fileOf(paths, name);
  const text = await readPrivateFile(path);
  if (text === undefined) return { initialAccessToken: null, clients: [] };
  const data = parse(text);
  if (data?.['schemaVersion'] !== 1 || !Array.isArray(data['clients'])) {
    // No cause: it might quote a token.
    throw new AgentIdError('malformed', 'the key store of an identity provider is damaged', {
      where: path,
      hint: 'Restore it. Without it, applications registered there must be removed by hand.',
    });
  }
  return {
    initialAccessToken: toSecret(data['initialAccessToken']),
    clients: data['clients'].map((client) => ({
      ...(client as StoredClient),
      token: toSecret(toRecord(client)['token']),
    })),
  };
}

/** Changes the key store under a lock; gives what `change` made of it. */
export async function changeOidcStore(
  paths: Keys,
  name: string,
  change: (store: OidcStore) => OidcStore,
): Promise<OidcStore> {
  await makePrivateFolder(paths.keys);
  const path = fileOf(paths, name);
  return withLock(`${path}.lock`, 20_000, async () => {
    const store = change(await readOidcStore(paths, name));
    const data = {
      schemaVersion: 1,
      initialAccessToken: store.initialAccessToken?.open() ?? null,
      clients: store.clients.map((client) => ({ ...client, token: client.token?.open() ?? null })),
    };
    await writeWhole(path, `${JSON.stringify(data)}\n`);
    return store;
  });
}

/** Gives the store with this client in the place of the one for the same agent. */
export function withClient(store: OidcStore, client: StoredClient): OidcStore {
  return { ...store, clients: [...store.clients.filter((one) => one.wanted !== client.wanted), client] };
}

function fileOf(paths: Keys, name: string): string {
  return join(paths.keys, `oidc-${name}.json`);
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return toRecord(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function toSecret(value: unknown): Secret | null {
  return typeof value === 'string' && value !== '' ? new Secret(value) : null;
}
