import { createHash, createPublicKey, randomBytes, type JsonWebKey, type KeyObject } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EcPublicJwk, PublicJwk, RsaPublicJwk } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';
import { Secret } from '../model/secret.ts';
import { hasCode, makePrivateFolder, writeSynced } from './files.ts';
import { openKeychain } from './keychain.ts';
import { makeJwk } from './new-key.ts';
import type { StatePaths } from './state.ts';

/** Gives where this machine's private key for an agent lies. Throws `usage` for an id that is none. */
export function agentKeyFile(paths: Pick<StatePaths, 'keys'>, agentId: string): string {
  // `session-…` are the sessions of login.
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(agentId) || agentId.startsWith('session-')) {
    throw new AgentIdError('usage', 'an agent id is lower-case letters, digits and hyphens', {
      hint: 'It may not begin with "session-".',
    });
  }
  return join(paths.keys, `${agentId}.json`);
}

/** Which keys a provider takes: P-256, or RSA with a certificate. */
export type KeyKind = PublicJwk['kty'];

/** Where a private key can lie. A file that does not hold it says what does (`store`). */
export type KeyStoreKind = 'file' | 'ssh-agent' | 'keychain' | 'command';

/** What is made here: in the other stores the person makes the key. */
export interface NewKey {
  readonly kind?: KeyKind | undefined;
  readonly store?: 'file' | 'keychain' | undefined;
}

/** A key of this machine, by what its file says. */
export interface StoredKey {
  readonly key: PublicJwk;
  readonly store: KeyStoreKind;
}

/**
 * Gives the public half of this machine's key for an agent, and makes the key where there is none. Safe to repeat.
 * Throws `unreadable` for a key file that is open to others, `malformed`, `unwritable`, `conflict` for a key of another kind.
 */
export async function makeAgentKey(
  paths: Pick<StatePaths, 'keys'>,
  agentId: string,
  wanted: NewKey = {},
): Promise<{ readonly key: PublicJwk; readonly created: boolean }> {
  const file = agentKeyFile(paths, agentId);
  const existing = await readAgentKey(paths, agentId);
  if (existing !== undefined) return { key: assertKind(existing, wanted.kind, file), created: false };
  await makePrivateFolder(paths.keys);
  try {
    return { key: await writeNewKey(file, wanted), created: true };
  } catch (error) {
    const raced = hasCode(error, 'EEXIST') ? await readAgentKey(paths, agentId) : undefined;
    if (raced !== undefined) return { key: assertKind(raced, wanted.kind, file), created: false };
    if (error instanceof AgentIdError) throw error;
    throw new AgentIdError('unwritable', `cannot write the key of ${agentId}`, { cause: error, where: file });
  }
}

/**
 * Makes a key: its private half goes into the file, or into the OS keychain under its thumbprint; gives the public one.
 * Throws EEXIST as it is, else `unwritable`, `unsupported` where there is no keychain.
 */
export async function writeNewKey(
  file: string,
  { kind = 'EC', store = 'file' }: NewKey = {},
): Promise<PublicJwk> {
  const jwk = makeJwk(kind);
  const key = toPublicHalf(jwk);
  if (store === 'file') {
    await writeSynced(file, `${JSON.stringify(jwk)}\n`, 0o600);
    return key;
  }
  const keychain = await openKeychain();
  await keychain.write(key.kid, new Secret(JSON.stringify(jwk)));
  try {
    await writeKeyReference(file, key, { kind: store });
  } catch (error) {
    await keychain.delete(key.kid);
    throw error;
  }
  return key;
}

/** Writes which store holds the private half of a key. Throws as `writeNewKey`. */
export async function writeKeyReference(
  file: string,
  key: PublicJwk,
  store: { readonly kind: KeyStoreKind; readonly command?: readonly string[] },
): Promise<void> {
  await writeSynced(file, `${JSON.stringify({ ...key, store })}\n`, 0o600);
}

