import { loginClientId, type Idp } from './context.ts';
import { isScope, readKeys } from './metadata.ts';
import { toRecord, type ResourceRecord } from './state.ts';
import { Refusal } from './wire.ts';

type Body = Readonly<Record<string, unknown>>;

/** What `idp add` asks: everything that a trust file holds about this provider. */
export function listResources(idp: Idp): object {
  return {
    issuer: idp.issuer,
    login_client_id: loginClientId,
    resources: [...idp.state.data.resources.values()].map((resource) => ({
      key: resource.key,
      uri: resource.uri,
      display_name: resource.displayName,
      scopes: resource.scopes,
      max_ttl_seconds: resource.maxTtlSeconds,
      ...(resource.fronts === undefined
        ? {}
        : { fronts: { api: resource.fronts.api, base_url: resource.fronts.baseUrl } }),
      client_id: resource.clientId,
    })),
  };
}

/** Adds an API, or replaces one of the same key. With a client id and keys it may introspect. */
export async function putResource(idp: Idp, key: string, body: Body): Promise<object> {
  const resource = readResource(key, body);
  const others = [...idp.state.data.resources.values()].filter((one) => one.key !== key);
  if (others.some((one) => one.uri === resource.uri)) {
    throw new Refusal(409, 'conflict', 'another resource has this uri');
  }
  idp.state.data.resources.set(key, resource);
  await idp.state.save();
  return listResources(idp);
}

function readResource(key: string, body: Body): ResourceRecord {
  const { uri, display_name: displayName, scopes, client_id: clientId = null } = body;
  if (typeof uri !== 'string' || !URL.canParse(uri) || uri.includes('#')) {
    throw new Refusal(400, 'invalid_request', 'uri must be an absolute URI without fragment');
  }
  if (typeof displayName !== 'string' || !Array.isArray(scopes) || !scopes.every(isScope)) {
    throw new Refusal(400, 'invalid_request', 'display_name and scopes are needed');
  }
  const fronts = toRecord(body['fronts']);
  return {
    key,
    uri,
    displayName,
    scopes,
    maxTtlSeconds: 300,
    ...(fronts === undefined
      ? {}
      : { fronts: { api: String(fronts['api']), baseUrl: String(fronts['base_url']) } }),
    clientId: typeof clientId === 'string' ? clientId : null,
    keys: body['jwks'] === undefined ? [] : readKeys(body),
  };
}
