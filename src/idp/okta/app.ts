import type { AgentSpec, EcPublicJwk } from '../../model/agent.ts';
import type { ActsFor } from '../../model/consumer.ts';
import { AgentIdError } from '../../model/error.ts';
import { toRecord } from '../metadata.ts';
import type { OktaAdmin, OktaObject } from './admin.ts';
import { ensure } from '../ensure.ts';
import { toKeys } from './jwks.ts';
import { toWritable } from './writable.ts';

/** An agent's application as Okta holds it, with what we wrote into its profile. */
export interface OktaApp {
  readonly id: string;
  readonly clientId: string;
  readonly label: string;
  readonly active: boolean;
  readonly keys: readonly EcPublicJwk[];
  readonly grantTypes: readonly string[];
  /** All its tokens are bound to a key of who asks (RFC 9449). */
  readonly bound: boolean;
  /** Null for an application that is not ours. */
  readonly mark: Mark | null;
  /** As it came, so that an update keeps what we do not know. */
  readonly raw: OktaObject;
}

/** What we write into the profile of an application: how it is known as ours. */
export interface Mark {
  readonly marker: string;
  readonly agent: string;
  readonly owner: string | null;
  readonly actsFor: string;
  /** False until every part of a registration is there. */
  readonly complete: boolean;
}

const profileKey = 'agent_id';
const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Lists every OpenID Connect application of the organisation. */
export async function listApps(admin: OktaAdmin): Promise<readonly OktaApp[]> {
  const filter = encodeURIComponent('name eq "oidc_client"');
  const found = await admin.list({
    path: `/api/v1/apps?filter=${filter}&limit=200`,
    scope: 'okta.apps.read',
    what: 'list its applications',
  });
  return found.map(toApp);
}

/** Finds an application by its client id, which is not the id that Okta's paths take. */
export async function findApp(admin: OktaAdmin, clientId: string): Promise<OktaApp | undefined> {
  return (await listApps(admin)).find((app) => app.clientId === clientId);
}

/** Makes the application, switched off: it can do nothing until all its parts are there. */
export async function createApp(admin: OktaAdmin, spec: AgentSpec, grants: Flows): Promise<OktaApp> {
  const { found } = await ensure(
    () => findApp(admin, spec.clientId),
    async () => {
      const made = await admin.make({
        method: 'POST',
        path: '/api/v1/apps?activate=false',
        scope: 'okta.apps.manage',
        body: toBody(spec, grants),
        what: `register ${spec.displayName}`,
      });
      return toApp(made);
    },
  );
  return found;
}

/** Writes label, grant types and mark; everything else stays as Okta holds it. */
export async function changeApp(admin: OktaAdmin, app: OktaApp, spec: AppChange): Promise<OktaApp> {
  const settings = toRecord(app.raw['settings']);
  const client = toRecord(settings['oauthClient']);
  const body = {
    ...toWritable(app.raw, ['orn', 'status', 'features']),
    label: spec.label,
    settings: {
      ...settings,
      oauthClient: {
        ...withWritableKeys(client),
        grant_types: spec.grantTypes,
        dpop_bound_access_tokens: spec.bound,
      },
    },
    profile: { ...toRecord(app.raw['profile']), [profileKey]: toProfile(spec.mark) },
  };
  const changed = await admin.make({
    method: 'PUT',
    path: pathOf(app),
    scope: 'okta.apps.manage',
    body,
    what: `change ${app.clientId}`,
  });
  return toApp(changed);
}

export interface AppChange {
  readonly label: string;
  readonly grantTypes: readonly string[];
  readonly bound: boolean;
  readonly mark: Mark;
}

/** Switches an application on or off. Safe to repeat. */
export async function switchApp(
  admin: OktaAdmin,
  app: OktaApp,
  to: 'activate' | 'deactivate',
): Promise<void> {
  if (app.active === (to === 'activate')) return;
  await admin.ask({
    method: 'POST',
    path: `${pathOf(app)}/lifecycle/${to}`,
    scope: 'okta.apps.manage',
    what: `${to} ${app.clientId}`,
  });
}

