import { assertSecure, type Http } from '../lib/http.ts';
import { AgentIdError } from '../model/error.ts';
import type { Metadata } from './types.ts';

/**
 * Reads where the provider's endpoints are. Reads only.
 * Throws `untrusted-issuer` where it names another issuer or an address without TLS, `idp-refused` where it has no
 * metadata, `idp-unreachable`. @see RFC 8414 section 3, OpenID Connect Discovery section 4
 */
export async function readMetadata(http: Http, issuer: string): Promise<Metadata> {
  assertSecure(issuer);
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const places = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
  for (const place of places) {
    const { status, body } = await http.request(place);
    if (status === 200) return toMetadata(body, issuer);
  }
  throw new AgentIdError('idp-refused', 'the identity provider publishes no metadata', {
    where: issuer,
    hint: 'Check the issuer: it is the address before /.well-known/openid-configuration.',
  });
}

function toMetadata(body: unknown, issuer: string): Metadata {
  const data = toRecord(body);
  if (data['issuer'] !== issuer) {
    throw new AgentIdError('untrusted-issuer', 'the identity provider says that it is another issuer', {
      where: issuer,
      hint: 'Check the issuer of: agent-id idp list',
    });
  }
  for (const [name, value] of Object.entries(data)) {
    if ((name.endsWith('_endpoint') || name === 'jwks_uri') && typeof value === 'string') assertSecure(value);
  }
  if (typeof data['token_endpoint'] !== 'string') {
    throw new AgentIdError('idp-refused', 'the identity provider has no token endpoint', { where: issuer });
  }
  return { ...data, issuer, token_endpoint: data['token_endpoint'] };
}

/** Gives an object, an empty one for anything else. */
export function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
