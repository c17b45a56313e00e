import type { Grant } from '../../model/agent.ts';

/** Scopes of Okta's API whose name a custom admin role takes as a permission of the same breadth. */
const sameName: ReadonlySet<string> = new Set([
  'okta.users.manage',
  'okta.users.read',
  'okta.groups.manage',
  'okta.groups.read',
  'okta.apps.manage',
  'okta.apps.read',
]);

/** Operations with the permission that is enough for each, narrower than the scope that they need. */
const narrower: Readonly<Record<string, string>> = {
  resetPassword: 'okta.users.credentials.resetPassword',
  expirePassword: 'okta.users.credentials.expirePassword',
  expirePasswordWithTempPassword: 'okta.users.credentials.expirePassword',
  resetFactors: 'okta.users.credentials.resetFactors',
  activateUser: 'okta.users.lifecycle.activate',
  deactivateUser: 'okta.users.lifecycle.deactivate',
  suspendUser: 'okta.users.lifecycle.suspend',
  unsuspendUser: 'okta.users.lifecycle.unsuspend',
  unlockUser: 'okta.users.lifecycle.unlock',
  deleteUser: 'okta.users.lifecycle.delete',
  revokeUserSessions: 'okta.users.lifecycle.clearSessions',
  createUser: 'okta.users.create',
  getUser: 'okta.users.read',
  listUsers: 'okta.users.read',
  listUserGroups: 'okta.users.read',
  getGroup: 'okta.groups.read',
  listGroups: 'okta.groups.read',
  listGroupUsers: 'okta.groups.read',
  assignUserToGroup: 'okta.groups.members.manage',
  unassignUserFromGroup: 'okta.groups.members.manage',
};

/** The same operations as requests: method, and how the path begins and ends. */
const requests: readonly (readonly [RegExp, keyof typeof narrower])[] = [
  [/^POST \/api\/v1\/users\/[^/]+\/lifecycle\/reset_password$/, 'resetPassword'],
  [/^POST \/api\/v1\/users\/[^/]+\/lifecycle\/expire_password$/, 'expirePassword'],
  [/^POST \/api\/v1\/users\/[^/]+\/lifecycle\/reset_factors$/, 'resetFactors'],
  [/^POST \/api\/v1\/users\/[^/]+\/lifecycle\/activate$/, 'activateUser'],
  [/^POST \/api\/v1\/users\/[^/]+\/lifecycle\/deactivate$/, 'deactivateUser'],
  [/^POST \/api\/v1\/users\/[^/]+\/lifecycle\/suspend$/, 'suspendUser'],
  [/^POST \/api\/v1\/users\/[^/]+\/lifecycle\/unsuspend$/, 'unsuspendUser'],
  [/^POST \/api\/v1\/users\/[^/]+\/lifecycle\/unlock$/, 'unlockUser'],
  [/^DELETE \/api\/v1\/users\/[^/]+\/sessions$/, 'revokeUserSessions'],
  [/^DELETE \/api\/v1\/users\/[^/]+$/, 'deleteUser'],
  [/^POST \/api\/v1\/users$/, 'createUser'],
  [/^GET \/api\/v1\/users$/, 'listUsers'],
  [/^GET \/api\/v1\/users\/[^/]+$/, 'getUser'],
  [/^GET \/api\/v1\/users\/[^/]+\/groups$/, 'listUserGroups'],
  [/^GET \/api\/v1\/groups$/, 'listGroups'],
  [/^GET \/api\/v1\/groups\/[^/]+$/, 'getGroup'],
  [/^GET \/api\/v1\/groups\/[^/]+\/users$/, 'listGroupUsers'],
  [/^PUT \/api\/v1\/groups\/[^/]+\/users\/[^/]+$/, 'assignUserToGroup'],
  [/^DELETE \/api\/v1\/groups\/[^/]+\/users\/[^/]+$/, 'unassignUserFromGroup'],
];

/** Which permissions these grants need, and which scopes no custom role carries. */
export interface RoleNeeds {
  readonly permissions: readonly string[];
  readonly uncovered: readonly string[];
}

/** What an agent has at Okta now: its granted scopes, and the permissions of its own role. */
export interface Held {
  readonly scopes: readonly string[];
  readonly permissions: readonly string[];
}

const nothing: Held = { scopes: [], permissions: [] };

/**
 * Gives the least permissions for grants of Okta's own API. A service app can do what its scopes and its role both
 * allow: where all calls behind a broad scope are known, the role holds only theirs. A change that names no calls (a review
 * reads a lock file, which holds none) keeps what a scope it has already was narrowed to: narrowing never widens.
 */
export function toPermissions(grants: readonly Grant[], held: Held = nothing): RoleNeeds {
  const permissions = new Set<string>();
  const uncovered = new Set<string>();
  for (const { scopes, operations } of grants) {
    for (const scope of scopes) {
      const calls = operations === undefined ? keptOf(scope, held) : callsOf(scope, operations);
      if (scope.endsWith('.manage') && calls.length > 0) calls.forEach((one) => permissions.add(one));
      else if (sameName.has(scope)) permissions.add(scope);
      else uncovered.add(scope);
    }
  }
  return { permissions: [...permissions].sort(), uncovered: [...uncovered].sort() };
}

function callsOf(scope: string, operations: readonly string[]): readonly string[] {
  const calls = operations.flatMap((one) => permissionOf(one) ?? []);
  const known = calls.length === operations.length && calls.some((one) => one.startsWith(familyOf(scope)));
  return known ? calls : [];
}

function keptOf(scope: string, { scopes, permissions }: Held): readonly string[] {
  return scopes.includes(scope) ? permissions.filter((one) => one.startsWith(familyOf(scope))) : [];
}

/** `okta.users.manage` gives `okta.users.`. */
function familyOf(scope: string): string {
  return `${scope.split('.').slice(0, 2).join('.')}.`;
}

/** A call is a request, or the name of a client's method: `client.userApi.resetPassword`. */
function permissionOf(call: string): string | undefined {
  const [, path] = call.split('?')[0]?.split(' ') ?? [];
  if (path === undefined) return narrower[call.split('.').at(-1) ?? ''];
  const found = requests.find(([pattern]) => pattern.test(call.split('?')[0] ?? ''));
  return found === undefined ? undefined : narrower[found[1]];
}
