import type { AdminApi } from '../admin-api.ts';
import { look } from '../check.ts';
import type { CheckResult } from '../types.ts';
import { howToGive } from './admin.ts';
import { describeLifetime, findApi } from './apis.ts';
import { findClient } from './client.ts';

/** Every right of the Management API that administering needs, no more. */
export const adminScopes: readonly string[] = [
  'read:clients',
  'create:clients',
  'update:clients',
  'delete:clients',
  'read:client_credentials',
  'create:client_credentials',
  'update:client_credentials',
  'delete:client_credentials',
  'read:client_grants',
  'create:client_grants',
  'update:client_grants',
  'delete:client_grants',
  'read:resource_servers',
  'create:resource_servers',
  'update:resource_servers',
  'delete:resource_servers',
  'read:logs',
];

/** Asks Auth0 what the administrator may and how the tenant is set up; says what is missing and what gives it. */
export async function probeAuth0(admin: AdminApi): Promise<readonly CheckResult[]> {
  return [
    ...(await look('rights', () => probeRights(admin))),
    ...(await look('APIs', () => probeApis(admin))),
    ...(await look('sign-in client', () => probeLogin(admin))),
  ];
}

async function probeRights(admin: AdminApi): Promise<readonly CheckResult[]> {
  const { scope: said } = await admin.claims();
  const held = typeof said === 'string' ? said.split(' ') : [];
  const missing = adminScopes.filter((scope) => !held.includes(scope));
  if (missing.length === 0)
    return [{ what: 'rights', ok: true, detail: `all ${adminScopes.length} are given` }];
  return missing.map((scope) => ({ what: `right ${scope}`, ok: false, detail: howToGive(scope) }));
}

async function probeApis(admin: AdminApi): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { key, uri, maxTtlSeconds } of admin.parts.trust.resources) {
    const api = await findApi(admin, uri);
    const what = `API ${key}`;
    if (api === undefined) results.push({ what, ok: true, detail: 'is not there yet: migrate makes it' });
    else {
      const [slow] = await describeLifetime(admin, { uri, maxTtlSeconds });
      results.push({ what, ok: slow === undefined, detail: slow ?? 'is there' });
    }
  }
  return results;
}

async function probeLogin(admin: AdminApi): Promise<readonly CheckResult[]> {
  const what = 'sign-in client';
  const { loginClientId } = admin.parts.trust;
  if (loginClientId === undefined)
    return [{ what, ok: false, detail: 'none is named: add the provider again with --client-id ID' }];
  const client = await findClient(admin, loginClientId);
  if (client === undefined) return [{ what, ok: false, detail: `Auth0 has no application ${loginClientId}` }];
  const ok = client.appType === 'native';
  const detail = ok ? `${loginClientId} is fit` : `it is ${client.appType}: make one of type Native`;
  return [{ what, ok, detail }];
}
