import { decodeJwt, type JWTPayload } from 'jose';
import { errors } from 'oidc-provider';
import { consentKey, toRecord, type AgentRecord, type ScopedResource } from './state.ts';
import { nowSeconds, type Idp } from './context.ts';
import { verifyForeign } from './federation.ts';
import { readResource, readScopes, scopesIn, type Params } from './limits.ts';
import { takeOnce } from './models.ts';
import { jagTyp, TOKEN_SECONDS, type Minted } from './tokens.ts';

export const jagType = 'urn:ietf:params:oauth:token-type:id-jag';
export const bearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
export const bearerParams = ['assertion', 'resource', 'scope'] as const;

/**
 * Decides on an assertion by which another authorization server knows the user. The registration says for which of them
 * the agent may ask, and what it is called there; `allowed` is what the user allowed once, where they were asked. Throws `invalid_target` and `invalid_scope`.
 * @see draft-ietf-oauth-identity-assertion-authz-grant section 4.3
 */
export function toJag(
  agent: AgentRecord,
  params: Params,
  known: Pick<Minted, 'subject' | 'act' | 'notAfter'>,
  allowed: readonly ScopedResource[] | undefined,
): Minted {
  const { audience, resource } = params;
  const target = (agent.audiences ?? []).find(({ issuer }) => issuer === audience);
  if (target === undefined)
    throw new errors.InvalidTarget('the agent is not registered for this authorization server');
  if (resource !== undefined && resource !== target.uri)
    throw new errors.InvalidTarget('the agent is not registered for this resource there');
  const { issuer, clientId, uri, scopes } = target;
  const limit = allowed === undefined ? scopes : scopesIn(allowed, uri);
  const assertion = { clientId, resource: uri };
  return { ...known, agent, resource: issuer, scopes: readScopes(params, scopes, limit), assertion };
}

/**
 * Decides on a token for the user whom an ID-JAG names: of an issuer that the agent's registration trusts, for this
 * server and this client, used once. Throws `invalid_grant`, with the reason for the events only.
 */
export async function decideBearer(
  idp: Idp,
  agent: AgentRecord,
  params: Params,
  jkt?: string,
): Promise<Minted> {
  if (agent.actsFor !== 'user')
    throw new errors.UnauthorizedClient('this agent acts as itself and takes no user token');
  const jag = await readJag(idp, agent, String(params['assertion']));
  assertKey(jag, jkt);
  const user = String(jag.sub);
  if (!idp.users.data.some(({ id }) => id === user)) throw refuse('its user is not known here');
  if (idp.state.data.consents.get(consentKey(user, agent.clientId))?.allowed === false)
    throw new errors.AccessDenied('the user has not agreed that this agent acts for them');
  const resource = readResource(idp, { resource: targetOf(jag, params) });
  const vouched = typeof jag['scope'] === 'string' ? jag['scope'].split(' ') : [];
  const scopes = readScopes(params, scopesIn(agent.grants, resource), vouched);
  await useOnce(idp, jag);
  const before = toRecord(jag['act'])?.['act'];
  const act = { sub: agent.clientId, ...(before === undefined ? {} : { act: before }) };
  const notAfter = nowSeconds(idp) + TOKEN_SECONDS;
  return { agent, subject: user, resource, scopes, act, notAfter, vouchedBy: String(jag.iss) };
}

/** An assertion of a key is good only with a proof of it. @see RFC 9449 */
function assertKey({ cnf }: JWTPayload, jkt: string | undefined): void {
  if (cnf !== undefined && (jkt === undefined || toRecord(cnf)?.['jkt'] !== jkt))
    throw refuse('it is bound to a key that was not proven');
}

function targetOf(jag: JWTPayload, { resource }: Params): unknown {
  const named = jag['resource'] ?? resource;
  if (resource !== undefined && resource !== named)
    throw new errors.InvalidTarget('the assertion is for another resource');
  return named;
}

async function readJag(idp: Idp, agent: AgentRecord, assertion: string): Promise<JWTPayload> {
  const issuer = issuerOf(assertion);
  // Our own assertions are for others.
  if (issuer === idp.issuer || !(agent.vouchers ?? []).includes(issuer))
    throw refuse('its issuer may not vouch for users of this agent');
  let jag: JWTPayload;
  try {
    jag = await verifyForeign(idp, assertion, { issuer, typ: jagTyp });
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : 'not a JWT');
  }
  const { exp = 0, iat = 0 } = jag;
  if (jag['client_id'] !== agent.clientId) throw refuse('it is for another client');
  if (exp - iat > TOKEN_SECONDS) throw refuse(`it is valid for more than ${TOKEN_SECONDS} seconds`);
  return jag;
}

async function useOnce(idp: Idp, { iss, jti, exp = 0 }: JWTPayload): Promise<void> {
  if (jti === undefined || !takeOnce(idp.models.data, `${iss} ${jti}`, (exp + 10) * 1000))
    throw refuse('it was used before');
  await idp.models.save();
}

function issuerOf(assertion: string): string {
  try {
    return String(decodeJwt(assertion).iss);
  } catch {
    throw refuse('it is no JWT');
  }
}

function refuse(detail: string): errors.InvalidGrant {
  return new errors.InvalidGrant(`the assertion is not accepted: ${detail}`);
}
