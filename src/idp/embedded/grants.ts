import type { KoaContextWithOIDC } from 'oidc-provider';
import { errors } from 'oidc-provider';
import type { JWTPayload } from 'jose';
import { nowSeconds, resourceByUri, toEventAgent, toEventResource, type Idp } from './context.ts';
import { bindKey, currentNonce } from './dpop.ts';
import { bearerGrant, decideBearer, jagType, toJag } from './id-jag.ts';
import { readResource, readScopes, scopesIn, type Params } from './limits.ts';
import { consentKey, toRecord, type AgentRecord, type ScopedResource } from './state.ts';
import { audiencesOf, mintToken, readOwnToken, TOKEN_SECONDS, type Minted } from './tokens.ts';

export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const exchangeParams = [
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'resource',
  'audience',
  'scope',
] as const;
export const itselfParams = ['resource', 'scope'] as const;

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const jwtType = 'urn:ietf:params:oauth:token-type:jwt';
const MAX_ACTORS = 5;

type Decide = (idp: Idp, agent: AgentRecord, params: Params, jkt?: string) => Promise<Minted>;

/** One request for a token: of whom, for what, and with which proof of a key (RFC 9449). */
interface Asked {
  readonly agent: AgentRecord;
  readonly params: Params;
  readonly proof: string | undefined;
}

/** Exchanges a user's token for one that names the agent as its actor. @see RFC 8693 */
export async function answerExchange(idp: Idp, ctx: KoaContextWithOIDC): Promise<void> {
  ctx.body = await issue(idp, askedIn(idp, ctx), decideExchange);
}

/** Gives a token to an agent that acts as itself. @see RFC 6749 section 4.4 */
export async function answerItself(idp: Idp, ctx: KoaContextWithOIDC): Promise<void> {
  ctx.body = await issue(idp, askedIn(idp, ctx), decideItself);
}

/** Takes another provider's word for who the user is (ID-JAG). @see RFC 7523 section 2.1 */
export async function answerBearer(idp: Idp, ctx: KoaContextWithOIDC): Promise<void> {
  ctx.body = await issue(idp, askedIn(idp, ctx), decideBearer);
}

/** Gives the answer to an agent that was authenticated elsewhere. Throws the library's errors. */
export async function issueTo(idp: Idp, asked: Asked): Promise<object> {
  const { grant_type: grant } = asked.params;
  const decide = typeof grant === 'string' ? decisions.get(grant) : undefined;
  if (decide === undefined)
    throw new errors.UnsupportedGrantType('an agent exchanges a token, or acts as itself');
  return issue(idp, asked, decide);
}

const decisions = new Map<string, Decide>([
  [exchangeGrant, decideExchange],
  [bearerGrant, decideBearer],
  ['client_credentials', decideItself],
]);

function askedIn(idp: Idp, ctx: KoaContextWithOIDC): Asked {
  ctx.set('dpop-nonce', currentNonce(idp));
  return { agent: agentOf(idp, ctx), params: { ...ctx.oidc.params }, proof: ctx.get('dpop') };
}

function agentOf(idp: Idp, ctx: KoaContextWithOIDC): AgentRecord {
  const agent = idp.state.data.agents.get(String(ctx.oidc.client?.clientId));
  if (agent === undefined) throw new errors.UnauthorizedClient('only agents may ask for this');
  return agent;
}

async function decideExchange(idp: Idp, agent: AgentRecord, params: Params): Promise<Minted> {
  if (agent.actsFor !== 'user') {
    throw new errors.UnauthorizedClient('this agent acts as itself and takes no user token');
  }
  assertExchange(params);
  const subject = await readSubject(idp, params, agent);
  const user = String(subject.sub);
  const approved = approvalIn(subject, agent);
  const agreed = approved?.grants ?? consented(idp, user, agent);
  const act = { sub: agent.clientId, ...(subject['act'] === undefined ? {} : { act: subject['act'] }) };
  if (params['requested_token_type'] === jagType)
    return toJag(agent, params, { subject: user, act, notAfter: subject.exp ?? 0 }, approved?.grants);
  const resource = readResource(idp, params);
  const scopes = readScopes(params, scopesIn(agent.grants, resource), scopesIn(agreed, resource));
  const minted = { agent, subject: user, resource, scopes, act, notAfter: subject.exp ?? 0 };
  return approved === undefined ? minted : { ...minted, approvedAt: approved.at };
}

function consented(idp: Idp, user: string, { clientId }: AgentRecord): readonly ScopedResource[] {
  const consent = idp.state.data.consents.get(consentKey(user, clientId));
  if (consent?.allowed === true) return consent.grants;
  throw new errors.AccessDenied('the user has not agreed that this agent acts for them');
}

