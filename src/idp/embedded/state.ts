import { randomBytes } from 'node:crypto';
import type { JWK } from 'jose';
import type { PublicJwk } from '../../model/agent.ts';
import type { PlatformTrust } from '../types.ts';
import type { StoreShape } from './store.ts';

/** One audience and scopes of it. */
export interface ScopedResource {
  readonly uri: string;
  readonly scopes: readonly string[];
}

/** An API of another authorization server, for which this provider vouches for users (ID-JAG). */
export interface VouchedAudience extends ScopedResource {
  readonly issuer: string;
  /** What the agent is called there. */
  readonly clientId: string;
}

/** One registered agent. Times in seconds since 1970. */
export interface AgentRecord {
  readonly clientId: string;
  readonly displayName: string;
  readonly owner: string | null;
  readonly marker: string | null;
  readonly actsFor: 'user' | 'itself';
  readonly status: 'active' | 'revoked';
  readonly keys: readonly PublicJwk[];
  /** What the machines are called whose keys these are, by thumbprint. */
  readonly machines?: Readonly<Record<string, string>>;
  /** Jobs of a platform that are this agent, without a key of their own. */
  readonly platforms?: readonly PlatformTrust[];
  readonly grants: readonly ScopedResource[];
  /** Whom else it may ask for tokens, with an assertion of this provider. */
  readonly audiences?: readonly VouchedAudience[];
  /** Issuers whose assertions about users are taken from it. */
  readonly vouchers?: readonly string[];
  /** Its tokens are bound to a key of which each request brings a proof (RFC 9449). */
  readonly dpop?: boolean;
  readonly createdAt: number;
  readonly lastTokenAt: number | null;
  /** Tokens issued before are dead, also after a restore. */
  readonly notBefore: number;
}

/** An API that takes our tokens. With `clientId` it may introspect, and exchange what was sent to it. */
export interface ResourceRecord extends ScopedResource {
  readonly key: string;
  readonly displayName: string;
  readonly maxTtlSeconds: number;
  readonly fronts?: { readonly api: string; readonly baseUrl: string };
  readonly clientId: string | null;
  readonly keys: readonly PublicJwk[];
}

/** What a user decided about one agent, and what it asked for then. */
export interface Consent {
  readonly user: string;
  readonly clientId: string;
  readonly allowed: boolean;
  readonly grants: readonly ScopedResource[];
  readonly decidedAt: number;
}

export interface IdpState {
  readonly signingKey: JWK;
  /** Signs cookies and the tokens of our forms. */
  readonly formKey: string;
  readonly agents: Map<string, AgentRecord>;
  readonly resources: Map<string, ResourceRecord>;
  /** By user and client id. */
  readonly consents: Map<string, Consent>;
  /** Token ids that were revoked one by one, with their expiry. */
  readonly revokedTokens: Map<string, number>;
}

export function consentKey(user: string, clientId: string): string {
  return `${user} ${clientId}`;
}

/** Tells how the provider's own state is kept; `signingKey` is used where there is none yet. */
export function stateShape(signingKey: JWK): StoreShape<IdpState> {
  return {
    create: () => ({
      signingKey,
      formKey: randomBytes(32).toString('base64url'),
      agents: new Map(),
      resources: new Map(),
      consents: new Map(),
      revokedTokens: new Map(),
    }),
    parse: parseState,
    dump: (state) => ({
      schemaVersion: 1,
      signingKey: state.signingKey,
      formKey: state.formKey,
      agents: [...state.agents],
      resources: [...state.resources],
      consents: [...state.consents],
      revokedTokens: [...state.revokedTokens],
    }),
  };
}

function parseState(json: unknown): IdpState | undefined {
  const data = toRecord(json);
  if (data?.['schemaVersion'] !== 1) return undefined;
  const signingKey = toRecord(data['signingKey']);
  const agents = toMap<AgentRecord>(data['agents']);
  const resources = toMap<ResourceRecord>(data['resources']);
  const consents = toMap<Consent>(data['consents']);
  const revokedTokens = toMap<number>(data['revokedTokens']);
  if (signingKey === undefined || typeof data['formKey'] !== 'string') return undefined;
  if (!agents || !resources || !consents || !revokedTokens) return undefined;
  return {
    signingKey: signingKey as JWK,
    formKey: data['formKey'],
    agents,
    resources,
    consents,
    revokedTokens,
  };
}

/** Gives an object, `undefined` for anything else. */
export function toRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** Reads the entries of a map that we wrote ourselves. */
export function toMap<T>(value: unknown): Map<string, T> | undefined {
  if (!Array.isArray(value)) return undefined;
  const entries = value.every(
    (entry) => Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'string',
  );
  return entries ? new Map(value as [string, T][]) : undefined;
}
