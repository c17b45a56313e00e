import { randomBytes, randomUUID } from 'node:crypto';
import {
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
  importJWK,
  jwtVerify,
  type JWK,
} from 'jose';
import type { Answer } from './okta-answers.ts';
import { clientIdOf, keysOf, table, type Row, type Rows } from './okta-rows.ts';

/** What the token endpoints know. */
export interface TokenState {
  readonly issuer: string;
  readonly rows: Rows;
  readonly tokens: Map<string, { readonly clientId: string; readonly scopes: readonly string[] }>;
  /** Ids of assertions that were taken: each works once. */
  readonly assertions: Set<string>;
  /** What proofs of possession must hold. */
  readonly nonce: string;
}

/** A token request: its form, and its proof of possession where there is one. */
export interface TokenAsked {
  readonly form: Readonly<Record<string, string>>;
  readonly proof: string | undefined;
}

const jagType = 'urn:ietf:params:oauth:token-type:id-jag';
const idTokenType = 'urn:ietf:params:oauth:token-type:id_token';
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** The organisation's own server: service apps for themselves, granted scopes only, and assertions for AI agents. */
export async function orgToken(state: TokenState, asked: TokenAsked): Promise<Answer> {
  const url = `${state.issuer}/oauth2/v1/token`;
  const { form } = asked;
  const client = await authenticate(state, form, url);
  if (client === undefined) return oauthError(401, 'invalid_client', 'The client authentication failed.');
  if (form['requested_token_type'] === jagType) return giveJag(state, client, form);
  if (form['grant_type'] !== 'client_credentials' || client.agent)
    return oauthError(400, client.agent ? 'unauthorized_client' : 'unsupported_grant_type', 'no');
  const refused = await refuseProof(state, client, { ...asked, url });
  if (refused !== undefined) return refused;
  const scopes = (form['scope'] ?? '').split(' ');
  const granted = [...table(state.rows, `grants ${String(client.row['id'])}`).values()];
  if (!scopes.every((scope) => granted.some(({ scopeId }) => scopeId === scope))) {
    return oauthError(400, 'invalid_scope', 'One or more scopes are not configured for this client.');
  }
  logGrant(state, { server: '', client, scopes, subject: null });
  const value = randomBytes(24).toString('base64url');
  state.tokens.set(value, { clientId: client.id, scopes });
  return {
    status: 200,
    body: {
      token_type: client.bound ? 'DPoP' : 'Bearer',
      expires_in: 3600,
      access_token: value,
      scope: scopes.join(' '),
    },
  };
}

/** First leg of Cross App Access: an ID token of the linked application becomes an assertion for one server. */
function giveJag(state: TokenState, client: Client, form: TokenAsked['form']): Answer {
  if (!client.agent) return oauthError(400, 'unauthorized_client', 'The client is no AI agent.');
  const user = readUser(state, client, form);
  if (user === undefined) return oauthError(400, 'invalid_request', "'subject_token' is invalid");
  const connection = [...table(state.rows, `connections ${client.id}`).values()].find((one) => {
    const { issuerUrl } = one['authorizationServer'] as Row;
    const named = form['resource'] === undefined || form['resource'] === one['resourceIndicator'];
    return issuerUrl === form['audience'] && named && one['status'] === 'ACTIVE';
  });
  if (connection === undefined) return oauthError(400, 'invalid_target', 'no such connection');
  const scopes = (form['scope'] ?? '').split(' ');
  const allowed = connection['scopes'] as string[];
  const all = connection['scopeCondition'] === 'ALL_SCOPES';
  if (!all && !scopes.every((scope) => allowed.includes(scope)))
    return oauthError(400, 'invalid_scope', 'The following scopes are not allowed for this request');
  const iat = now();
  const claims = {
    iss: state.issuer,
    aud: form['audience'],
    sub: user,
    client_id: client.id,
    jti: randomUUID(),
    scope: scopes.join(' '),
    ...(form['resource'] === undefined ? {} : { resource: form['resource'] }),
    iat,
    exp: iat + 300,
  };
  logGrant(state, { server: '', client, scopes, subject: user, kind: 'id_jag' });
  return {
    status: 200,
    body: {
      access_token: toJwt(claims, 'oauth-id-jag+jwt'),
      issued_token_type: jagType,
      token_type: 'N_A',
      expires_in: 300,
    },
  };
}

/** The user of an ID token that the agent's own sign-in application got; access tokens take a delegation link. */
function readUser(
  { issuer, rows }: TokenState,
  client: Client,
  form: TokenAsked['form'],
): string | undefined {
  if (form['subject_token_type'] !== idTokenType) return undefined;
  try {
    const { iss, aud, sub, exp = 0 } = decodeJwt(form['subject_token'] ?? '');
    const app = table(rows, 'apps').get(String(client.row['appId']));
    return app !== undefined && iss === issuer && aud === clientIdOf(app) && exp > now() ? sub : undefined;
  } catch {
    return undefined;
  }
}

