import { agentKeyFile, makeAgentKey } from '../../lib/keys.ts';
import { fromTimestamp } from '../../lib/clock.ts';
import type { PublicJwk } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Secret } from '../../model/secret.ts';
import { toRecord } from '../metadata.ts';
import type { AdapterParts } from '../parts.ts';
import type { TrustedIdp } from '../types.ts';
import { createTokenAdmin, type OktaAdmin } from './admin.ts';
import { listApps, switchApp, toApp, type OktaApp } from './app.ts';
import { setConsents } from './consents.ts';
import { manage, read } from './cross-app/ai-agent.ts';
import { ensure } from '../ensure.ts';
import { consolePath } from './refusal.ts';
import { listApiTokens } from './tokens.ts';

/** What administering needs, no more: each is asked for alone, when it is used. */
export const adminScopes: readonly string[] = [
  'okta.apps.read',
  'okta.apps.manage',
  'okta.appGrants.read',
  'okta.appGrants.manage',
  'okta.authorizationServers.read',
  'okta.authorizationServers.manage',
  'okta.roles.read',
  'okta.roles.manage',
  'okta.apiTokens.read',
  'okta.apiTokens.manage',
  'okta.logs.read',
];

/** Who administers from now on, and what the person should know. */
export interface Bootstrapped {
  readonly admin: NonNullable<TrustedIdp['admin']>;
  readonly lines: readonly string[];
}

/**
 * Makes agent-id's own admin app with an API token that is kept nowhere. Safe to repeat: an app that an earlier run
 * made is found by its mark, and finished. The token itself is not revoked: others may still use it.
 */
export async function bootstrapOkta(parts: AdapterParts, token: Secret): Promise<Bootstrapped> {
  const admin = createTokenAdmin(parts, token);
  const keyName = `okta-admin-${parts.trust.name}`;
  const { key } = await makeAgentKey(parts.paths, keyName);
  const app = await ensureAdminApp(admin, key);
  await setConsents(admin, app, scopesFor(parts.trust));
  await ensureSuperAdmin(admin, app);
  await switchApp(admin, app, 'activate');
  return {
    admin: { clientId: app.clientId, keyFile: agentKeyFile(parts.paths, keyName) },
    lines: [`The application "${label}" administers from now on (${app.clientId}).`, await lastStep(admin)],
  };
}

function scopesFor({ crossAppAccess }: TrustedIdp): readonly string[] {
  return crossAppAccess === true ? [...adminScopes, read, manage] : adminScopes;
}

const label = 'agent-id administrator';
const mark = { marker: 'agent-id-admin' };

async function ensureAdminApp(admin: OktaAdmin, key: PublicJwk): Promise<OktaApp> {
  const body = {
    name: 'oidc_client',
    label,
    signOnMode: 'OPENID_CONNECT',
    credentials: { oauthClient: { token_endpoint_auth_method: 'private_key_jwt', pkce_required: true } },
    settings: {
      oauthClient: {
        application_type: 'service',
        response_types: ['token'],
        grant_types: ['client_credentials'],
        dpop_bound_access_tokens: false,
        jwks: { keys: [{ ...key, status: 'ACTIVE' }] },
      },
    },
    profile: { agent_id_admin: mark },
  };
  const { found } = await ensure(
    async () => (await listApps(admin)).find((app) => isAdminApp(app)),
    async () => {
      const path = '/api/v1/apps?activate=false';
      const what = `make ${label}`;
      return toApp(await admin.make({ method: 'POST', path, scope: 'okta.apps.manage', body, what }));
    },
  );
  assertOnlyOurs(found, key);
  return found;
}

/** Whoever may write applications could write our mark into one of his own: it gets nothing from us. */
function assertOnlyOurs(app: OktaApp, key: PublicJwk): void {
  const client = toRecord(toRecord(app.raw['settings'])['oauthClient']);
  const { keys } = toRecord(client['jwks']);
  const { token_endpoint_auth_method: method } = toRecord(toRecord(app.raw['credentials'])['oauthClient']);
  const all = Array.isArray(keys) ? keys.map(toRecord) : [];
  const ours = key.kty === 'EC' && all.length === 1 && all[0]?.['x'] === key.x && all[0]?.['y'] === key.y;
  if (ours && client['jwks_uri'] === undefined && method === 'private_key_jwt') return;
  throw new AgentIdError(
    'conflict',
    `there is an application "${label}" with a key that is not this machine's`,
    {
      where: app.clientId,
      hint: 'Nothing was given to it. Use it with --admin-client-id and its key, or delete it in the Admin Console.',
    },
  );
}

function isAdminApp({ raw }: OktaApp): boolean {
  return toRecord(toRecord(raw['profile'])['agent_id_admin'])['marker'] === mark.marker;
}

/** Granting scopes of Okta's API to an application takes a super administrator, also of an application. */
async function ensureSuperAdmin(admin: OktaAdmin, app: OktaApp): Promise<void> {
  const path = `/oauth2/v1/clients/${encodeURIComponent(app.clientId)}/roles`;
  const what = `make ${label} a super administrator`;
  await ensure(
    async () =>
      (await admin.list({ path, scope: 'okta.roles.read', what })).find(
        (one) => one['type'] === 'SUPER_ADMIN',
      ),
    async () => {
      const body = { type: 'SUPER_ADMIN' };
      return admin.make({ method: 'POST', path, scope: 'okta.roles.manage', body, what });
    },
  );
}

/** A use moves a token's last use: which one was used in the last minute is the one that was given, if only one was. */
const JUST_NOW_MS = 60_000;

/** Okta never says which value belongs to which id: where the last use does not tell either, the person chooses. */
async function lastStep(admin: OktaAdmin): Promise<string> {
  const tokens = await listApiTokens(admin).catch((error: unknown) => {
    if (error instanceof AgentIdError) return [];
    throw error;
  });
  const now = admin.parts.clock();
  const used = tokens.filter(({ lastUsedAt }) => now - fromTimestamp(lastUsedAt ?? '') < JUST_NOW_MS);
  const likely = used.length === 1 ? used : tokens;
  const named = likely.map(
    ({ name, id, owner, lastUsedAt }) =>
      `${name} (${id}, of ${owner ?? 'unknown'}, last use ${lastUsedAt ?? 'unknown'})`,
  );
  const which = named.length === 0 ? '' : ` ${used.length === 1 ? 'It is' : 'One of'}: ${named.join('; ')}.`;
  return (
    'The API token was used once and kept nowhere. Last step, when nothing uses it: agent-id retire revokes it ' +
    `where a plan bound it (--handle SECRET=ID); else ${consolePath.tokens}${which}`
  );
}
