import type { TrustedResource } from '../types.ts';

/** Okta's own API takes only tokens that the organisation's server issues, all of this lifetime. */
const OWN_TTL_SECONDS = 3600;

/** Says whether a resource is Okta's own API. */
export function isOwnApi({ org }: { readonly org: string }, uri: string): boolean {
  return URL.canParse(uri) && new URL(uri).origin === new URL(org).origin;
}

/** Says whether an issuer is a custom authorization server of an organisation. */
export function isServerOf(org: string, issuer: string): boolean {
  const prefix = `${org.replace(/\/$/, '')}/oauth2/`;
  return issuer.startsWith(prefix) && /^[A-Za-z0-9_-]{1,100}$/.test(issuer.slice(prefix.length));
}

/** Gives a resource with what holds for Okta's own API, where it is that: tokens of one hour that name no user. */
export function withOwnApi(org: string, resource: TrustedResource): TrustedResource {
  if (!isOwnApi({ org }, resource.uri)) return resource;
  const fronts = { api: 'okta', baseUrl: org };
  return { fronts, ...resource, maxTtlSeconds: OWN_TTL_SECONDS, agentOnly: true };
}
