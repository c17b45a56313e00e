import type { AdminApi } from '../admin-api.ts';
import { readMetadata } from '../metadata.ts';
import type { AdapterParts } from '../parts.ts';
import { noStaticSecrets, notOurs } from '../refusal.ts';
import type { Capabilities, IdpAdapter, Registration } from '../types.ts';
import {
  changeKeys,
  deleteApplication,
  findApplication,
  gone,
  listApplications,
  type Application,
} from './application.ts';
import { createGraph } from './graph.ts';
import { findPrincipal, switchPrincipal } from './principal.ts';
import { probeEntra } from './probe.ts';
import { planAgent, readRegistration, registerAgent, trustJobs } from './register.ts';

const capabilities: Capabilities = {
  exchange: 'jwt-bearer-obo',
  recoversLostAnswers: true,
  act: 'none',
  minTtlSeconds: 3600,
  revokeIssued: false,
  restore: true,
  lastUse: false,
  boundScopes: true,
  keyKind: 'RSA',
};

/** Makes the adapter of a tenant of Microsoft Entra. Sends nothing yet. */
export function createEntraAdapter(parts: AdapterParts): IdpAdapter {
  const graph = createGraph(parts);
  return {
    trust: parts.trust,
    capabilities,
    discover: () => readMetadata(parts.http, parts.trust.issuer),
    probe: () => probeEntra(graph),
    plan: (spec) => planAgent(graph, spec),
    apply: (change) => registerAgent(graph, change),
    async inspect(clientId) {
      const app = await findApplication(graph, clientId);
      return app === undefined ? undefined : readRegistration(graph, app);
    },
    list: () => list(graph),
    async addKey(clientId, key, machine) {
      const named = machine === undefined ? {} : { machine };
      const app = await ownApplication(graph, clientId);
      return readRegistration(graph, await changeKeys(graph, app, { add: [key], ...named }));
    },
    async removeKey(clientId, kid) {
      const app = await ownApplication(graph, clientId);
      return readRegistration(graph, await changeKeys(graph, app, { remove: kid }));
    },
    trustPlatform: async (clientId, platform) =>
      trustJobs(graph, await ownApplication(graph, clientId), platform),
    revoke: async (clientId) => switchPrincipal(graph, await ownApplication(graph, clientId), false),
    restore: async (clientId) => switchPrincipal(graph, await ownApplication(graph, clientId), true),
    remove: (clientId) => remove(graph, clientId),
    staticSecrets: (api) => Promise.reject(noStaticSecrets(parts.trust.name, api)),
    revokeStaticSecret: (api) => Promise.reject(noStaticSecrets(parts.trust.name, api)),
  };
}

async function list(graph: AdminApi): Promise<readonly Registration[]> {
  const found: Registration[] = [];
  for (const app of await listApplications(graph)) {
    if (app.mark !== null) found.push(await readRegistration(graph, app));
  }
  return found;
}

/** Switches off first: what is left after a cut can do nothing. */
async function remove(graph: AdminApi, clientId: string): Promise<void> {
  const app = await findApplication(graph, clientId);
  if (app === undefined) return;
  if (app.mark === null) throw notOurs(clientId, 'tags at Entra');
  if ((await findPrincipal(graph, app)) !== undefined) await switchPrincipal(graph, app, false);
  await deleteApplication(graph, app);
}

async function ownApplication(graph: AdminApi, clientId: string): Promise<Application> {
  const app = await findApplication(graph, clientId);
  if (app === undefined) throw gone(clientId);
  if (app.mark === null) throw notOurs(clientId, 'tags at Entra');
  return app;
}
