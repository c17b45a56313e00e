import type { Okta } from './okta-api.ts';
import {
  findUser,
  listGroups,
  listUsers,
  resetPassword,
  toGroupBody,
  toPage,
  toTokenBody,
  toUserBody,
} from './okta-directory.ts';
import { notFound } from './okta-error.ts';

export interface OktaCall {
  readonly okta: Okta;
  readonly query: URLSearchParams;
  readonly id: string;
  readonly url: URL;
}

export interface OktaAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One operation of the API. `name` is the path with ids replaced; `scope` as Okta's description says. */
export interface Operation {
  readonly method: string;
  readonly name: string;
  readonly path: RegExp;
  readonly scope: string;
  readonly run: (call: OktaCall) => Promise<OktaAnswer>;
}

export function findOperation(
  method: string,
  path: string,
): { readonly operation: Operation; readonly id: string } | undefined {
  for (const operation of operations) {
    const match = operation.method === method ? operation.path.exec(path) : null;
    if (match !== null) return { operation, id: decode(match[1] ?? '') };
  }
  return undefined;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function page<T extends { readonly id: string }>(
  call: OktaCall,
  items: readonly T[],
  toBody: (item: T, origin: string) => object,
): OktaAnswer {
  const { items: shown, limit, next } = toPage(items, call.query);
  const { origin } = call.okta;
  const links = [`<${origin}${call.url.pathname}?limit=${limit}>; rel="self"`];
  if (next !== null) links.push(`<${origin}${call.url.pathname}?after=${next}&limit=${limit}>; rel="next"`);
  return {
    status: 200,
    body: shown.map((item) => toBody(item, origin)),
    headers: { link: links.join(', ') },
  };
}

const operations: readonly Operation[] = [
  {
    method: 'GET',
    name: '/api/v1/users',
    path: /^\/api\/v1\/users$/,
    scope: 'okta.users.read',
    run: async (call) => page(call, listUsers(call.okta.state.data, call.query), toUserBody),
  },
  {
    method: 'GET',
    name: '/api/v1/users/{id}',
    path: /^\/api\/v1\/users\/([^/]+)$/,
    scope: 'okta.users.read',
    run: async ({ okta, id }) => ({
      status: 200,
      body: toUserBody(findUser(okta.state.data, id), okta.origin),
    }),
  },
  {
    method: 'POST',
    name: '/api/v1/users/{id}/lifecycle/reset_password',
    path: /^\/api\/v1\/users\/([^/]+)\/lifecycle\/reset_password$/,
    scope: 'okta.users.manage',
    run: async ({ okta, id, query }) => {
      const { data } = okta.state;
      const now = new Date(okta.clock()).toISOString();
      const link = resetPassword(data, findUser(data, id), now, okta.origin);
      await okta.state.save();
      // By mail the link goes to the user only; the sandbox sends none.
      return { status: 200, body: query.get('sendEmail') === 'false' ? link : {} };
    },
  },
  {
    method: 'GET',
    name: '/api/v1/groups',
    path: /^\/api\/v1\/groups$/,
    scope: 'okta.groups.read',
    run: async (call) => page(call, listGroups(call.okta.state.data, call.query), toGroupBody),
  },
  {
    method: 'GET',
    name: '/api/v1/api-tokens',
    path: /^\/api\/v1\/api-tokens$/,
    scope: 'okta.apiTokens.read',
    run: async ({ okta }) => ({
      status: 200,
      body: [...okta.state.data.apiTokens.values()].map((token) => toTokenBody(token, okta.origin)),
    }),
  },
  {
    method: 'GET',
    name: '/api/v1/api-tokens/{id}',
    path: /^\/api\/v1\/api-tokens\/([^/]+)$/,
    scope: 'okta.apiTokens.read',
    run: async ({ okta, id }) => {
      const token = okta.state.data.apiTokens.get(id);
      if (token === undefined) throw notFound(id, 'ApiToken');
      return { status: 200, body: toTokenBody(token, okta.origin) };
    },
  },
  {
    method: 'DELETE',
    name: '/api/v1/api-tokens/{id}',
    path: /^\/api\/v1\/api-tokens\/([^/]+)$/,
    scope: 'okta.apiTokens.manage',
    run: async ({ okta, id }) => {
      if (!okta.state.data.apiTokens.delete(id)) throw notFound(id, 'ApiToken');
      await okta.state.save();
      return { status: 204 };
    },
  },
];