function assertKind(key: PublicJwk, kind: KeyKind | undefined, file: string): PublicJwk {
  if (key.kty === (kind ?? 'EC')) return key;
  throw new AgentIdError(
    'conflict',
    `this machine has a key of another kind for this agent: ${key.kty}, not ${kind ?? 'EC'}`,
    {
      where: file,
      hint: 'It was made for another identity provider. If nothing uses it any more, delete the file and do the same again.',
    },
  );
}

/** Reads the public half of this machine's key for an agent; `undefined` where it has none. */
export async function readAgentKey(
  paths: Pick<StatePaths, 'keys'>,
  agentId: string,
): Promise<PublicJwk | undefined> {
  return readPublicHalf(agentKeyFile(paths, agentId), agentId);
}

/** Reads the public half of a private key file; `undefined` where there is none. Throws `unreadable`, `malformed`. */
export async function readPublicHalf(file: string, agentId: string): Promise<PublicJwk | undefined> {
  return (await readStoredKey(file, agentId))?.key;
}

/** Reads what a key file says, never the private half; `undefined` where there is none. Throws as `readPublicHalf`. */
export async function readStoredKey(file: string, agentId: string): Promise<StoredKey | undefined> {
  const text = await readPrivateFile(file);
  if (text === undefined) return undefined;
  try {
    const jwk = JSON.parse(text) as JsonWebKey & { readonly store?: { readonly kind?: KeyStoreKind } };
    return { key: toPublicHalf(jwk), store: jwk.store?.kind ?? 'file' };
  } catch {
    // The cause might quote the key.
    throw new AgentIdError('malformed', `the key file of ${agentId} is malformed`, {
      where: file,
      hint: `Delete it and run: agent-id agents enroll ${agentId}`,
    });
  }
}

/** Finds the agents of this machine that have this key. Files that cannot be read are passed over. */
export async function agentsWithKey(
  paths: Pick<StatePaths, 'keys'>,
  kid: string,
): Promise<readonly string[]> {
  const names = await readdir(paths.keys).catch(() => []);
  const ids = names.flatMap((name) => /^([a-z0-9-]+)\.json$/.exec(name)?.[1] ?? []);
  const found = await Promise.all(
    ids.map(async (id) => {
      const stored = await readStoredKey(join(paths.keys, `${id}.json`), id).catch(() => undefined);
      return stored?.key.kid === kid ? [id] : [];
    }),
  );
  return found.flat();
}

/** Deletes this machine's key for an agent, with what a broken-off rotation left. A missing one is no error. */
export async function deleteAgentKey(paths: Pick<StatePaths, 'keys'>, agentId: string): Promise<void> {
  const { next, journal } = rotationFiles(paths, agentId);
  await deleteKey(agentKeyFile(paths, agentId), agentId);
  await deleteKey(next, agentId);
  await rm(journal, { force: true });
}

/** Deletes a key file, and what the OS keychain has of it. What ssh-agent or a program holds is the person's. */
export async function deleteKey(file: string, agentId: string): Promise<void> {
  const stored = await readStoredKey(file, agentId).catch(() => undefined);
  if (stored?.store === 'keychain') await deleteFromKeychain(stored.key.kid);
  await rm(file, { force: true });
}

/** Deletes a key of the OS keychain; one that is gone, or a keychain that is, is no error. */
export async function deleteFromKeychain(kid: string): Promise<void> {
  await openKeychain().then(
    (keychain) => keychain.delete(kid),
    () => undefined,
  );
}

/** Gives where the key lies that is to replace an agent's, and the note of which replaces which. No agent's id holds a dot. */
export function rotationFiles(
  paths: Pick<StatePaths, 'keys'>,
  agentId: string,
): { readonly next: string; readonly journal: string } {
  const stem = agentKeyFile(paths, agentId).replace(/\.json$/, '');
  return { next: `${stem}.next.json`, journal: `${stem}.rotation.json` };
}

