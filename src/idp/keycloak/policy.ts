import { AgentIdError } from '../../model/error.ts';
import { toRecord } from '../metadata.ts';
import type { KeycloakAdmin } from './admin.ts';

const executor = 'downscope-assertion-grant-enforcer';

/** Whether the realm holds every exchange to the scopes of the user's own token; `unknown` where that may not be read. */
export type Bounds = 'bound' | 'not-bound' | 'unknown';

/** Reads whether a client policy for every client has the executor that narrows exchanges. */
export async function readBounds(admin: KeycloakAdmin): Promise<Bounds> {
  try {
    const what = 'read its client policies';
    const [profiles, policies] = [
      toRecord(await admin.ask({ path: '/client-policies/profiles', role: 'view-realm', what })),
      toRecord(await admin.ask({ path: '/client-policies/policies', role: 'view-realm', what })),
    ];
    const narrowing = records(profiles['profiles'])
      .filter((profile) => records(profile['executors']).some((one) => one['executor'] === executor))
      .map((profile) => profile['name']);
    const bound = records(policies['policies']).some(
      (policy) =>
        policy['enabled'] === true &&
        records(policy['conditions']).some((one) => one['condition'] === 'any-client') &&
        Array.isArray(policy['profiles']) &&
        policy['profiles'].some((name) => narrowing.includes(name)),
    );
    return bound ? 'bound' : 'not-bound';
  } catch (error) {
    if (error instanceof AgentIdError && error.code === 'idp-refused') return 'unknown';
    throw error;
  }
}

/** Says in words what is not bounded; nothing where all is. */
export async function describeBounds(admin: KeycloakAdmin): Promise<readonly string[]> {
  const bounds = await readBounds(admin);
  if (bounds === 'bound') return [];
  const sure = bounds === 'not-bound' ? 'does not hold' : 'may not hold';
  return [
    `the realm ${sure} an exchange to the scopes of the user's own token: this agent gets any of its own scopes for any user who let it. ${howToBind}`,
  ];
}

/** How an administrator makes the realm hold exchanges to the user's token. */
export const howToBind =
  `To bind it: Realm settings > Client policies, a profile with the executor ${executor} ` +
  'and a policy for any client with that profile.';

function records(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(toRecord) : [];
}