/** What the user allowed just now, once, when the agent asked; it stands in for a lasting consent. */
function approvalIn(
  payload: JWTPayload,
  { clientId }: AgentRecord,
): { readonly grants: readonly ScopedResource[]; readonly at: number } | undefined {
  const { client_id: asker, resource, scope, act, iat = 0 } = payload;
  if (asker !== clientId || typeof resource !== 'string' || act !== undefined) return undefined;
  return { grants: [{ uri: resource, scopes: String(scope).split(' ') }], at: iat };
}

async function decideItself(idp: Idp, agent: AgentRecord, params: Params): Promise<Minted> {
  if (agent.actsFor !== 'itself') {
    throw new errors.UnauthorizedClient('this agent acts only for a user: its key alone yields nothing');
  }
  const resource = readResource(idp, params);
  const scopes = readScopes(params, scopesIn(agent.grants, resource));
  const notAfter = nowSeconds(idp) + 2 * TOKEN_SECONDS;
  return { agent, subject: agent.clientId, resource, scopes, act: null, notAfter };
}

async function issue(idp: Idp, { agent, params, proof }: Asked, decide: Decide): Promise<object> {
  const outline = { kind: 'token', agent: toEventAgent(agent) } as const;
  try {
    if (agent.status === 'revoked') throw new errors.AccessDenied('agent revoked');
    const jkt = await bindKey(idp, agent, proof);
    const minted = { ...(await decide(idp, agent, params, jkt)), ...(jkt === undefined ? {} : { jkt }) };
    const { token, jti, expiresIn } = await mintToken(idp, minted);
    noteToken(idp, agent);
    const user = minted.act === null ? null : minted.subject;
    idp.events.add({
      ...outline,
      user,
      jti,
      scopes: minted.scopes,
      resource: toEventResource(idp, minted.resource),
    });
    return answerBody(token, expiresIn, minted);
  } catch (error) {
    const reason =
      error instanceof errors.OIDCProviderError
        ? (error.error_detail ?? String(error.error_description))
        : 'server error';
    idp.events.add({ ...outline, result: 'denied', reason });
    throw error;
  }
}

function answerBody(token: string, expiresIn: number, { scopes, assertion, jkt }: Minted): object {
  const type = jkt === undefined ? 'Bearer' : 'DPoP';
  return {
    access_token: token,
    issued_token_type: assertion === undefined ? accessTokenType : jagType,
    token_type: assertion === undefined ? type : 'N_A',
    expires_in: expiresIn,
    scope: scopes.join(' '),
  };
}

/** Remembers when the agent last got a token. Not worth a wait for the disk. */
function noteToken(idp: Idp, agent: AgentRecord): void {
  const current = idp.state.data.agents.get(agent.clientId);
  if (current === undefined) return;
  idp.state.data.agents.set(agent.clientId, { ...current, lastTokenAt: nowSeconds(idp) });
  idp.state.save().catch(() => undefined);
}

function assertExchange(params: Params): void {
  const type = params['subject_token_type'];
  if (typeof params['subject_token'] !== 'string' || (type !== accessTokenType && type !== jwtType)) {
    throw new errors.InvalidRequest('a subject_token of type access_token is needed');
  }
  if (params['actor_token'] !== undefined || params['actor_token_type'] !== undefined) {
    throw new errors.InvalidRequest('the actor is the authenticated client: send no actor_token');
  }
  const requested = params['requested_token_type'];
  if (requested === jagType) return;
  if (requested !== undefined && requested !== accessTokenType && requested !== jwtType) {
    throw new errors.InvalidRequest('only access tokens and ID-JAGs are issued');
  }
  if (params['audience'] !== undefined)
    throw new errors.InvalidTarget('name the API with resource, not audience');
}

/** A bad subject token is `invalid_request` (RFC 8693 section 2.2.2). */
async function readSubject(idp: Idp, params: Params, agent: AgentRecord): Promise<JWTPayload> {
  const read = await readOwnToken(idp, String(params['subject_token']));
  if (typeof read === 'string') throw new errors.InvalidRequest(`the subject token is not accepted: ${read}`);
  if (!mayAct(idp, read, agent)) {
    throw new errors.InvalidRequest(
      'the subject token names neither in aud nor in may_act the agent that asks',
    );
  }
  if (read['client_id'] === read.sub) {
    throw new errors.InvalidRequest('the subject token is of no user');
  }
  if (depthOf(read['act']) >= MAX_ACTORS) throw new errors.InvalidRequest('too many actors');
  return read;
}

function mayAct(idp: Idp, payload: JWTPayload, { clientId }: AgentRecord): boolean {
  if (toRecord(payload['may_act'])?.['sub'] === clientId) return true;
  // An API may go on with what was sent to it (RFC 8693 section 1.1) when it is an agent itself.
  return audiencesOf(payload).some(
    (audience) => audience === clientId || resourceByUri(idp, audience)?.clientId === clientId,
  );
}

function depthOf(act: unknown): number {
  const record = toRecord(act);
  return record === undefined ? 0 : 1 + depthOf(record['act']);
}
