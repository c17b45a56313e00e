import type { HttpAnswer } from '../lib/http.ts';
import type { EmbeddedAdmin } from './embedded-admin.ts';
import { toRecord } from './metadata.ts';
import { noStaticSecrets, toRefusal } from './refusal.ts';
import type { StaticSecret } from './types.ts';

/** Lists the static tokens of the Okta-shaped API. Throws `unsupported` for any other API. */
export async function listOktaTokens(admin: EmbeddedAdmin, api: string): Promise<readonly StaticSecret[]> {
  const base = toBase(admin, api);
  const answer = await call(admin, {
    base,
    path: '/api/v1/api-tokens',
    method: 'GET',
    scope: 'okta.apiTokens.read',
  });
  if (answer.status !== 200 || !Array.isArray(answer.body)) throw toRefusal(answer, 'list its tokens', base);
  return answer.body.map((item) => toStaticSecret(toRecord(item)));
}

/** Revokes one by its id; a missing one is no error. */
export async function deleteOktaToken(admin: EmbeddedAdmin, api: string, id: string): Promise<void> {
  const base = toBase(admin, api);
  const path = `/api/v1/api-tokens/${encodeURIComponent(id)}`;
  const answer = await call(admin, { base, path, method: 'DELETE', scope: 'okta.apiTokens.manage' });
  if (answer.status !== 204 && answer.status !== 404) throw toRefusal(answer, 'revoke the token', base);
}

function toBase({ parts: { trust } }: EmbeddedAdmin, api: string): string {
  const fronts = trust.resources.find((resource) => resource.fronts?.api === api)?.fronts;
  if (fronts !== undefined && api === 'okta') return fronts.baseUrl;
  throw noStaticSecrets(trust.name, api);
}

interface Call {
  readonly base: string;
  readonly path: string;
  readonly method: 'GET' | 'DELETE';
  readonly scope: string;
}

/** Okta's own API takes only tokens of its own authorization server: the administrator is a service app there. */
async function call(admin: EmbeddedAdmin, { base, path, method, scope }: Call): Promise<HttpAnswer> {
  const { http } = admin.parts;
  const endpoint = `${base}/oauth2/v1/token`;
  const answer = await http.request(endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      scope,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await admin.sign(endpoint),
    }),
  });
  const token = toRecord(answer.body)['access_token'];
  if (answer.status !== 200 || typeof token !== 'string') throw toRefusal(answer, 'give a token', endpoint);
  return http.request(`${base}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
}

function toStaticSecret(item: Readonly<Record<string, unknown>>): StaticSecret {
  return {
    id: String(item['id']),
    name: String(item['name']),
    owner: toText(item['userId']),
    createdAt: toText(item['created']),
    lastUsedAt: toText(item['lastUpdated']),
  };
}

function toText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
