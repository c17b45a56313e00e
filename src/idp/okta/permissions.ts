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

/** Operations that need a broad scope, with the permission that is enough for each. */
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
  assignUserToGroup: 'okta.groups.members.manage',
  unassignUserFromGroup: 'okta.groups.members.manage',
};

/** Which permissions these grants need, and which scopes no custom role carries. */
export interface RoleNeeds {
  readonly permissions: readonly string[];
  readonly uncovered: readonly string[];
}

/**
 * Gives the least permissions for grants of Okta's own API. A service app can do what its scopes and its role both
 * allow: where all calls behind a broad scope are known, the role holds only theirs.
 */
export function toPermissions(grants: readonly Grant[]): RoleNeeds {
  const permissions = new Set<string>();
  const uncovered = new Set<string>();
  for (const { scopes, operations = [] } of grants) {
    for (const scope of scopes) {
      const family = scope.split('.').slice(0, 2).join('.');
      const calls = operations.flatMap((one) => narrower[one] ?? []);
      const known = calls.length === operations.length && calls.some((one) => one.startsWith(`${family}.`));
      if (scope.endsWith('.manage') && known) calls.forEach((one) => permissions.add(one));
      else if (sameName.has(scope)) permissions.add(scope);
      else uncovered.add(scope);
    }
  }
  return { permissions: [...permissions].sort(), uncovered: [...uncovered].sort() };
}
