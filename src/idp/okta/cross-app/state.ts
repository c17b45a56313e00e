import type { Registration } from '../../types.ts';
import { readAccess, readPolicies, type Access, type Policies } from '../access.ts';
import type { OktaAdmin } from '../admin.ts';
import type { OktaKey } from '../jwks.ts';
import type { Server } from '../servers.ts';
import type { AiAgent } from './ai-agent.ts';
import { listConnections, type Connection } from './connections.ts';
import { activeKeys } from './keys.ts';

/** Everything of one AI agent: Okta gives a token only where connection and access rule both allow it. */
export interface State {
  readonly agent: AiAgent;
  readonly keys: readonly OktaKey[];
  readonly reaches: readonly Reach[];
}

/** What an agent may have of one authorization server; either half may be missing. */
export interface Reach {
  readonly issuer: string;
  readonly uri: string;
  readonly access: Access | undefined;
  readonly connection: Connection | undefined;
}

/** Reads an AI agent whole; of a foreign one only that it is there. */
export async function readState(
  admin: OktaAdmin,
  agent: AiAgent,
  policies?: readonly Policies[],
): Promise<State> {
  if (agent.mark === null) return { agent, keys: [], reaches: [] };
  const known = policies ?? (await readPolicies(admin));
  const access = await readAccess(admin, agent.id, known);
  const connections = await listConnections(admin, agent);
  return {
    agent,
    keys: await activeKeys(admin, agent),
    reaches: [
      ...access.map((one) => {
        const issuer = issuerOf(admin, one.server);
        const connection = connections.find((found) => found.issuer === issuer);
        return { issuer, uri: one.uri, access: one, connection };
      }),
      ...connections
        .filter(({ issuer }) => !access.some(({ server }) => issuerOf(admin, server) === issuer))
        .map((one) => ({ issuer: one.issuer, uri: one.resource, access: undefined, connection: one })),
    ],
  };
}

/** Gives an AI agent as every provider's registration is given. */
export function toRegistration({ agent, keys, reaches }: State): Registration {
  return {
    clientId: agent.id,
    displayName: agent.name,
    status: agent.status === 'ACTIVE' ? 'active' : 'revoked',
    keys: keys.map(({ kid }) => ({ kid })),
    grants: reaches.map((reach) => ({
      uri: reach.uri,
      scopes: scopesOf(reach),
      tokenIssuer: reach.issuer,
      identityAssertion: true,
    })),
    marker: agent.mark?.marker ?? null,
    lastTokenAt: null,
  };
}

export function issuerOf({ org }: OktaAdmin, { id }: Server): string {
  return `${org}/oauth2/${id}`;
}

function scopesOf({ access, connection }: Reach): readonly string[] {
  if (access === undefined || connection?.active !== true) return [];
  const { scopes } = connection;
  return scopes === null ? access.scopes : access.scopes.filter((scope) => scopes.includes(scope));
}