/** Gives where a key lies until the provider took it, beside the one that it is to replace. */
export function enrollFile(paths: Pick<StatePaths, 'keys'>, agentId: string): string {
  return agentKeyFile(paths, agentId).replace(/\.json$/, '.enroll.json');
}

/** Completes a P-256 public key with what RFC 7517 and we say about it; `kid` is its RFC 7638 thumbprint. */
export function toPublicJwk({ x, y }: { readonly x: string; readonly y: string }): EcPublicJwk {
  const kid = createHash('sha256')
    .update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))
    .digest('base64url');
  return { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' };
}

/** The same for an RSA key, whose certificate may be known. */
export function toRsaJwk(key: KeyObject, certificate?: string): RsaPublicJwk {
  const { n, e } = key.export({ format: 'jwk' });
  const members = { e: String(e), n: String(n) };
  const kid = createHash('sha256')
    .update(JSON.stringify({ e: members.e, kty: 'RSA', n: members.n }))
    .digest('base64url');
  return {
    kty: 'RSA',
    ...members,
    kid,
    alg: 'PS256',
    use: 'sig',
    ...(certificate === undefined ? {} : { x5c: [certificate] }),
  };
}

/** Gives the public half of a JWK with our names. Throws for what is none. */
export function toPublicHalf(jwk: JsonWebKey): PublicJwk {
  const key = createPublicKey({ format: 'jwk', key: jwk });
  if (key.asymmetricKeyType === 'rsa') {
    const certificates = jwk['x5c'];
    return toRsaJwk(key, Array.isArray(certificates) ? String(certificates[0]) : undefined);
  }
  const { x, y } = key.export({ format: 'jwk' });
  return toPublicJwk({ x: String(x), y: String(y) });
}

/**
 * Reads a file that only this user may read; `undefined` where there is none. Follows no link.
 * Throws `unreadable`, also for one that is open to others.
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  let handle;
  try {
    // Without waiting for somebody who writes into a pipe.
    handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw new AgentIdError('unreadable', 'cannot read a key file', { cause: error, where: path });
  }
  try {
    const found = await handle.stat();
    const { mode, uid } = found;
    if (!found.isFile()) throw new AgentIdError('unreadable', 'a key file is no file', { where: path });
    // Windows has neither owners nor mode bits here.
    const own = process.getuid?.();
    if (own !== undefined && uid !== own) {
      throw new AgentIdError('unreadable', 'a key file belongs to another user of this machine', {
        where: path,
        hint: 'Who owns it can read it. Delete it and enroll again, or, if it is yours: chown it to yourself.',
      });
    }
    if (own !== undefined && (mode & 0o077) !== 0) {
      throw new AgentIdError('unreadable', 'a key file is open to other users of this machine', {
        where: path,
        hint: `Treat the key as leaked: delete it and enroll again. If nobody else could reach it: chmod 600`,
      });
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/** Gives the key with which this machine authenticates its audit log's head; makes it once where `create`. */
export async function readAuditKey(
  paths: Pick<StatePaths, 'keys'>,
  create: boolean,
): Promise<Buffer | undefined> {
  const file = join(paths.keys, 'audit.key');
  const text = await readPrivateFile(file);
  if (text !== undefined) return toAuditKey(text, file);
  if (!create) return undefined;
  await makePrivateFolder(paths.keys);
  try {
    await writeSynced(file, `${randomBytes(32).toString('base64url')}\n`, 0o600);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) {
      throw new AgentIdError('unwritable', 'cannot write the audit key', { cause: error, where: file });
    }
  }
  return readAuditKey(paths, false);
}

/** A crash may have left a part: whoever guesses that it is empty could write a head. */
function toAuditKey(text: string, where: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64url');
  if (key.length === 32) return key;
  throw new AgentIdError('malformed', "the audit log's key is malformed", {
    where,
    hint: 'Keep the log as evidence and move it away, delete the key: both begin anew.',
  });
}
