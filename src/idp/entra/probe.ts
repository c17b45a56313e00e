import type { AdminApi } from '../admin-api.ts';
import { look } from '../check.ts';
import type { CheckResult } from '../types.ts';
import { findApplication, toTexts } from './application.ts';
import { howToGive } from './graph.ts';
import { findApi } from './principal.ts';

/** What each permission of Microsoft Graph is for; no more is needed. */
export const adminPermissions: readonly (readonly [string, string])[] = [
  ['Application.ReadWrite.OwnedBy', 'registers agents, and changes those that it made'],
  ['DelegatedPermissionGrant.ReadWrite.All', 'lets agents act for users'],
  ['AppRoleAssignment.ReadWrite.All', 'lets agents act as themselves'],
  ['Application.Read.All', 'reads which roles an API has'],
];

/** Asks Entra what the administrator may and how the tenant is set up; says what is missing and what gives it. */
export async function probeEntra(graph: AdminApi): Promise<readonly CheckResult[]> {
  return [
    ...(await look('permissions', () => probeRights(graph))),
    ...(await look('APIs', () => probeApis(graph))),
    ...(await look('sign-in client', () => probeLogin(graph))),
  ];
}

async function probeRights(graph: AdminApi): Promise<readonly CheckResult[]> {
  const held = toTexts((await graph.claims())['roles']);
  return adminPermissions.map(([right, use]) => {
    const ok =
      held.includes(right) ||
      (right.startsWith('Application.') && held.includes('Application.ReadWrite.All'));
    return { what: `permission ${right} (${use})`, ok, detail: ok ? 'given' : howToGive(right) };
  });
}

async function probeApis(graph: AdminApi): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { key, uri } of graph.parts.trust.resources) {
    const task = async (): Promise<readonly CheckResult[]> => {
      const { scopes, roles } = await findApi(graph, uri);
      const detail = `is there: ${scopes.length} delegated permissions, ${Object.keys(roles).length} app roles`;
      return [{ what: `API ${key}`, ok: true, detail }];
    };
    results.push(...(await look(`API ${key}`, task)));
  }
  return results;
}

async function probeLogin(graph: AdminApi): Promise<readonly CheckResult[]> {
  const what = 'sign-in client';
  const { loginClientId } = graph.parts.trust;
  if (loginClientId === undefined)
    return [{ what, ok: false, detail: 'none is named: add the provider again with --client-id ID' }];
  const app = await findApplication(graph, loginClientId);
  const detail = app === undefined ? `Entra has no application ${loginClientId}` : 'is there';
  return [{ what, ok: app !== undefined, detail }];
}
