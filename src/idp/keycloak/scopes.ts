import type { AgentSpec, Grant } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import { ensure } from '../ensure.ts';
import { toRecord } from '../metadata.ts';
import { agentScope } from './agent-scope.ts';
import type { KeycloakAdmin, KeycloakObject } from './admin.ts';
import { markAttributes, toTexts } from './client.ts';

/** A client scope: a scope that tokens carry, or only what brings an audience into them. */
export interface ClientScope {
  readonly id: string;
  readonly name: string;
  /** Audiences that a token gets with it. */
  readonly audiences: readonly string[];
  /** The agent for which we made it; null where somebody else did. */
  readonly madeFor: string | null;
}

export async function listScopes(admin: KeycloakAdmin): Promise<readonly ClientScope[]> {
  const found = await admin.list({
    path: '/client-scopes',
    role: 'manage-clients',
    what: 'list its client scopes',
  });
  return found.map(toScope);
}

/** Makes every client scope that the grants need and the realm lacks. Safe to repeat. */
export async function ensureApiScopes(
  admin: KeycloakAdmin,
  { grants, clientId, marker }: Pick<AgentSpec, 'grants' | 'clientId' | 'marker'>,
): Promise<void> {
  const there = await listScopes(admin);
  for (const { uri, scopes } of grants) {
    for (const name of scopes) {
      if (there.some((one) => one.name === name)) continue;
      const audience = { 'included.custom.audience': uri };
      await ensureScope(admin, toBody(name, { audience, inToken: true, marker, madeFor: clientId }));
    }
  }
}

/** Makes the client scope by which a user's token is meant for this agent. Safe to repeat. */
export async function ensureAgentScope(
  admin: KeycloakAdmin,
  clientId: string,
  { displayName, marker }: { readonly displayName: string; readonly marker: string },
): Promise<ClientScope> {
  const audience = { 'included.client.audience': clientId };
  const consent = {
    'display.on.consent.screen': 'true',
    'consent.screen.text': `${displayName} acts for you`,
  };
  const body = toBody(agentScope(clientId), { audience, inToken: false, marker, madeFor: clientId });
  return ensureScope(admin, { ...body, attributes: { ...body.attributes, ...consent } });
}

export async function deleteScope(admin: KeycloakAdmin, scope: ClientScope): Promise<void> {
  await admin.ask({
    method: 'DELETE',
    path: `/client-scopes/${encodeURIComponent(scope.id)}`,
    role: 'manage-clients',
    what: `delete the client scope ${scope.name}`,
  });
}

/**
 * Scopes are the realm's: one name can bring one audience only. Throws `unsupported` where these grants, or a scope
 * that is there already, would give a token for something else.
 */
export function assertScopes(grants: readonly Grant[], there: readonly ClientScope[]): void {
  const seen = new Map<string, string>();
  for (const { uri, scopes } of grants) {
    for (const name of scopes) {
      const other = seen.get(name);
      if (other !== undefined && other !== uri) throw ambiguous(name, uri);
      seen.set(name, uri);
      const scope = there.find((one) => one.name === name);
      if (scope !== undefined && (scope.audiences.length !== 1 || scope.audiences[0] !== uri)) {
        throw otherAudience(scope, uri);
      }
    }
  }
}

/** Gives which API each scope of a client is for; scopes without an audience are none. */
export function toGrants(
  names: readonly string[],
  there: readonly ClientScope[],
): readonly { readonly uri: string; readonly scopes: readonly string[] }[] {
  const grants = new Map<string, string[]>();
  for (const name of names) {
    for (const uri of there.find((one) => one.name === name)?.audiences ?? []) {
      grants.set(uri, [...(grants.get(uri) ?? []), name]);
    }
  }
  return [...grants].map(([uri, scopes]) => ({ uri, scopes }));
}

async function ensureScope(admin: KeycloakAdmin, body: ScopeBody): Promise<ClientScope> {
  const find = async (): Promise<ClientScope | undefined> =>
    (await listScopes(admin)).find((one) => one.name === body.name);
  const { found } = await ensure(find, async () => {
    const what = `make the client scope ${body.name}`;
    await admin.ask({ method: 'POST', path: '/client-scopes', role: 'manage-clients', body, what });
    const made = await find();
    if (made === undefined) throw new AgentIdError('idp-refused', `Keycloak did not ${what}`);
    return made;
  });
  return found;
}

interface ScopeParts {
  readonly audience: Readonly<Record<string, string>>;
  /** Whether its name is in the token's `scope`. */
  readonly inToken: boolean;
  readonly marker: string;
  readonly madeFor: string;
}

interface ScopeBody extends KeycloakObject {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

function toBody(name: string, { audience, inToken, marker, madeFor }: ScopeParts): ScopeBody {
  return {
    name,
    protocol: 'openid-connect',
    attributes: {
      'include.in.token.scope': String(inToken),
      'display.on.consent.screen': 'false',
      [markAttributes.marker]: marker,
      [markAttributes.madeFor]: madeFor,
    },
    protocolMappers: [
      {
        name: 'audience',
        protocol: 'openid-connect',
        protocolMapper: 'oidc-audience-mapper',
        config: {
          ...audience,
          'access.token.claim': 'true',
          'introspection.token.claim': 'true',
          'id.token.claim': 'false',
        },
      },
    ],
  };
}

function toScope(raw: KeycloakObject): ClientScope {
  const mappers = Array.isArray(raw['protocolMappers']) ? raw['protocolMappers'].map(toRecord) : [];
  return {
    id: String(raw['id']),
    name: String(raw['name']),
    audiences: mappers.flatMap(toAudiences),
    madeFor: toTexts(raw['attributes'])[markAttributes.madeFor] ?? null,
  };
}

function toAudiences({ protocolMapper, config }: KeycloakObject): readonly string[] {
  const told = toTexts(config);
  if (protocolMapper !== 'oidc-audience-mapper' || told['access.token.claim'] !== 'true') return [];
  // Keycloak takes the client where both are there.
  const named = [told['included.client.audience'], told['included.custom.audience']];
  const first = named.find((one) => one !== undefined && one !== '');
  return first === undefined ? [] : [first];
}

function ambiguous(name: string, uri: string): AgentIdError {
  return new AgentIdError('unsupported', `Keycloak's scope ${name} cannot be for two APIs`, {
    where: uri,
    hint: 'A scope is the whole realm’s: name the scopes of each API by itself, in --resource KEY=URI#SCOPE,SCOPE.',
  });
}

function otherAudience({ name, audiences }: ClientScope, uri: string): AgentIdError {
  const now = audiences.length === 0 ? 'no audience' : `the audience ${audiences.join(' ')}`;
  return new AgentIdError('unsupported', `the realm has a client scope ${name} with ${now}`, {
    where: uri,
    hint:
      `Nothing was changed. If it is this API's: Client scopes > ${name} > Mappers > Add mapper > Audience, ` +
      `Included Custom Audience ${uri}. If not, name another scope.`,
  });
}
