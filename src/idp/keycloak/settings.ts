import type { AgentSpec, PublicJwk } from '../../model/agent.ts';
import type { ActsFor } from '../../model/consumer.ts';
import { AgentIdError } from '../../model/error.ts';
import { toRecord } from '../metadata.ts';
import type { KeycloakObject } from './admin.ts';
import { markAttributes, readKeys, type ClientChange, type KeycloakClient } from './client.ts';

/**
 * Gives the scopes that a client has without asking: `basic` brings `sub`. Keycloak adds `service_account` (client id and
 * address, no right) by itself to whatever acts as itself.
 */
export function defaultScopes(actsFor: ActsFor): readonly string[] {
  return actsFor === 'user' ? ['basic'] : ['basic', 'service_account'];
}

/** Longer names and ids make Keycloak fail without a reason (500). */
const MAX_LENGTH = 255;

/** How a client proves who it is: by a key of its own, or by a token of its platform (`alias` is Keycloak's name for it). */
export interface Proof {
  readonly alias: string;
  readonly subject: string;
}

/** Throws `usage` for what Keycloak would take and then choke on. */
export function assertSpec({ clientId, displayName }: AgentSpec): void {
  if (!/^[A-Za-z0-9._:-]+$/.test(clientId) || clientId.length > MAX_LENGTH - 'agent:'.length) {
    throw new AgentIdError('usage', 'Keycloak takes client ids of up to 249 letters, digits and . _ : -', {
      where: clientId.slice(0, 100),
    });
  }
  if (displayName.length > MAX_LENGTH) {
    throw new AgentIdError('usage', `Keycloak takes names of up to ${MAX_LENGTH} characters`, {
      where: displayName.slice(0, 100),
    });
  }
}

/**
 * Gives every setting that makes a client this agent: nothing but its own proof, its own scopes and a short life.
 * No `secret`: an empty one would be stored, and would let anybody in if the kind of proof were ever switched.
 */
export function toSettings(spec: AgentSpec, marker: string, proof?: Proof): Required<ClientChange> {
  const forUser = spec.actsFor === 'user';
  return {
    name: spec.displayName,
    publicClient: false,
    bearerOnly: false,
    standardFlowEnabled: false,
    implicitFlowEnabled: false,
    directAccessGrantsEnabled: false,
    serviceAccountsEnabled: !forUser,
    fullScopeAllowed: false,
    clientAuthenticatorType: proof === undefined ? 'client-jwt' : 'federated-jwt',
    attributes: {
      'standard.token.exchange.enabled': String(forUser),
      'access.token.lifespan': String(toLifespan(spec)),
      'access.token.header.type.rfc9068': 'true',
      [markAttributes.marker]: marker,
      [markAttributes.owner]: spec.owner ?? '',
      [markAttributes.actsFor]: spec.actsFor,
      ...(proof === undefined
        ? { 'use.jwks.string': 'true', 'token.endpoint.auth.signing.alg': 'ES256' }
        : { 'jwt.credential.issuer': proof.alias, 'jwt.credential.sub': proof.subject }),
    },
  };
}

/** Says in lines for a person which settings of a client are not as they should be. */
export function describeDrift(client: KeycloakClient, wanted: Required<ClientChange>): readonly string[] {
  const { attributes, name: _name, ...top } = wanted;
  const lines = Object.entries(top).flatMap(([field, value]) =>
    client.raw[field] === value ? [] : [`${field}: ${show(client.raw[field])} becomes ${show(value)}`],
  );
  for (const [name, value] of Object.entries(attributes)) {
    const now = client.attributes[name] ?? '';
    // The marker is whose it was first; owner and user are told in words elsewhere.
    if (now === value || name === markAttributes.marker) continue;
    lines.push(`${toWords(name)}: ${show(now)} becomes ${show(value)}`);
  }
  return lines;
}

/** Adds keys to the JWKS of a client, and takes one away; others in it, of whatever kind, stay as they are. */
export function toJwks(
  client: Pick<KeycloakClient, 'attributes'> | undefined,
  add: readonly PublicJwk[],
  removeKid?: string,
): string {
  const now = readKeys(client?.attributes['jwks.string']);
  const isSame = (key: KeycloakObject, other: PublicJwk): boolean =>
    other.kty === 'EC' && key['x'] === other.x && key['y'] === other.y;
  const kept = now.filter((key) => toRecord(key)['kid'] !== removeKid || removeKid === undefined);
  const fresh = add.filter((key) => !now.some((one) => isSame(one, key)));
  return JSON.stringify({ keys: [...kept, ...fresh] });
}

/** Keycloak has one lifetime for each client: the shortest that any of its APIs takes. */
function toLifespan({ grants }: AgentSpec): number {
  return Math.max(1, Math.min(300, ...grants.map((grant) => grant.maxTtlSeconds)));
}

function toWords(attribute: string): string {
  if (attribute === markAttributes.owner) return 'owner';
  if (attribute === markAttributes.actsFor) return 'acts for';
  return attribute === 'access.token.lifespan' ? 'tokens live (seconds)' : attribute;
}

function show(value: unknown): string {
  return value === undefined || value === '' ? 'nothing' : JSON.stringify(value).replaceAll('"', '');
}
