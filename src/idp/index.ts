import { createHttp } from '../lib/http.ts';
import { systemClock, type Clock } from '../lib/clock.ts';
import type { StatePaths } from '../lib/state.ts';
import { AgentIdError } from '../model/error.ts';
import type { AdapterParts } from './parts.ts';
import type { IdpAdapter, TrustedIdp } from './types.ts';

/** What adapters need from outside; network and clock are this machine's unless given. */
export interface IdpDeps {
  readonly paths: Pick<StatePaths, 'keys'>;
  readonly fetch?: typeof globalThis.fetch;
  readonly clock?: Clock;
}

type Load = (parts: AdapterParts) => Promise<IdpAdapter>;

/** One line per kind of provider; its code is loaded only when used. */
const adapters: Partial<Record<TrustedIdp['type'], Load>> = {
  embedded: async (parts) => (await import('./embedded-adapter.ts')).createEmbeddedAdapter(parts),
  oidc: async (parts) => (await import('./oidc-adapter.ts')).createOidcAdapter(parts),
  entra: async (parts) => (await import('./entra/adapter.ts')).createEntraAdapter(parts),
  keycloak: async (parts) => (await import('./keycloak/adapter.ts')).createKeycloakAdapter(parts),
  auth0: async (parts) => (await import('./auth0/adapter.ts')).createAuth0Adapter(parts),
  okta: async (parts) => (await import('./okta/adapter.ts')).createOktaAdapter(parts),
};

/** Makes the adapter of a trusted provider. Sends nothing yet. Throws `unsupported` for a kind that has none. */
export async function adapterFor(trust: TrustedIdp, deps: IdpDeps): Promise<IdpAdapter> {
  const load = adapters[trust.type];
  if (load === undefined) {
    throw new AgentIdError('unsupported', `identity providers of type ${trust.type} are not supported yet`, {
      where: trust.name,
      hint: 'Any standard server works as --type oidc.',
    });
  }
  const { clock = systemClock, fetch, paths } = deps;
  const http = createHttp({ clock, ...(fetch === undefined ? {} : { fetch }) });
  return load({ trust, http, clock, paths });
}