/** Deletes an application; Okta takes only one that is switched off. */
export async function deleteApp(admin: OktaAdmin, app: OktaApp): Promise<void> {
  await switchApp(admin, app, 'deactivate');
  await admin.ask({
    method: 'DELETE',
    path: pathOf(app),
    scope: 'okta.apps.manage',
    what: `delete ${app.clientId}`,
  });
}

/** Which ways of getting a token an agent needs. */
export interface Flows {
  readonly onBehalf: boolean;
  readonly asItself: boolean;
  /** Whether its tokens are bound to a key. */
  readonly bound: boolean;
}

/** jwt-bearer is the second leg of Cross App Access (ID-JAG). */
export function toGrantTypes({ onBehalf, asItself }: Omit<Flows, 'bound'>): readonly string[] {
  return [...(asItself ? ['client_credentials'] : []), ...(onBehalf ? [exchange, jwtBearer] : [])];
}

export function toMark(spec: AgentSpec, complete: boolean, marker = spec.marker): Mark {
  return { marker, agent: spec.id, owner: spec.owner, actsFor: spec.actsFor satisfies ActsFor, complete };
}

export function pathOf(app: OktaApp): string {
  return `/api/v1/apps/${encodeURIComponent(app.id)}`;
}

export function gone(clientId: string): AgentIdError {
  return new AgentIdError('unknown-name', `Okta has no application ${clientId}`);
}

function toBody(spec: AgentSpec, flows: Flows): object {
  return {
    name: 'oidc_client',
    label: spec.displayName,
    signOnMode: 'OPENID_CONNECT',
    credentials: {
      oauthClient: {
        client_id: spec.clientId,
        token_endpoint_auth_method: 'private_key_jwt',
        pkce_required: true,
        autoKeyRotation: true,
      },
    },
    settings: {
      oauthClient: {
        application_type: 'service',
        response_types: ['token'],
        grant_types: toGrantTypes(flows),
        dpop_bound_access_tokens: flows.bound,
        jwks: { keys: spec.keys.map((key) => ({ ...key, status: 'ACTIVE' })) },
      },
    },
    profile: { [profileKey]: toProfile(toMark(spec, false)) },
  };
}

function toProfile(mark: Mark): object {
  const { actsFor, ...rest } = mark;
  return { ...rest, acts_for: actsFor };
}

export function toApp(raw: OktaObject): OktaApp {
  const client = toRecord(toRecord(raw['settings'])['oauthClient']);
  const { client_id: clientId } = toRecord(toRecord(raw['credentials'])['oauthClient']);
  if (typeof raw['id'] !== 'string' || typeof clientId !== 'string') {
    throw new AgentIdError('idp-refused', 'Okta answered with something that is no application');
  }
  return {
    id: raw['id'],
    clientId,
    label: String(raw['label']),
    active: raw['status'] === 'ACTIVE',
    keys: toKeys(toRecord(client['jwks'])['keys']).filter((key) => key.active),
    grantTypes: Array.isArray(client['grant_types']) ? client['grant_types'].map(String) : [],
    bound: client['dpop_bound_access_tokens'] === true,
    mark: readMark(toRecord(raw['profile'])[profileKey]),
    raw,
  };
}

function readMark(value: unknown): Mark | null {
  const { marker, agent, owner, acts_for: actsFor, complete } = toRecord(value);
  if (typeof marker !== 'string' || typeof agent !== 'string') return null;
  return {
    marker,
    agent,
    owner: typeof owner === 'string' ? owner : null,
    actsFor: String(actsFor),
    complete: complete === true,
  };
}

function withWritableKeys(client: OktaObject): OktaObject {
  const jwks = toRecord(client['jwks']);
  if (!Array.isArray(jwks['keys'])) return client;
  const keys = jwks['keys'].map((key) => toWritable(toRecord(key)));
  return { ...client, jwks: { ...jwks, keys } };
}
