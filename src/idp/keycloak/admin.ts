import { signAssertion } from '../../exchange/assertion.ts';
import type { Signer } from '../../exchange/types.ts';
import type { HttpAnswer, HttpRequest } from '../../lib/http.ts';
import { notSignedIn, readFreshSession, type Session } from '../../lib/session.ts';
import { AgentIdError } from '../../model/error.ts';
import { Secret } from '../../model/secret.ts';
import { openAdminSigner } from '../admin-signer.ts';
import { toRecord } from '../metadata.ts';
import type { AdapterParts } from '../parts.ts';
import { toKeycloakRefusal } from './refusal.ts';

/** An object of Keycloak as it came. */
export type KeycloakObject = Readonly<Record<string, unknown>>;

export interface KeycloakCall {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/admin/realms/REALM`. */
  readonly path: string;
  /** The role of `realm-management` that it takes. */
  readonly role: Role;
  readonly body?: object;
  /** What it is for, as a verb: shown where it is refused. */
  readonly what: string;
}

/** Roles of the client `realm-management` that agent-id uses; the first two are needed, the others for one thing each. */
export type Role =
  | 'manage-clients'
  | 'view-events'
  | 'view-realm'
  | 'view-identity-providers'
  | 'manage-identity-providers'
  | 'manage-users';

/** Every client id of ours begins so. */
export const clientPrefix = 'agent-id.';

/** Asks Keycloak's admin API about one realm. */
export interface KeycloakAdmin {
  readonly parts: AdapterParts;
  readonly realm: string;
  /** Gives the answer's body, or `undefined` where there is no such thing (404). Throws `idp-refused`, `idp-unreachable`. */
  ask(call: KeycloakCall): Promise<unknown>;
  /** Gives a list; an empty one where there is none. */
  list(call: KeycloakCall): Promise<readonly KeycloakObject[]>;
  /** Seconds since 1970 by Keycloak's clock, as far as an answer told. */
  now(): number;
  /** What the administrator's own token says: its roles. */
  token(): Promise<Secret>;
}

/** Gives an access token for the admin API; `fresh` drops what is remembered. */
type Authorize = (fresh: boolean) => Promise<Secret>;

/** Administers as the client of the trust, whose key signs; where it names none, as the person who is signed in. */
export function createClientAdmin(parts: AdapterParts): KeycloakAdmin {
  return createAdmin(parts, parts.trust.admin === undefined ? asPerson(parts) : asClient(parts));
}

/** Administers with a token that is held in memory only. */
export function createTokenAdmin(parts: AdapterParts, token: Secret): KeycloakAdmin {
  return createAdmin(parts, () => Promise.resolve(token));
}

/** Splits an issuer into Keycloak's address and the realm. Throws `usage` for an issuer that is not Keycloak's. */
export function toPlace(issuer: string): { readonly base: string; readonly realm: string } {
  const [, base, realm] = /^(.+)\/realms\/([^/]+)$/.exec(issuer) ?? [];
  if (base !== undefined && realm !== undefined) return { base, realm };
  throw new AgentIdError('usage', 'this is not the issuer of a realm of Keycloak', {
    where: issuer,
    hint: 'It ends in /realms/REALM.',
  });
}

function createAdmin(parts: AdapterParts, authorize: Authorize): KeycloakAdmin {
  const { base, realm } = toPlace(parts.trust.issuer);
  let aheadSeconds = 0;
  const send = async (call: KeycloakCall): Promise<HttpAnswer> => {
    const url = `${base}/admin/realms/${realm}${call.path}`;
    let answer = await sendOnce(parts, { url, call, token: await authorize(false) });
    // A token may end early: its client was changed, or the clock is off.
    if (answer.status === 401) answer = await sendOnce(parts, { url, call, token: await authorize(true) });
    aheadSeconds = answer.clockAheadSeconds;
    return answer;
  };
  const ask = async (call: KeycloakCall): Promise<unknown> => {
    const answer = await send(call);
    if (answer.status === 404) return undefined;
    if (answer.status >= 400) throw toKeycloakRefusal(answer, call, { realm, where: parts.trust.issuer });
    return answer.body ?? {};
  };
  return {
    parts,
    realm: decodeURIComponent(realm),
    ask,
    async list(call) {
      const body = await ask(call);
      return Array.isArray(body) ? body.map(toRecord) : [];
    },
    now: () => Math.floor(parts.clock() / 1000) - aheadSeconds,
    token: () => authorize(false),
  };
}

interface Sent {
  readonly url: string;
  readonly call: KeycloakCall;
  readonly token: Secret;
}

function sendOnce({ http }: AdapterParts, { url, call, token }: Sent): Promise<HttpAnswer> {
  const request: HttpRequest = {
    method: call.method ?? 'GET',
    headers: { authorization: `Bearer ${token.open()}` },
    ...(call.body === undefined ? {} : { body: call.body }),
  };
  return http.request(url, request);
}

function asClient(parts: AdapterParts): Authorize {
  let held: Promise<Held> | undefined;
  let signer: Promise<Signer> | undefined;
  return async (fresh) => {
    const known = await held?.catch(() => undefined);
    if (!fresh && known !== undefined && known.until > parts.clock()) return known.token;
    signer ??= openAdminSigner(parts, {
      missing: 'Add it again with --admin-client-id ID --admin-key FILE.',
    });
    held = fetchToken(parts, await signer);
    return (await held).token;
  };
}

/** Their session is that of `login`, by browser or device code; it lies in the key store only. */
function asPerson({ trust, paths, clock, http }: AdapterParts): Authorize {
  const renew = async (old: Session): Promise<Session> => {
    const askedAt = clock();
    const { refreshToken } = old;
    const answer = await http.request(`${trust.issuer}/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: refreshToken?.open() ?? '',
        client_id: trust.loginClientId ?? '',
      }),
    });
    const { access_token: access, refresh_token: next, expires_in: seconds } = toRecord(answer.body);
    if (answer.status !== 200 || typeof access !== 'string') throw notSignedIn(trust.name);
    return {
      ...old,
      accessToken: new Secret(access),
      refreshToken: typeof next === 'string' ? new Secret(next) : refreshToken,
      expiresAt: askedAt + (typeof seconds === 'number' ? seconds : 60) * 1000,
    };
  };
  return async () => {
    const session = await readFreshSession(paths, trust.name, { clock, renew });
    if (session.issuer !== trust.issuer) throw notSignedIn(trust.name);
    return session.accessToken;
  };
}

