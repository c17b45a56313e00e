import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentIdError } from '../model/error.ts';
import { Secret } from '../model/secret.ts';
import { makePrivateFolder, writeWhole } from './files.ts';
import { readPrivateFile } from './keys.ts';
import { withLock } from './lock.ts';
import type { StatePaths } from './state.ts';

type KeysFolder = Pick<StatePaths, 'keys'>;

/** Who signed in with `login` at one identity provider. Times in milliseconds since 1970. */
export interface Session {
  readonly idp: string;
  readonly issuer: string;
  readonly user: string;
  readonly accessToken: Secret;
  readonly refreshToken: Secret | null;
  /** For resources whose tokens are asked for with it. */
  readonly idToken?: Secret;
  readonly expiresAt: number;
}

/** A session is renewed when this little is left: it must outlive the exchange that it is for. */
const MARGIN_MS = 30_000;
const LOCK_WAIT_MS = 20_000;

/** Reads the session; `undefined` where nobody is signed in. Throws `unreadable`, `malformed`. */
export async function readSession(paths: KeysFolder, idp: string): Promise<Session | undefined> {
  const file = sessionFile(paths, idp);
  const text = await readPrivateFile(file);
  if (text === undefined) return undefined;
  const session = parseSession(text);
  if (session !== undefined && session.idp === idp) return session;
  throw new AgentIdError('malformed', 'the session file is malformed', {
    where: file,
    hint: 'Run: agent-id logout, then agent-id login',
  });
}

/** Writes the session, 0600, whole or not at all. */
export async function writeSession(paths: KeysFolder, session: Session): Promise<void> {
  await makePrivateFolder(paths.keys);
  const { accessToken, refreshToken, idToken } = session;
  const data = {
    ...session,
    schemaVersion: 1,
    accessToken: accessToken.open(),
    refreshToken: refreshToken?.open() ?? null,
    idToken: idToken?.open() ?? null,
  };
  await writeWhole(sessionFile(paths, session.idp), `${JSON.stringify(data)}\n`, 0o600);
}

/** Deletes the session. A missing one is no error. */
export async function deleteSession(paths: KeysFolder, idp: string): Promise<void> {
  await rm(sessionFile(paths, idp), { force: true });
}

/**
 * Gives a session whose access token is still good, renewing it where needed. Refresh tokens rotate, so that only
 * one process renews at a time and the others take what it wrote. Throws `not-signed-in`.
 */
export async function readFreshSession(
  paths: KeysFolder,
  idp: string,
  { clock, renew }: { clock: () => number; renew: (session: Session) => Promise<Session> },
): Promise<Session> {
  const session = await readSession(paths, idp);
  if (session === undefined) throw notSignedIn(idp);
  if (isFresh(session, clock)) return session;
  return withLock(`${sessionFile(paths, idp)}.lock`, LOCK_WAIT_MS, async () => {
    const current = await readSession(paths, idp);
    if (current === undefined) throw notSignedIn(idp);
    if (isFresh(current, clock)) return current;
    if (current.refreshToken === null) throw notSignedIn(idp);
    const renewed = await renew(current);
    await writeSession(paths, renewed);
    return renewed;
  });
}

/** Says that a user must sign in first, and how. */
export function notSignedIn(idp: string, cause?: unknown): AgentIdError {
  return new AgentIdError('not-signed-in', `nobody is signed in at ${idp}, or the session has ended`, {
    hint: `Run: agent-id login --idp ${idp}`,
    ...(cause === undefined ? {} : { cause }),
  });
}

function isFresh(session: Session, clock: () => number): boolean {
  return session.expiresAt - MARGIN_MS > clock();
}

function sessionFile(paths: KeysFolder, idp: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(idp)) {
    throw new AgentIdError(
      'usage',
      'the name of an identity provider is lower-case letters, digits and hyphens',
    );
  }
  return join(paths.keys, `session-${idp}.json`);
}

function parseSession(text: string): Session | undefined {
  try {
    const data = JSON.parse(text) as Record<string, unknown>;
    const { idp, issuer, user, accessToken, refreshToken, idToken, expiresAt } = data;
    const texts = [idp, issuer, user, accessToken].every((field) => typeof field === 'string');
    if (!texts || typeof expiresAt !== 'number' || data['schemaVersion'] !== 1) return undefined;
    return {
      idp: String(idp),
      issuer: String(issuer),
      user: String(user),
      accessToken: new Secret(String(accessToken)),
      refreshToken: typeof refreshToken === 'string' ? new Secret(refreshToken) : null,
      ...(typeof idToken === 'string' && { idToken: new Secret(idToken) }),
      expiresAt,
    };
  } catch {
    // The cause might quote a token.
    return undefined;
  }
}
