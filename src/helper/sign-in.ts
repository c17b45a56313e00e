import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { readClaims } from '../exchange/encode.ts';
import { toRecord } from '../idp/metadata.ts';
import type { Metadata, TrustedIdp } from '../idp/types.ts';
import { startLoopback } from '../lib/loopback.ts';
import type { Session } from '../lib/session.ts';
import { AgentIdError } from '../model/error.ts';
import { keptMetadata } from './metadata.ts';
import { loginClient, signInIssuer, toTokens, type Outside } from './session.ts';

/** How a person signs in. `show` gets what the person must open, and the code to type where there is one. */
export interface SignIn extends Required<Outside> {
  readonly trust: TrustedIdp;
  readonly show: (page: { readonly url: string; readonly code: string | null }) => void;
  /** What to ask for beside the session itself, so that agents may act for the person. */
  readonly scopes?: readonly string[];
  /** Longest wait for the person. */
  readonly timeoutMs: number;
}

function toScope({ scopes = [] }: SignIn): string {
  return ['openid', 'offline_access', ...scopes].join(' ');
}

type Answer = Readonly<Record<string, unknown>>;

/**
 * Signs a person in through the browser of this machine: authorization code with PKCE, answered on 127.0.0.1.
 * Throws `not-signed-in`, `denied`, `idp-refused`, `unsupported`.
 * @see RFC 8252, RFC 7636, RFC 9207
 */
export async function signInWithBrowser(signIn: SignIn): Promise<Session> {
  const { trust, http, clock } = signIn;
  const metadata = await keptMetadata(signInIssuer(trust), http, clock);
  const endpoint = requireEndpoint(metadata.authorization_endpoint, 'signing in through the browser');
  const [verifier, state, nonce] = [randomText(), randomText(), randomText()];
  const loopback = await startLoopback((query) => query.get('state') === state);
  try {
    const url = new URL(endpoint);
    const query = {
      response_type: 'code',
      client_id: loginClient(trust),
      redirect_uri: loopback.redirectUri,
      scope: toScope(signIn),
      // Without it, providers leave offline_access out (OpenID Connect Core section 11).
      prompt: 'consent',
      state,
      nonce,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    signIn.show({ url: url.href, code: null });
    const answer = await loopback.wait(signIn.timeoutMs);
    const code = toCode(answer, trust);
    return await redeem(signIn, metadata, {
      form: {
        grant_type: 'authorization_code',
        code,
        redirect_uri: loopback.redirectUri,
        code_verifier: verifier,
      },
      nonce,
    });
  } finally {
    await loopback.close();
  }
}

function toCode(answer: URLSearchParams | undefined, trust: TrustedIdp): string {
  if (answer === undefined) throw notInTime(trust);
  const iss = answer.get('iss');
  if (iss !== null && iss !== signInIssuer(trust)) {
    throw new AgentIdError('untrusted-issuer', 'another identity provider answered', {
      where: signInIssuer(trust),
    });
  }
  const error = answer.get('error');
  const code = answer.get('code');
  if (error === null && code !== null && code !== '') return code;
  throw refused(error);
}

/**
 * Signs a person in on another device: shows a code and asks until it was typed.
 * Throws as `signInWithBrowser`.
 * @see RFC 8628
 */
export async function signInWithDevice(signIn: SignIn): Promise<Session> {
  const { trust, http, clock } = signIn;
  const metadata = await keptMetadata(signInIssuer(trust), http, clock);
  const endpoint = requireEndpoint(metadata.device_authorization_endpoint, 'signing in with a code');
  const { status, data } = await post(signIn, endpoint, {
    client_id: loginClient(trust),
    scope: toScope(signIn),
    prompt: 'consent',
  });
  const { device_code: device, user_code: user, verification_uri: uri } = data;
  if (status !== 200 || typeof device !== 'string' || typeof user !== 'string' || typeof uri !== 'string') {
    throw refused(data['error']);
  }
  const complete = data['verification_uri_complete'];
  signIn.show({ url: typeof complete === 'string' ? complete : uri, code: user });
  return poll(signIn, metadata, { device, first: data });
}

async function poll(
  signIn: SignIn,
  metadata: Metadata,
  { device, first }: { readonly device: string; readonly first: Answer },
): Promise<Session> {
  const { trust, clock } = signIn;
  let intervalSeconds = toSeconds(first['interval'], 5);
  const ends = clock() + Math.min(signIn.timeoutMs, toSeconds(first['expires_in'], 600) * 1000);
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: device,
    client_id: loginClient(trust),
  };
  while (clock() < ends) {
    await sleep(intervalSeconds * 1000);
    const askedAt = clock();
    const { status, data } = await post(signIn, metadata.token_endpoint, form);
    if (status === 200) return toSession(signIn, data, { askedAt, nonce: null });
    if (data['error'] === 'slow_down') intervalSeconds += 5;
    else if (data['error'] === 'expired_token') break;
    else if (data['error'] !== 'authorization_pending') throw refused(data['error']);
  }
  throw notInTime(trust);
}

