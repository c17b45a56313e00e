import { toRecord } from '../idp/metadata.ts';
import type { TrustedIdp } from '../idp/types.ts';
import { systemClock } from '../lib/clock.ts';
import { createHttp, type Http } from '../lib/http.ts';
import { notSignedIn, readFreshSession, type Session } from '../lib/session.ts';
import type { StatePaths } from '../lib/state.ts';
import { AgentIdError } from '../model/error.ts';
import { Secret } from '../model/secret.ts';
import { keptMetadata } from './metadata.ts';

/** Clock and network, this machine's unless given. */
export interface Outside {
  readonly clock?: () => number;
  readonly http?: Http;
}

/** Gives the token of the user who signed in with `login`, renewed where needed. Throws `not-signed-in`. */
export async function readSessionToken(
  trust: TrustedIdp,
  paths: Pick<StatePaths, 'keys'>,
  outside: Outside = {},
): Promise<Session> {
  const clock = outside.clock ?? systemClock;
  const http = outside.http ?? createHttp({ clock });
  const session = await readFreshSession(paths, trust.name, {
    clock,
    renew: async (old) => renewSession(old, trust, { clock, http }),
  });
  // Trust may have been given anew to somebody else under the same name.
  if (session.issuer !== signInIssuer(trust)) throw notSignedIn(trust.name);
  return session;
}

async function renewSession(
  session: Session,
  trust: TrustedIdp,
  { clock, http }: Required<Outside>,
): Promise<Session> {
  if (session.issuer !== signInIssuer(trust) || session.refreshToken === null) throw notSignedIn(trust.name);
  const metadata = await keptMetadata(signInIssuer(trust), http, clock);
  const askedAt = clock();
  const { status, body } = await http.request(metadata.token_endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: session.refreshToken.open(),
      client_id: loginClient(trust),
    }),
  });
  if (status !== 200) throw notSignedIn(trust.name);
  return { ...session, ...toTokens(toRecord(body), askedAt, session) };
}

/** Where users sign in: whose tokens a session holds. */
export function signInIssuer({ issuer, loginIssuer }: TrustedIdp): string {
  return loginIssuer ?? issuer;
}

/** The public client that `login` uses. Throws `unsupported` where the provider has none. */
export function loginClient(trust: TrustedIdp): string {
  if (trust.loginClientId !== undefined) return trust.loginClientId;
  throw new AgentIdError('unsupported', `no client to sign in with is known for ${trust.name}`, {
    hint: 'Add the provider again with its login client: agent-id idp add',
  });
}

/** Takes the tokens out of a token endpoint's answer. Throws `idp-refused` for an answer without a usable one. */
export function toTokens(
  data: Readonly<Record<string, unknown>>,
  askedAt: number,
  old?: Session,
): Pick<Session, 'accessToken' | 'refreshToken' | 'idToken' | 'expiresAt'> {
  const { id_token: id } = data;
  const { access_token: access, refresh_token: refresh, expires_in: expiresIn, token_type: type } = data;
  if (typeof access !== 'string' || access === '' || String(type).toLowerCase() !== 'bearer') {
    throw new AgentIdError('idp-refused', 'the identity provider answered without a usable token');
  }
  return {
    accessToken: new Secret(access),
    refreshToken: typeof refresh === 'string' ? new Secret(refresh) : (old?.refreshToken ?? null),
    ...(typeof id === 'string' && { idToken: new Secret(id) }),
    expiresAt: askedAt + (typeof expiresIn === 'number' ? expiresIn : 300) * 1000,
  };
}

/** Ends the refresh token at the provider; says whether it took it. Never throws for a provider that is away. @see RFC 7009 */
export async function revokeSession(
  session: Session,
  trust: TrustedIdp,
  { clock, http }: Required<Outside>,
): Promise<boolean> {
  const token = session.refreshToken ?? session.accessToken;
  try {
    const metadata = await keptMetadata(signInIssuer(trust), http, clock);
    if (metadata.revocation_endpoint === undefined || session.issuer !== signInIssuer(trust)) return false;
    const { status } = await http.request(metadata.revocation_endpoint, {
      method: 'POST',
      body: new URLSearchParams({
        token: token.open(),
        token_type_hint: session.refreshToken === null ? 'access_token' : 'refresh_token',
        client_id: loginClient(trust),
      }),
    });
    return status === 200;
  } catch (error) {
    if (error instanceof AgentIdError) return false;
    throw error;
  }
}
