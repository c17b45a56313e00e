import { createHash, generateKeyPairSync, randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { browse } from '../../src/demo/browser.ts';
import { createFileSigner } from '../../src/exchange/node.ts';
import { signAssertion } from '../../src/exchange/assertion.ts';
import { startEmbedded, type Embedded } from '../../src/idp/embedded/index.ts';
import { toPublicJwk } from '../../src/lib/keys.ts';
import type { PublicJwk } from '../../src/model/agent.ts';

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
export const exchangeType = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

/** A key pair as an agent's machine would hold it. */
export interface TestKey {
  readonly privateKey: KeyObject;
  readonly publicKey: PublicJwk;
}

export function makeKey(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = publicKey.export({ format: 'jwk' });
  return { privateKey, publicKey: toPublicJwk({ x: String(x), y: String(y) }) };
}

export async function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'agent-id-idp-'));
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

/** The embedded provider, and what a person, an agent and an administrator do with it. */
export interface Kit {
  readonly folder: string;
  readonly dataDir: string;
  idp: Embedded;
  /** Milliseconds to add to the clock of the provider. */
  readonly time: { shift: number };
  restart(): Promise<void>;
  admin(method: string, path: string, body?: object): Promise<Answer>;
  register(clientId: string, key: TestKey, more?: object): Promise<Answer>;
  password(user: string): string;
  /** Signs a user in through the pages and gives the tokens that `login` would get. */
  login(user?: string): Promise<{ readonly access: string; readonly refresh: string }>;
  exchange(clientId: string, key: TestKey, subject: string, more?: Record<string, string>): Promise<Answer>;
  itself(clientId: string, key: TestKey, more?: Record<string, string>): Promise<Answer>;
  stop(): Promise<void>;
}

export async function startKit(): Promise<Kit> {
  const folder = await makeFolder();
  const dataDir = join(folder, 'data');
  const passwords = new Map<string, string>();
  const time = { shift: 0 };
  const clock = (): number => Date.now() + time.shift;
  const kit: Kit = {
    folder,
    dataDir,
    idp: await startEmbedded({ dataDir, clock }),
    time,
    async restart() {
      await kit.idp.stop();
      kit.idp = await startEmbedded({ dataDir, clock });
    },
    async admin(method, path, body) {
      const signer = await createFileSigner(kit.idp.adminKeyFile);
      const token = await signAssertion(signer, {
        clientId: 'agent-id-admin',
        audience: kit.idp.issuer,
        now: clock(),
      });
      return ask(`${kit.idp.issuer}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    },
    register: (clientId, key, more = {}) =>
      kit.admin('POST', '/register', registration(kit.idp.passwordApiUrl, clientId, key, more)),
    password: (user) => passwords.get(user) ?? '',
    login: async (user = 'user-x') =>
      signIn(kit.idp.issuer, { name: user, password: passwords.get(user) ?? '' }),
    exchange: (clientId, key, subject, more = {}) =>
      askToken(
        kit.idp.issuer,
        { clientId, key },
        {
          grant_type: exchangeType,
          subject_token: subject,
          subject_token_type: accessTokenType,
          resource: kit.idp.passwordApiUrl,
          scope: 'okta.users.manage',
          ...more,
        },
      ),
    itself: (clientId, key, more = {}) =>
      askToken(
        kit.idp.issuer,
        { clientId, key },
        {
          grant_type: 'client_credentials',
          resource: kit.idp.passwordApiUrl,
          scope: 'okta.groups.read',
          ...more,
        },
      ),
    async stop() {
      await kit.idp.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  for (const { id, password } of kit.idp.users) passwords.set(id, password ?? '');
  return kit;
}

export function registration(uri: string, clientId: string, key: TestKey, more: object = {}): object {
  return {
    client_id: clientId,
    client_name: 'Password-Reset Agent',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [key.publicKey] },
    owner: '@acme/support',
    software_id: 'test-marker',
    acts_for: 'user',
    grants: [{ uri, scopes: ['okta.users.read', 'okta.users.manage'] }],
    ...more,
  };
}

export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  let body: Record<string, unknown> = {};
  try {
    body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    body = { text };
  }
  return { status: response.status, body, headers: response.headers };
}

export interface TestClient {
  readonly clientId: string;
  readonly key: TestKey;
}

export async function signedAssertion(
  { clientId, key }: TestClient,
  audience: string,
  { now = Date.now(), jti = randomUUID() as string, seconds = 60 } = {},
): Promise<string> {
  const iat = Math.floor(now / 1000);
  return new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: key.publicKey.kid })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(audience)
    .setIssuedAt(iat)
    .setExpirationTime(iat + seconds)
    .setJti(jti)
    .sign(key.privateKey);
}

export async function askToken(
  issuer: string,
  client: TestClient,
  form: Record<string, string>,
): Promise<Answer> {
  return ask(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      ...form,
      client_assertion_type: assertionType,
      client_assertion: await signedAssertion(client, issuer),
    }),
  });
}

/** Authorization code with PKCE over the real pages; a loopback server takes the code as `login` does. */
export async function signIn(
  issuer: string,
  who: { readonly name: string; readonly password: string },
): Promise<{ readonly access: string; readonly refresh: string }> {
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(8).toString('hex');
  const loopback = await startLoopback();
  const query = new URLSearchParams({
    client_id: 'agent-id-cli',
    response_type: 'code',
    redirect_uri: loopback.uri,
    scope: 'openid offline_access',
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  try {
    await browse(`${issuer}/auth?${query.toString()}`, who);
    const answer = await loopback.answer;
    if (answer.get('code') === null) throw new Error(`no code: ${answer.toString()}`);
    const { body } = await ask(`${issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: 'agent-id-cli',
        code: answer.get('code') ?? '',
        redirect_uri: loopback.uri,
        code_verifier: verifier,
      }),
    });
    return { access: String(body['access_token']), refresh: String(body['refresh_token']) };
  } finally {
    loopback.stop();
  }
}

async function startLoopback(): Promise<{ uri: string; answer: Promise<URLSearchParams>; stop: () => void }> {
  let take: (params: URLSearchParams) => void = () => undefined;
  const answer = new Promise<URLSearchParams>((resolve) => {
    take = resolve;
  });
  const server = createServer((request, response) => {
    take(new URL(request.url ?? '/', 'http://loopback').searchParams);
    response.end('signed in');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { uri: `http://127.0.0.1:${port}/callback`, answer, stop: () => server.close() };
}

export function claimsOf(token: unknown): Record<string, unknown> {
  const [, payload = ''] = String(token).split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
}
