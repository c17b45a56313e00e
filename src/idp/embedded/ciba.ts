import { createHash } from 'node:crypto';
import type Provider from 'oidc-provider';
import { errors, type CIBAEnabledConfiguration, type KoaContextWithOIDC } from 'oidc-provider';
import { nowSeconds, toEventAgent, toEventResource, type Idp } from './context.ts';
import { everyGrant, readScopes, scopesIn } from './limits.ts';
import type { AgentRecord } from './state.ts';
import { Refusal } from './wire.ts';

export const cibaGrant = 'urn:openid:params:grant-type:ciba';
/** How long a person has for an answer. */
const MAX_SECONDS = 300;
const INTERVAL_SECONDS = 2;
/** More at a time, of one agent to one person, would be nagging. */
const MAX_OPEN = 5;
const kind = 'BackchannelAuthenticationRequest';

/** What an agent asks of an absent person and nobody answered yet. */
export interface Pending {
  /** Names it on a page; the id by which the agent asks for the answer is not shown. */
  readonly id: string;
  readonly requestId: string;
  readonly agent: AgentRecord;
  readonly user: string;
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly message: string | null;
}

/** Lets agents ask a person who is not there; they ask again for the answer (poll mode). @see OpenID CIBA Core */
export function cibaFeature(idp: Idp): CIBAEnabledConfiguration {
  return {
    enabled: true,
    deliveryModes: ['poll'],
    processLoginHint: (_ctx, hint) => hint,
    processLoginHintToken: () => undefined,
    verifyUserCode: () => undefined,
    validateBindingMessage: (_ctx, message) => assertMessage(message),
    validateRequestContext: (ctx) => assertMayAsk(idp, ctx),
    triggerAuthenticationDevice: (ctx) => {
      Object.assign(ctx.body as object, { interval: INTERVAL_SECONDS });
    },
  };
}

/** Gives how long a request stays open: as long as the agent wants, at most five minutes. */
export function openSeconds(ctx: KoaContextWithOIDC): number {
  const asked = Number(ctx.oidc.params?.['requested_expiry'] ?? MAX_SECONDS);
  return Math.min(asked, MAX_SECONDS);
}

function assertMessage(message: string | undefined): void {
  if (message === undefined || /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]{1,120}$/u.test(message)) return;
  throw new errors.InvalidBindingMessage('the message must be 1 to 120 characters that can be seen');
}

function assertMayAsk(idp: Idp, ctx: KoaContextWithOIDC): void {
  const params = { ...ctx.oidc.params };
  const agent = idp.state.data.agents.get(String(ctx.oidc.client?.clientId));
  if (agent?.actsFor !== 'user')
    throw new errors.UnauthorizedClient('only an agent that acts for users asks them');
  if (agent.status === 'revoked') throw new errors.AccessDenied('agent revoked');
  const scope = namedScopes(params['scope']).join(' ');
  if (scope === '') throw new errors.InvalidScope('name what the user is to allow', 'openid');
  readScopes({ scope }, scopesIn(everyGrant(agent), String(params['resource'])));
  const open = pendingFor(idp, String(params['login_hint'])).filter(
    (one) => one.agent.clientId === agent.clientId,
  );
  if (open.length >= MAX_OPEN)
    throw new errors.AccessDenied('the user has not answered the last requests yet');
}

/** Lists what waits for a person's answer. */
export function pendingFor(idp: Idp, user: string): readonly Pending[] {
  return [...idp.models.data].flatMap(([key, model]) => {
    const { accountId, clientId, resource, params, grantId, error, exp } = model.payload;
    if (model.kind !== kind || accountId !== user || grantId !== undefined || error !== undefined) return [];
    const agent = idp.state.data.agents.get(String(clientId));
    const over = Number(exp) * 1000 <= Date.now();
    if (over || agent?.status !== 'active') return [];
    const requestId = key.slice(kind.length + 1);
    const { scope, binding_message: message } = params as Readonly<Record<string, unknown>>;
    return [
      {
        id: createHash('sha256').update(requestId).digest('base64url').slice(0, 22),
        requestId,
        agent,
        user,
        resource: String(resource),
        scopes: namedScopes(scope),
        message: typeof message === 'string' ? message : null,
      },
    ];
  });
}

/** Stores a person's answer; the agent learns it when it asks next. It holds for this one request only. */
export async function answerPending(
  idp: Idp,
  provider: Provider,
  { requestId, agent, user, resource, scopes }: Pending,
  approved: boolean,
): Promise<void> {
  let result: string | errors.OIDCProviderError = new errors.AccessDenied('the user said no');
  if (approved) {
    const grant = new provider.Grant({ accountId: user, clientId: agent.clientId });
    grant.addOIDCScope('openid');
    grant.addResourceScope(resource, scopes.join(' '));
    result = await grant.save();
  }
  await provider.backchannelResult(requestId, result, { authTime: nowSeconds(idp) });
  idp.events.add({
    kind: 'consent',
    agent: toEventAgent(agent),
    user,
    resource: toEventResource(idp, resource),
    operation: 'asked once',
    scopes,
    result: approved ? 'ok' : 'denied',
  });
}

/** Refuses agents that ask for an answer too often. Each needs to be called with every request for a token. */
export function createPace(idp: Idp): (form: URLSearchParams) => void {
  const asked = new Map<string, { readonly at: number; readonly seconds: number }>();
  return (form) => {
    const key = `${kind}:${form.get('auth_req_id') ?? ''}`;
    if (form.get('grant_type') !== cibaGrant || !idp.models.data.has(key)) return;
    for (const old of asked.keys()) if (!idp.models.data.has(old)) asked.delete(old);
    const last = asked.get(key);
    const early = last !== undefined && idp.clock() - last.at < last.seconds * 1000;
    const seconds = (last?.seconds ?? INTERVAL_SECONDS) + (early ? 5 : 0);
    asked.set(key, { at: idp.clock(), seconds });
    if (early) throw new Refusal(400, 'slow_down', `ask again after ${seconds} seconds`);
  };
}

function namedScopes(scope: unknown): readonly string[] {
  return String(scope)
    .split(' ')
    .filter((one) => one !== '' && one !== 'openid');
}
