import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAgent } from '../../src/exchange/agent.ts';
import { createFileSigner } from '../../src/exchange/node.ts';
import type { Agent, AgentOptions, ExchangeEvent } from '../../src/exchange/types.ts';

export const clientId = 'agent-id.password-reset.abcdefgh';
export const userScope = 'okta.users.manage';

/** One request as the fake authorization server saw it. */
export interface Seen {
  readonly form: URLSearchParams;
  readonly assertion: Record<string, unknown>;
  readonly kid: unknown;
}

type Alter = (answer: Record<string, unknown>, claims: Record<string, unknown>) => void;

export interface FakeAs {
  readonly origin: string;
  readonly resource: string;
  readonly seen: Seen[];
  readonly events: ExchangeEvent[];
  readonly keyFile: string;
  /** Whose assertions are good: the key of `keyFile`, until a test says otherwise. */
  clientKey: KeyObject;
  now: number;
  /** Changes the next answers: to test what the client refuses. */
  alter: Alter;
  /** Takes over the whole answer when it returns true. */
  intercept: (response: ServerResponse, form: URLSearchParams) => boolean;
  /** What the protected resource does. */
  api: (request: IncomingMessage, response: ServerResponse) => void;
  /** Added to what discovery answers. */
  metadata: Record<string, unknown>;
  agent(options?: Partial<AgentOptions>): Agent;
  subject(sub: string, claims?: Record<string, unknown>): string;
  stop(): Promise<void>;
}

/** Starts an authorization server and an API on loopback, both made for these tests. */
export async function startFakeAs(): Promise<FakeAs> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-id-fake-'));
  const keyFile = join(folder, 'key.json');
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(keyFile, JSON.stringify(privateKey.export({ format: 'jwk' })), { mode: 0o600 });
  const asKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const signer = await createFileSigner(keyFile);

  const fake: FakeAs = {
    origin,
    resource: `${origin}/api/`,
    seen: [],
    events: [],
    keyFile,
    clientKey: publicKey,
    now: Date.now(),
    alter: () => undefined,
    intercept: () => false,
    api: (_request, response) => response.end('{}'),
    metadata: {},
    agent: (options = {}) =>
      createAgent({
        signer,
        fetch,
        clock: () => fake.now,
        onEvent: (event) => fake.events.push(event),
        clientId,
        issuer: origin,
        tokenEndpoint: `${origin}/token`,
        requireAct: true,
        ...options,
      }),
    subject: (sub, claims = {}) =>
      jwt(asKey, { iss: origin, sub, aud: clientId, exp: Math.floor(fake.now / 1000) + 3600, ...claims }),
    stop: async () => {
      await close(server);
      await rm(folder, { recursive: true });
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/.well-known/oauth-authorization-server') {
      response.end(JSON.stringify({ issuer: origin, token_endpoint: `${origin}/token`, ...fake.metadata }));
      return;
    }
    if (request.url !== '/token') return fake.api(request, response);
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const form = new URLSearchParams(body);
    const assertion = form.get('client_assertion');
    fake.seen.push({
      form,
      ...(assertion === null ? { assertion: {}, kid: null } : check(assertion, fake.clientKey)),
    });
    if (fake.intercept(response, form)) return;
    const [data, claims] = honest(form, fake);
    fake.alter(data, claims);
    data['access_token'] ??= jwt(asKey, claims);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(data));
  }
  return fake;
}

function honest(form: URLSearchParams, fake: FakeAs): [Record<string, unknown>, Record<string, unknown>] {
  const iat = Math.floor(fake.now / 1000);
  const subjectToken = form.get('subject_token');
  const delegated = subjectToken !== null;
  const data: Record<string, unknown> = {
    ...(delegated ? { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' } : {}),
    token_type: 'Bearer',
    expires_in: 300,
    scope: form.get('scope'),
  };
  const claims: Record<string, unknown> = {
    iss: fake.origin,
    sub: delegated ? claimsOf(subjectToken)['sub'] : clientId,
    ...(delegated ? { act: { sub: clientId } } : {}),
    aud: form.get('resource'),
    scope: form.get('scope'),
    iat,
    exp: iat + 300,
    jti: `jti-${fake.seen.length}`,
  };
  return [data, claims];
}

export function claimsOf(token: string): Record<string, unknown> {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  return JSON.parse(payload) as Record<string, unknown>;
}

function jwt(key: KeyObject, claims: object): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const input = `${encode({ alg: 'ES256', typ: 'at+jwt' })}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

function check(assertion: string, key: KeyObject): { assertion: Record<string, unknown>; kid: unknown } {
  const [header = '', payload = '', signature = ''] = assertion.split('.');
  const valid = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  if (!valid) throw new Error('the client assertion has a bad signature');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: unknown };
  return { assertion: claimsOf(assertion), kid };
}

export function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
