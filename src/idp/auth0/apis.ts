import type { AdminApi } from '../admin-api.ts';
import { ensure } from '../ensure.ts';
import { toRecord } from '../metadata.ts';
import type { TrustedResource } from '../types.ts';
import { managementApi } from './admin.ts';
import { toApiBody, type ApiBody } from './bodies.ts';

/** An API of the tenant (a resource server). */
export interface Auth0Api {
  readonly identifier: string;
  readonly scopes: readonly { readonly value: string }[];
  readonly lifetimeSeconds: number;
}

type Wanted = Pick<TrustedResource, 'uri' | 'scopes' | 'maxTtlSeconds'>;

export async function findApi(admin: AdminApi, identifier: string): Promise<Auth0Api | undefined> {
  const found = await admin.ask({
    path: pathOf(identifier),
    right: 'read:resource_servers',
    what: `look for the API ${identifier}`,
  });
  return found === undefined ? undefined : toApi(found);
}

export async function ensureApi(admin: AdminApi, body: ApiBody): Promise<Auth0Api> {
  const { found } = await ensure(
    () => findApi(admin, body.identifier),
    async () => {
      const what = `make the API ${body.identifier}`;
      const right = 'create:resource_servers';
      return toApi(await admin.ask({ method: 'POST', path: '/resource-servers', right, body, what }));
    },
  );
  return found;
}

/** Makes the API where there is none, and adds scopes that it lacks; nothing else of it is changed: others use it. */
export async function ensureApiWith(admin: AdminApi, wanted: Wanted): Promise<void> {
  if (isOwn(admin, wanted.uri)) return;
  const { displayName } = admin.parts.trust.resources.find(({ uri }) => uri === wanted.uri) ?? {
    displayName: wanted.uri,
  };
  const api = await ensureApi(admin, toApiBody({ ...wanted, displayName }, wanted.maxTtlSeconds));
  const missing = missingScopes(api, wanted.scopes);
  if (missing.length === 0) return;
  await admin.ask({
    method: 'PATCH',
    path: pathOf(wanted.uri),
    right: 'update:resource_servers',
    body: { scopes: [...api.scopes, ...missing.map((value) => ({ value }))] },
    what: `add scopes to the API ${wanted.uri}`,
  });
}

/** Deletes an API; a missing one is no error. */
export async function deleteApi(admin: AdminApi, identifier: string): Promise<void> {
  const what = `delete the API ${identifier}`;
  await admin.ask({ method: 'DELETE', path: pathOf(identifier), right: 'delete:resource_servers', what });
}

/** Says in lines for a person what becomes of an API, or is not as it should be. */
export async function describeApi(admin: AdminApi, wanted: Wanted): Promise<readonly string[]> {
  const { uri, scopes, maxTtlSeconds } = wanted;
  if (isOwn(admin, uri)) return [];
  const api = await findApi(admin, uri);
  if (api === undefined) return [`makes the API ${uri} at Auth0 (tokens live ${maxTtlSeconds} seconds)`];
  const missing = missingScopes(api, scopes);
  return missing.length === 0 ? [] : [`adds to the API ${uri}: ${missing.join(' ')}`];
}

/** Warns of tokens that live longer than wanted: that is a setting of the API, for whoever uses it. */
export async function describeLifetime(
  admin: AdminApi,
  { uri, maxTtlSeconds }: Pick<Wanted, 'uri' | 'maxTtlSeconds'>,
): Promise<readonly string[]> {
  const seconds = (await findApi(admin, uri))?.lifetimeSeconds ?? 0;
  if (seconds <= maxTtlSeconds) return [];
  return [
    `${uri}: its tokens live ${seconds} seconds, and are refused here over ${maxTtlSeconds}: Applications > APIs > … > Settings > Access Token Settings`,
  ];
}

/** Auth0's own API: its scopes are as they are. */
function isOwn(admin: AdminApi, uri: string): boolean {
  return uri === managementApi(admin.parts.trust.issuer);
}

function missingScopes(api: Auth0Api, scopes: readonly string[]): readonly string[] {
  return scopes.filter((scope) => !api.scopes.some(({ value }) => value === scope));
}

function pathOf(identifier: string): `/${string}` {
  return `/resource-servers/${encodeURIComponent(identifier)}`;
}

function toApi(value: unknown): Auth0Api {
  const { identifier, scopes, token_lifetime: seconds } = toRecord(value);
  return {
    identifier: String(identifier),
    // As they came: their descriptions must survive.
    scopes: Array.isArray(scopes) ? (scopes as { readonly value: string }[]) : [],
    lifetimeSeconds: typeof seconds === 'number' ? seconds : 0,
  };
}
