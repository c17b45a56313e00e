import type { Clock } from '../../lib/clock.ts';
import type { PublicJwk } from '../../model/agent.ts';
import type { EventLog } from './events.ts';
import type { Models } from './models.ts';
import type { AgentRecord, IdpState } from './state.ts';
import type { Store } from './store.ts';
import type { SandboxUser } from './users.ts';

export const adminClientId = 'agent-id-admin';
export const loginClientId = 'agent-id-cli';

/** What every part of the embedded identity provider works on. */
export interface Idp {
  readonly issuer: string;
  readonly clock: Clock;
  readonly state: Store<IdpState>;
  readonly models: Store<Models>;
  readonly users: Store<readonly SandboxUser[]>;
  readonly events: EventLog;
  readonly adminKey: PublicJwk;
  /** Called when the administrator asks the program to end. */
  readonly requestStop: () => void;
}

/** Seconds since 1970. */
export function nowSeconds(idp: Pick<Idp, 'clock'>): number {
  return Math.floor(idp.clock() / 1000);
}

export function toEventAgent({ clientId, displayName }: AgentRecord): {
  readonly clientId: string;
  readonly displayName: string;
} {
  return { clientId, displayName };
}

export function toEventResource(
  idp: Idp,
  uri: string,
): { readonly uri: string; readonly displayName: string } {
  return { uri, displayName: resourceByUri(idp, uri)?.displayName ?? uri };
}

export function resourceByUri(
  idp: Idp,
  uri: string,
): IdpState['resources'] extends Map<string, infer R> ? R | undefined : never {
  return [...idp.state.data.resources.values()].find((resource) => resource.uri === uri);
}