interface Held {
  readonly token: Secret;
  /** Milliseconds since 1970. */
  readonly until: number;
}

async function fetchToken(parts: AdapterParts, signer: Signer): Promise<Held> {
  const { issuer, admin } = parts.trust;
  const now = parts.clock();
  const assertion = await signAssertion(signer, { clientId: admin?.clientId ?? '', audience: issuer, now });
  return requestToken(parts, issuer, {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  });
}

/** Gets an administrator's token with client credentials; of which kind, `form` says. Throws `idp-refused`. */
export async function requestToken(
  { http, clock }: Pick<AdapterParts, 'http' | 'clock'>,
  issuer: string,
  form: Readonly<Record<string, string>>,
): Promise<Held> {
  const askedAt = clock();
  const answer = await http.request(`${issuer}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', ...form }),
  });
  const { access_token: token, expires_in: seconds } = toRecord(answer.body);
  if (answer.status !== 200 || typeof token !== 'string') {
    const { realm } = toPlace(issuer);
    const call = { what: 'sign the administrator in', role: 'manage-clients' } as const;
    throw toKeycloakRefusal(answer, call, { realm, where: issuer });
  }
  const lives = typeof seconds === 'number' ? seconds : 0;
  return { token: new Secret(token), until: askedAt + (lives - 15) * 1000 };
}
