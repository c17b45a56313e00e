import { readMetadata } from '../metadata.ts';
import type { AdapterParts } from '../parts.ts';
import { noStaticSecrets } from '../refusal.ts';
import type { Capabilities, IdpAdapter } from '../types.ts';
import { createServiceAdmin, type OktaAdmin } from './admin.ts';
import { createAiAgents } from './cross-app/registry.ts';
import { readEvents } from './logs.ts';
import { isOwnApi } from './own-api.ts';
import { probeOkta } from './probe.ts';
import { joinRegistries, withoutAiAgents, type Registry } from './registry.ts';
import { createServiceApps } from './service-apps.ts';
import { hasBound } from './spec.ts';
import { deleteApiToken, listApiTokens } from './tokens.ts';

const capabilities: Capabilities = {
  exchange: 'rfc8693',
  recoversLostAnswers: true,
  act: 'none',
  minTtlSeconds: 300,
  revokeIssued: false,
  restore: true,
  lastUse: false,
  boundScopes: true,
};

/** With it users' tokens come from assertions, and name the agent. */
const crossApp: Capabilities = {
  ...capabilities,
  exchange: 'id-jag',
  act: 'native',
  unproven:
    "Cross App Access (AI agents, beta at Okta) was tried against Okta's description and a double of it only, never at Okta.",
};

/** Makes the adapter of an Okta organisation. Sends nothing yet. */
export function createOktaAdapter(parts: AdapterParts): IdpAdapter {
  const admin = createServiceAdmin(parts);
  return {
    ...registryOf(admin),
    trust: parts.trust,
    capabilities: parts.trust.crossAppAccess === true ? crossApp : capabilities,
    discover: () => readMetadata(parts.http, parts.trust.issuer),
    probe: () => probeOkta(admin),
    events: (since) => readEvents(admin, since),
    staticSecrets: async (api) => {
      assertOkta(parts, api);
      return listApiTokens(admin);
    },
    revokeStaticSecret: async (api, id) => {
      assertOkta(parts, api);
      return deleteApiToken(admin, id);
    },
  };
}

/**
 * An AI agent acts for users only, at APIs of the company's own, with tokens that are bound to no key: whatever else is
 * asked for takes an application.
 */
function registryOf(admin: OktaAdmin): Registry {
  const apps = createServiceApps(admin);
  if (admin.parts.trust.crossAppAccess !== true) return withoutAiAgents(apps);
  return joinRegistries(
    apps,
    createAiAgents(admin),
    (spec) =>
      spec.actsFor === 'user' &&
      !hasBound(admin, spec) &&
      !spec.grants.some(({ uri }) => isOwnApi(admin, uri)),
  );
}

function assertOkta({ trust }: AdapterParts, api: string): void {
  if (api === 'okta') return;
  throw noStaticSecrets(trust.name, api);
}
