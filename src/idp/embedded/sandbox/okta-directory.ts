import { randomBytes } from 'node:crypto';
import { invalidSearch, notFound, OktaError } from './okta-error.ts';
import type { OktaApiToken, OktaGroup, OktaState, OktaUser } from './okta-state.ts';

/** Finds a user by id, login or the part of the login before the `@`, as Okta does. */
export function findUser(state: OktaState, name: string): OktaUser {
  const users = [...state.users.values()];
  const found =
    state.users.get(name) ??
    users.find((user) => user.login === name) ??
    users.find((user) => user.login.split('@')[0] === name);
  if (found === undefined) throw notFound(name, 'User');
  return found;
}

/** Lists users by `q`, `search` or `filter`: the comparisons that our consumers use. Throws for any other. */
export function listUsers(state: OktaState, query: URLSearchParams): readonly OktaUser[] {
  const q = query.get('q')?.toLowerCase();
  const expression = query.get('search') ?? query.get('filter');
  const test = expression === null ? () => true : toTest(expression);
  return [...state.users.values()].filter(
    (user) =>
      test(user) &&
      (q === undefined ||
        [user.firstName, user.lastName, user.login].some((text) => text.toLowerCase().startsWith(q))),
  );
}

export function listGroups(state: OktaState, query: URLSearchParams): readonly OktaGroup[] {
  const q = query.get('q')?.toLowerCase() ?? '';
  return [...state.groups.values()].filter((group) => group.name.toLowerCase().startsWith(q));
}

/** Cuts a list by `limit` and `after`; `next` is the cursor of the page after. */
export function toPage<T extends { readonly id: string }>(
  items: readonly T[],
  query: URLSearchParams,
): { readonly items: readonly T[]; readonly limit: number; readonly next: string | null } {
  const limit = Number(query.get('limit') ?? 200);
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) {
    throw new OktaError(400, 'E0000001', 'Api validation failed: limit', {
      causes: ['limit: between 1 and 200'],
    });
  }
  const after = query.get('after');
  const start = after === null ? 0 : items.findIndex((item) => item.id === after) + 1;
  const page = items.slice(start, start + limit);
  const more = start + limit < items.length;
  return { items: page, limit, next: more ? (page.at(-1)?.id ?? null) : null };
}

/** Starts a recovery: the user's password no longer works until the link was used. */
export function resetPassword(state: OktaState, user: OktaUser, now: string, origin: string): object {
  state.users.set(user.id, { ...user, status: 'RECOVERY', statusChanged: now, lastUpdated: now });
  return { resetPasswordUrl: `${origin}/reset_password/${randomBytes(15).toString('base64url')}` };
}

export function toUserBody(user: OktaUser, origin: string): object {
  return {
    id: user.id,
    status: user.status,
    created: user.created,
    activated: user.created,
    statusChanged: user.statusChanged,
    lastLogin: null,
    lastUpdated: user.lastUpdated,
    passwordChanged: user.created,
    type: { id: 'oty1acmedefaultxxxxx' },
    profile: {
      firstName: user.firstName,
      lastName: user.lastName,
      mobilePhone: null,
      secondEmail: null,
      login: user.login,
      email: user.login,
    },
    credentials: { provider: { type: 'OKTA', name: 'OKTA' } },
    _links: { self: { href: `${origin}/api/v1/users/${user.id}` } },
  };
}

export function toGroupBody(group: OktaGroup, origin: string): object {
  return {
    id: group.id,
    created: group.created,
    lastUpdated: group.created,
    lastMembershipUpdated: group.created,
    objectClass: ['okta:user_group'],
    type: group.name === 'Everyone' ? 'BUILT_IN' : 'OKTA_GROUP',
    profile: { name: group.name, description: group.description },
    _links: { users: { href: `${origin}/api/v1/groups/${group.id}/users` } },
  };
}

export function toTokenBody(token: OktaApiToken, origin: string): object {
  const href = `${origin}/api/v1/api-tokens/${token.id}`;
  return {
    id: token.id,
    name: token.name,
    userId: token.userId,
    tokenWindow: 'P30D',
    network: { connection: 'ANYWHERE' },
    clientName: 'Okta API',
    created: token.created,
    lastUpdated: token.lastUsed ?? token.lastUpdated,
    _link: { self: { href, hints: { allow: ['GET', 'DELETE'] } } },
  };
}

/** Reads `FIELD eq|sw "VALUE"`, joined by `and`. */
function toTest(expression: string): (user: OktaUser) => boolean {
  const tests = expression.split(/\s+and\s+/i).map((part) => {
    const match = /^\s*([\w.]+)\s+(eq|sw)\s+"([^"]*)"\s*$/.exec(part);
    const [, field = '', operator, value = ''] = match ?? [];
    const get = fields[field];
    if (get === undefined) throw invalidSearch(expression);
    return (user: OktaUser) => (operator === 'eq' ? get(user) === value : get(user).startsWith(value));
  });
  return (user) => tests.every((test) => test(user));
}

const fields: Readonly<Record<string, (user: OktaUser) => string>> = {
  id: (user) => user.id,
  status: (user) => user.status,
  'profile.login': (user) => user.login,
  'profile.email': (user) => user.login,
  'profile.firstName': (user) => user.firstName,
  'profile.lastName': (user) => user.lastName,
};