async function post(
  { http }: SignIn,
  url: string,
  form: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly data: Answer }> {
  const { status, body } = await http.request(url, { method: 'POST', body: new URLSearchParams(form) });
  return { status, data: toRecord(body) };
}

async function redeem(
  signIn: SignIn,
  metadata: Metadata,
  { form, nonce }: { readonly form: Readonly<Record<string, string>>; readonly nonce: string },
): Promise<Session> {
  const askedAt = signIn.clock();
  const { status, data } = await post(signIn, metadata.token_endpoint, {
    ...form,
    client_id: loginClient(signIn.trust),
  });
  if (status !== 200) throw refused(data['error']);
  return toSession(signIn, data, { askedAt, nonce });
}

function toSession(
  { trust }: SignIn,
  answer: Answer,
  { askedAt, nonce }: { readonly askedAt: number; readonly nonce: string | null },
): Session {
  const user = toUser(answer, trust, nonce);
  return { idp: trust.name, issuer: signInIssuer(trust), user, ...toTokens(answer, askedAt) };
}

/** The ID token came straight from the token endpoint, so that its signature need not be checked (OIDC Core 3.1.3.7). */
function toUser(answer: Answer, trust: TrustedIdp, nonce: string | null): string {
  const claims = readClaims(String(answer['id_token']));
  const audiences = Array.isArray(claims?.['aud']) ? claims['aud'] : [claims?.['aud']];
  const sound =
    claims?.['iss'] === signInIssuer(trust) &&
    audiences.includes(loginClient(trust)) &&
    (nonce === null || claims['nonce'] === nonce);
  const user = claims?.['sub'];
  if (sound && typeof user === 'string' && user !== '') return user;
  throw new AgentIdError('idp-refused', 'the identity provider’s answer does not belong to this sign-in', {
    where: signInIssuer(trust),
  });
}

function requireEndpoint(endpoint: string | undefined, what: string): string {
  if (endpoint !== undefined) return endpoint;
  throw new AgentIdError('unsupported', `the identity provider does not offer ${what}`, {
    hint: 'Try agent-id login with, or without, --device.',
  });
}

function refused(error: unknown): AgentIdError {
  const reason = typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? error : 'no reason given';
  if (reason === 'access_denied') {
    return new AgentIdError('denied', 'the person did not agree, or may not sign in', {
      hint: 'Run agent-id login again.',
    });
  }
  const hint = 'An agent of the lock file may be gone there. Look: agent-id agents list';
  return new AgentIdError(
    'idp-refused',
    `the identity provider refused to sign in: ${reason}`,
    reason === 'invalid_scope' ? { hint } : {},
  );
}

function notInTime(trust: TrustedIdp): AgentIdError {
  return new AgentIdError('not-signed-in', 'nobody signed in in time', {
    where: signInIssuer(trust),
    hint: 'Run agent-id login again.',
  });
}

function toSeconds(value: unknown, fallback: number): number {
  return typeof value === 'number' && value > 0 ? value : fallback;
}

function randomText(): string {
  return randomBytes(32).toString('base64url');
}
