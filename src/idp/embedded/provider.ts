import { Provider, type Configuration } from 'oidc-provider';
import { cibaFeature, openSeconds } from './ciba.ts';
import { loginClientId, type Idp } from './context.ts';
import {
  answerBearer,
  answerExchange,
  answerItself,
  exchangeGrant,
  exchangeParams,
  itselfParams,
} from './grants.ts';
import { bearerGrant, bearerParams, jagType } from './id-jag.ts';
import { everyGrant, scopesIn } from './limits.ts';
import { createAdapters } from './provider-adapter.ts';
import { renderCodeConfirm, renderCodeInput, renderCodeDone } from './device-pages.ts';
import { errorPage, sendPage } from './pages.ts';
import { consentedClients } from './consents.ts';
import { TOKEN_SECONDS } from './tokens.ts';

export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

const DAY = 24 * 3600;

/** Makes the OpenID provider: sign-in, codes and refresh tokens are the library's, agents and their tokens ours. */
export function createProvider(idp: Idp): Provider {
  const provider = new Provider(idp.issuer, configuration(idp));
  provider.silent = true;
  provider.registerGrantType(
    exchangeGrant,
    (ctx) => answerExchange(idp, ctx),
    [...exchangeParams],
    ['resource', 'audience'],
  );
  provider.registerGrantType(
    'client_credentials',
    (ctx) => answerItself(idp, ctx),
    [...itselfParams],
    ['resource'],
  );
  provider.registerGrantType(bearerGrant, (ctx) => answerBearer(idp, ctx), [...bearerParams], ['resource']);
  return provider;
}

function configuration(idp: Idp): Configuration {
  const { signingKey, formKey } = idp.state.data;
  return {
    adapter: createAdapters(idp),
    jwks: { keys: [{ ...signingKey } as never] },
    clients: [loginClient(idp)],
    scopes: ['openid', 'offline_access'],
    responseTypes: ['code'],
    clientAuthMethods: ['private_key_jwt', 'none'],
    enabledJWA: { idTokenSigningAlgValues: ['ES256'], clientAuthSigningAlgValues: ['ES256'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clientBasedCORS: () => false,
    pkce: { required: () => true },
    cookies: {
      keys: [formKey],
      short: { signed: true, httpOnly: true, sameSite: 'lax' },
      long: { signed: true, httpOnly: true, sameSite: 'lax' },
    },
    discovery: {
      registration_endpoint: `${idp.issuer}/register`,
      agent_enrollment_endpoint: `${idp.issuer}/enroll`,
      dpop_signing_alg_values_supported: ['ES256'],
      identity_chaining_requested_token_types_supported: [jagType],
      authorization_grant_profiles_supported: ['urn:ietf:params:oauth:grant-profile:id-jag'],
      introspection_endpoint: `${idp.issuer}/introspect`,
      introspection_endpoint_auth_methods_supported: ['private_key_jwt'],
      revocation_endpoint: `${idp.issuer}/revoke`,
      revocation_endpoint_auth_methods_supported: ['private_key_jwt', 'none'],
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, id) => findAccount(idp, id),
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    expiresWithSession: async () => false,
    renderError: async (ctx, out) =>
      sendPage(ctx.res, 400, errorPage(String(out.error_description ?? out.error))),
    ttl: {
      AccessToken: (_ctx, { resourceServer }) => resourceServer?.accessTokenTTL ?? 3600,
      AuthorizationCode: 60,
      BackchannelAuthenticationRequest: (ctx) => openSeconds(ctx),
      DeviceCode: 600,
      Grant: 14 * DAY,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: 14 * DAY,
      Session: DAY,
    },
    formats: { customizers: { jwt: (_ctx, token, jwt) => nameAgents(idp, token, jwt) } },
    features: features(idp),
  };
}

function features(idp: Idp): NonNullable<Configuration['features']> {
  return {
    devInteractions: { enabled: false },
    userinfo: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    dPoP: { enabled: false },
    ciba: cibaFeature(idp),
    deviceFlow: {
      enabled: true,
      charset: 'base-20',
      mask: '****-****',
      userCodeInputSource: async (ctx, form, _out, error) => renderCodeInput(ctx, form, error),
      userCodeConfirmSource: async (ctx, form, client, ...rest) =>
        renderCodeConfirm(ctx, form, client, rest[1]),
      successSource: async (ctx) => renderCodeDone(ctx),
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => idp.issuer,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, uri, { clientId }) => ({
        ...(clientId === loginClientId
          ? { scope: '', audience: idp.issuer, accessTokenTTL: 3600 }
          : {
              scope: scopesOf(idp, clientId, uri),
              audience: uri,
              accessTokenTTL: TOKEN_SECONDS,
            }),
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  };
}

function loginClient(idp: Idp): NonNullable<Configuration['clients']>[number] {
  return {
    client_id: loginClientId,
    client_name: 'agent-id login',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token', deviceGrant],
    response_types: ['code'],
    // RFC 8252 section 7.3: any port of the loopback interface.
    redirect_uris: [
      'http://127.0.0.1/callback',
      'http://[::1]/callback',
      'http://127.0.0.1/',
      'http://[::1]/',
    ],
    client_uri: idp.issuer,
  };
}

function scopesOf(idp: Idp, clientId: string, uri: string): string {
  const agent = idp.state.data.agents.get(clientId);
  return agent === undefined ? '' : scopesIn(everyGrant(agent), uri).join(' ');
}

async function findAccount(
  idp: Idp,
  id: string,
): Promise<{ accountId: string; claims: () => Promise<{ sub: string; name: string }> } | undefined> {
  const user = idp.users.data.find((one) => one.id === id);
  if (user === undefined) return undefined;
  return { accountId: id, claims: async () => ({ sub: id, name: user.displayName }) };
}

/**
 * These tokens are subject tokens: the audience of that of `login` are the agents that the user agreed to, that of an
 * approved request only the agent that asked. `resource` says then for what.
 */
function nameAgents(
  idp: Idp,
  token: {
    readonly kind: string;
    readonly accountId?: string | undefined;
    readonly clientId?: string | undefined;
  },
  jwt: { payload: Record<string, unknown> },
): void {
  if (token.accountId === undefined) return;
  if (token.clientId !== loginClientId) {
    Object.assign(jwt.payload, { resource: jwt.payload['aud'], aud: token.clientId });
    return;
  }
  const agents = consentedClients(idp, token.accountId);
  jwt.payload['aud'] = agents.length === 0 ? idp.issuer : agents;
}