/** A custom server: the first policy that names the client decides; the audience is its own. */
export async function customToken(state: TokenState, id: string, asked: TokenAsked): Promise<Answer> {
  const { form } = asked;
  const issuer = `${state.issuer}/oauth2/${id}`;
  const server = table(state.rows, 'servers').get(id);
  if (server === undefined) return oauthError(400, 'invalid_request', 'no such server');
  const url = `${issuer}/v1/token`;
  const client = await authenticate(state, form, url);
  if (client === undefined) return oauthError(401, 'invalid_client', 'The client authentication failed.');
  const refused = await refuseProof(state, client, { ...asked, url });
  if (refused !== undefined) return refused;
  const [audience = ''] = server['audiences'] as string[];
  const purpose = readPurpose(state, client, { form, issuer, audience, server: id });
  if ('status' in purpose) return purpose;
  const scopes = (form['scope'] ?? '').split(' ');
  const grantType = form['grant_type'] ?? '';
  const rule = findRule(state, { server: id, clientId: client.id, grantType, scopes });
  if (rule === undefined)
    return oauthError(400, 'access_denied', 'Policy evaluation failed for this request.');
  const { token } = rule['actions'] as { token: { accessTokenLifetimeMinutes: number } };
  const seconds = token.accessTokenLifetimeMinutes * 60;
  logGrant(state, { server: `/${id}`, client, scopes, subject: purpose.user });
  const claims = {
    iss: issuer,
    aud: purpose.audience,
    sub: purpose.user ?? client.id,
    cid: client.id,
    scp: scopes,
    iat: now(),
    exp: now() + seconds,
    ...(purpose.asserted ? { act: { sub: client.id, sub_profile: 'ai_agent' } } : {}),
    ...(client.bound ? { cnf: { jkt: await thumbprintOf(asked.proof) } } : {}),
  };
  return {
    status: 200,
    body: {
      access_token: toJwt(claims),
      token_type: client.bound ? 'DPoP' : 'Bearer',
      expires_in: seconds,
      scope: scopes.join(' '),
      ...(form['subject_token'] === undefined
        ? {}
        : { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }),
    },
  };
}

/** For whom and for what a token is. */
interface Purpose {
  /** Null for the client itself. */
  readonly user: string | null;
  readonly audience: string;
  /** Whether an assertion says so. */
  readonly asserted: boolean;
}

interface Place {
  readonly form: TokenAsked['form'];
  readonly issuer: string;
  readonly audience: string;
  readonly server: string;
}

function readPurpose(state: TokenState, client: Client, place: Place): Purpose | Answer {
  const { form, issuer, audience, server } = place;
  if (form['grant_type'] === jwtBearer) {
    return redeem(state, client, place) ?? oauthError(400, 'invalid_grant', 'The assertion is invalid.');
  }
  const subject = form['subject_token'];
  if (subject === undefined) return { user: null, audience, asserted: false };
  if (form['audience'] !== audience) return oauthError(400, 'invalid_target', 'no such audience');
  const { iss, sub = '' } = decodeJwt(subject);
  const trusted = [
    issuer,
    ...[...table(state.rows, `associated ${server}`).values()].map((one) => one['issuer']),
  ];
  if (iss !== undefined && !trusted.includes(iss))
    return oauthError(400, 'invalid_request', "'subject_token' is of a server that is not trusted here");
  return { user: sub, audience, asserted: false };
}

/** An assertion is for one server and one client, and works once. */
function redeem(state: TokenState, client: Client, { form, issuer, audience }: Place): Purpose | undefined {
  try {
    const { jti = '', sub = '', resource, ...claims } = decodeJwt(form['assertion'] ?? '');
    const jag = decodeProtectedHeader(form['assertion'] ?? '').typ === 'oauth-id-jag+jwt';
    const fits = claims.iss === state.issuer && claims.aud === issuer && claims['client_id'] === client.id;
    if (!jag || !fits || (claims.exp ?? 0) <= now() || state.assertions.has(jti)) return undefined;
    state.assertions.add(jti);
    return { user: sub, audience: typeof resource === 'string' ? resource : audience, asserted: true };
  } catch {
    return undefined;
  }
}

interface Wanted {
  readonly server: string;
  readonly clientId: string;
  readonly grantType: string;
  readonly scopes: readonly string[];
}

function findRule({ rows }: TokenState, { server, clientId, grantType, scopes }: Wanted): Row | undefined {
  const policies = [...table(rows, `policies ${server}`).values()];
  const policy = policies.find((one) => JSON.stringify(one['conditions']).includes(`"${clientId}"`));
  const rules = policy === undefined ? [] : [...table(rows, `rules ${String(policy['id'])}`).values()];
  return rules.find((one) => {
    const { grantTypes, scopes: allowed } = one['conditions'] as Record<string, { include: string[] }>;
    return (
      grantTypes?.include.includes(grantType) === true &&
      scopes.every((scope) => allowed?.include.includes(scope))
    );
  });
}

