import { AgentIdError } from '../model/error.ts';
import type { TrustedResource } from './types.ts';

/**
 * Reads `KEY=URI` or `KEY=URI#SCOPE,SCOPE` (a resource URI has no fragment of its own) and `KEY=API@URL`. What is
 * `known` beforehand comes first; one that is given again is as given. Throws `usage`.
 */
export function parseResources(
  resources: readonly string[],
  fronts: readonly string[],
  known: readonly TrustedResource[] = [],
): readonly TrustedResource[] {
  const given = resources.map(parseResource);
  const read = [...known.filter(({ key }) => given.every((one) => one.key !== key)), ...given];
  for (const text of fronts) {
    const key = text.split('=')[0] ?? '';
    if (!read.some((resource) => resource.key === key))
      throw usage('--fronts names a resource that is not given', text);
  }
  return read.map((resource) => withFront(resource, fronts));
}

/** How tokens of resources are asked for, as flags: keys of resources, and `KEY=ISSUER`. */
export interface TokenFlags {
  readonly dpop: readonly string[];
  readonly idToken: readonly string[];
  readonly authorizationServer: readonly string[];
}

/** Writes into each resource how its tokens are asked for. Throws `usage` for a resource that there is not. */
export function withTokenFlags(
  resources: readonly TrustedResource[],
  { dpop, idToken, authorizationServer }: TokenFlags,
): readonly TrustedResource[] {
  const servers = new Map(authorizationServer.map(parseServer));
  for (const key of [...dpop, ...idToken, ...servers.keys()]) {
    if (!resources.some((resource) => resource.key === key))
      throw usage(`there is no resource of this name: ${resources.map((one) => one.key).join(', ')}`, key);
  }
  return resources.map((resource) => {
    const server = servers.get(resource.key);
    return {
      ...resource,
      ...(dpop.includes(resource.key) && { dpop: true }),
      ...(idToken.includes(resource.key) && { subject: 'id-token' }),
      ...(server !== undefined && { authorizationServer: server }),
    };
  });
}

function parseServer(text: string): readonly [key: string, issuer: string] {
  const [, key, issuer] = /^([a-z0-9][a-z0-9-]{0,62})=(\S+)$/.exec(text) ?? [];
  if (key === undefined || issuer === undefined || !URL.canParse(issuer))
    throw usage('--authorization-server takes KEY=ISSUER', text);
  return [key, issuer];
}

function parseResource(text: string): TrustedResource {
  const [, key, rest = ''] = /^([a-z0-9][a-z0-9-]{0,62})=(.+)$/.exec(text) ?? [];
  const [uri = '', scopes = ''] = rest.split('#');
  if (key === undefined || !URL.canParse(uri))
    throw usage('--resource takes KEY=URI or KEY=URI#SCOPE,SCOPE', text);
  return {
    key,
    uri,
    displayName: toName(key),
    scopes: scopes.split(',').filter((scope) => scope !== ''),
    maxTtlSeconds: 300,
  };
}

function withFront(resource: TrustedResource, fronts: readonly string[]): TrustedResource {
  const given = fronts.find((text) => text.startsWith(`${resource.key}=`));
  if (given === undefined) return resource;
  const [, api, baseUrl = ''] = /^[^=]+=([a-z0-9-]+)@(.+)$/.exec(given) ?? [];
  if (api === undefined || !URL.canParse(baseUrl)) throw usage('--fronts takes KEY=API@URL', given);
  return { ...resource, fronts: { api, baseUrl } };
}

function toName(key: string): string {
  const words = key.split('-').filter((word) => word !== '');
  return words
    .map((word) => (word === 'api' ? 'API' : word.charAt(0).toUpperCase() + word.slice(1)))
    .join(' ');
}

function usage(message: string, where: string): AgentIdError {
  return new AgentIdError('usage', message, { where });
}
