import { AgentIdError } from '../../model/error.ts';
import { readClaims } from '../../exchange/encode.ts';
import { toRecord } from '../metadata.ts';
import type { CheckResult } from '../types.ts';
import type { KeycloakAdmin, Role } from './admin.ts';
import { findClient, toList } from './client.ts';
import { howToBind, readBounds } from './policy.ts';
import { giveRole } from './refusal.ts';
import { assertScopes, listScopes } from './scopes.ts';

/** What each role is for; the first two are needed by every migration. */
const uses: readonly (readonly [Role, string])[] = [
  ['manage-clients', 'registers agents and their scopes'],
  ['view-events', 'tells when an agent last got a token'],
  ['view-realm', 'tells whether exchanges are held to the user’s token'],
];

/** Asks Keycloak what the administrator may and how the realm is set up; says what is missing and what gives it. */
export async function probeKeycloak(admin: KeycloakAdmin): Promise<readonly CheckResult[]> {
  return [
    ...(await look('roles', () => probeRoles(admin))),
    ...(await look('events', () => probeEvents(admin))),
    ...(await look('exchanges held to the user’s token', () => probeBounds(admin))),
    ...(await look('sign-in client', () => probeLogin(admin))),
    ...(await look('scopes', () => probeScopes(admin))),
  ];
}

async function probeRoles(admin: KeycloakAdmin): Promise<readonly CheckResult[]> {
  const claims = toRecord(readClaims((await admin.token()).open()));
  const access = toRecord(claims['resource_access']);
  const held = ['realm-management', `${admin.realm}-realm`].flatMap((name) =>
    toList(toRecord(access[name])['roles']),
  );
  return uses.map(([role, use]) => {
    const ok =
      held.includes(role) || held.includes(role.replace('view-', 'manage-')) || held.includes('realm-admin');
    return { what: `role ${role} (${use})`, ok, detail: ok ? 'given' : giveRole(role, admin.realm) };
  });
}

async function probeEvents(admin: KeycloakAdmin): Promise<readonly CheckResult[]> {
  const call = { path: '/events/config', role: 'view-events', what: 'say whether it keeps events' } as const;
  const ok = toRecord(await admin.ask(call))['eventsEnabled'] === true;
  const how = `kcadm.sh update events/config -r ${admin.realm} -s eventsEnabled=true (console: Realm settings > Events > User events settings).`;
  return [{ what: 'events', ok, detail: ok ? 'are kept' : `are not kept. Keep them: ${how}` }];
}

async function probeBounds(admin: KeycloakAdmin): Promise<readonly CheckResult[]> {
  const what = 'exchanges held to the user’s token';
  const bounds = await readBounds(admin);
  if (bounds === 'bound') return [{ what, ok: true, detail: 'by a client policy' }];
  if (bounds === 'not-bound') return [{ what, ok: false, detail: `no. ${howToBind}` }];
  return [{ what, ok: false, detail: `cannot be read. ${giveRole('view-realm', admin.realm)}` }];
}

async function probeLogin(admin: KeycloakAdmin): Promise<readonly CheckResult[]> {
  const what = 'sign-in client';
  const { loginClientId } = admin.parts.trust;
  if (loginClientId === undefined)
    return [{ what, ok: false, detail: 'none is named: add the provider again with --client-id ID' }];
  const client = await findClient(admin, loginClientId);
  if (client === undefined) return [{ what, ok: false, detail: `Keycloak has no client ${loginClientId}` }];
  const problems = [
    ...(client.raw['publicClient'] === true
      ? []
      : ['it is not public (Capability config > Client authentication off)']),
    ...(client.raw['standardFlowEnabled'] === true
      ? []
      : ['it has no standard flow (Capability config > Standard flow)']),
    ...(toList(client.raw['redirectUris']).some((uri) => uri.startsWith('http://127.0.0.1'))
      ? []
      : ['it takes no answer on 127.0.0.1 (Valid redirect URIs: http://127.0.0.1/*)']),
  ];
  return [{ what, ok: problems.length === 0, detail: problems.join('; ') || `${loginClientId} is fit` }];
}

async function probeScopes(admin: KeycloakAdmin): Promise<readonly CheckResult[]> {
  const { resources } = admin.parts.trust;
  assertScopes(resources, await listScopes(admin));
  return [{ what: 'scopes', ok: true, detail: 'none is in the way' }];
}

async function look(
  what: string,
  task: () => Promise<readonly CheckResult[]>,
): Promise<readonly CheckResult[]> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof AgentIdError)) throw error;
    return [{ what, ok: false, detail: [error.message, error.hint].filter(Boolean).join('. ') }];
  }
}