/** An application whose tokens are bound to a key must prove it, with the nonce that Okta gives at the first try. */
async function refuseProof(
  { nonce }: TokenState,
  { bound }: Client,
  { proof, url }: TokenAsked & { readonly url: string },
): Promise<Answer | undefined> {
  if (!bound) return undefined;
  if (proof === undefined)
    return oauthError(400, 'invalid_dpop_proof', 'The DPoP proof JWT header is missing.');
  try {
    const { jwk = {} } = decodeProtectedHeader(proof);
    const { payload } = await jwtVerify(proof, await importJWK(jwk, 'ES256'), {
      typ: 'dpop+jwt',
      maxTokenAge: 60,
    });
    if (payload['htm'] !== 'POST' || payload['htu'] !== url) throw new Error('another request');
    if (payload['nonce'] === nonce) return undefined;
  } catch {
    return oauthError(400, 'invalid_dpop_proof', 'The DPoP proof is invalid.');
  }
  const refusal = oauthError(400, 'use_dpop_nonce', 'Authorization server requires nonce in DPoP proof.');
  return { ...refusal, headers: { 'dpop-nonce': nonce } };
}

async function thumbprintOf(proof = ''): Promise<string> {
  return calculateJwkThumbprint(decodeProtectedHeader(proof).jwk ?? {});
}

interface Granted {
  readonly server: string;
  readonly client: Client;
  readonly scopes: readonly string[];
  readonly subject: string | null;
  readonly kind?: 'access_token' | 'id_jag';
}

/** What the System Log holds of a token. */
function logGrant({ rows }: TokenState, granted: Granted): void {
  const { server, client, scopes, subject, kind = 'access_token' } = granted;
  const uuid = randomUUID();
  const eventType = `app.oauth2.${server === '' ? '' : 'as.'}token.grant.${kind}`;
  const detailEntry = subject === null ? {} : { subject };
  table(rows, 'logs').set(uuid, {
    uuid,
    eventType,
    published: new Date().toISOString(),
    severity: 'INFO',
    actor: { id: client.id, type: 'PublicClientApp', displayName: client.row['label'] ?? client.id },
    outcome: { result: 'SUCCESS' },
    target: [{ id: `AT.${uuid}`, type: kind, displayName: 'Access Token', detailEntry }],
    debugContext: {
      debugData: { requestUri: `/oauth2${server}/v1/token`, grantedScopes: scopes.join(', ') },
    },
  });
}

/** Nobody here checks a signature: the token is for an API. */
export function toJwt(claims: object, typ?: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = { alg: 'RS256', kid: 'org', ...(typ === undefined ? {} : { typ }) };
  return `${part(header)}.${part(claims)}.AAAA`;
}

/** Who asks: an application, or an AI agent. */
interface Client {
  readonly id: string;
  readonly row: Row;
  readonly keys: readonly Row[];
  readonly agent: boolean;
  /** Its tokens are bound to a key. */
  readonly bound: boolean;
}

function findClient({ rows }: TokenState, id: string | undefined): Client | undefined {
  const agent = table(rows, 'ai-agents').get(id ?? '');
  if (agent !== undefined) {
    const keys = [...table(rows, `agent keys ${id}`).values()];
    return { id: String(id), row: agent, keys, agent: true, bound: false };
  }
  const app = [...table(rows, 'apps').values()].find((one) => clientIdOf(one) === id);
  if (app === undefined) return undefined;
  const { oauthClient } = app['settings'] as { oauthClient: Row };
  const bound = oauthClient['dpop_bound_access_tokens'] === true;
  return { id: String(id), row: app, keys: keysOf(app), agent: false, bound };
}

async function authenticate(
  state: TokenState,
  form: TokenAsked['form'],
  audience: string,
): Promise<Client | undefined> {
  const assertion = form['client_assertion'] ?? '';
  try {
    const client = findClient(state, decodeJwt(assertion).sub);
    if (client?.row['status'] !== 'ACTIVE') return undefined;
    const keys = client.keys.filter((key) => key['status'] === 'ACTIVE');
    const { payload } = await jwtVerify(
      assertion,
      async ({ kid }) => {
        const key = keys.find((one) => one['kid'] === kid);
        if (key === undefined) throw new Error('unknown key');
        return importJWK(key as JWK, 'ES256');
      },
      { audience, issuer: client.id, maxTokenAge: 3600 },
    );
    if (payload.jti === undefined || state.assertions.has(payload.jti)) return undefined;
    state.assertions.add(payload.jti);
    return client;
  } catch {
    return undefined;
  }
}

function oauthError(status: number, error: string, description: string): Answer {
  return { status, body: { error, error_description: description } };
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
