import { createHash, randomBytes } from 'node:crypto';
import type { JWK } from 'jose';
import type { PublicJwk } from '../../../model/agent.ts';
import { toMap, toRecord } from '../state.ts';
import type { StoreShape } from '../store.ts';

/** A person in the directory. Times are RFC 3339. */
export interface OktaUser {
  readonly id: string;
  readonly login: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly status: 'ACTIVE' | 'RECOVERY' | 'SUSPENDED';
  readonly created: string;
  readonly statusChanged: string;
  readonly lastUpdated: string;
}

export interface OktaGroup {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly created: string;
}

/** A static token; of its value only the hash is kept. */
export interface OktaApiToken {
  readonly id: string;
  readonly name: string;
  readonly userId: string;
  readonly hash: string;
  readonly created: string;
  readonly lastUpdated: string;
  readonly lastUsed: string | null;
}

/** A service app: it authenticates with a key and gets only these scopes. */
export interface ServiceApp {
  readonly clientId: string;
  readonly keys: readonly PublicJwk[];
  readonly scopes: readonly string[];
}

export interface OktaState {
  readonly signingKey: JWK;
  readonly users: Map<string, OktaUser>;
  readonly groups: Map<string, OktaGroup>;
  readonly apiTokens: Map<string, OktaApiToken>;
}

const people = [
  ['user-x', 'Xenia', 'Ward'],
  ['user-y', 'Yann', 'Meyer'],
  ['sam', 'Sam', 'Rivers'],
  ['ana', 'Ana', 'Costa'],
  ['lee', 'Lee', 'Okafor'],
] as const;

const teams = [
  ['Everyone', 'All users in the organization'],
  ['Support', 'People who answer users'],
  ['Engineering', 'People who build'],
] as const;

/** Tells how the directory is kept; `now` dates what is made at the first start. */
export function oktaShape(signingKey: JWK, now: string): StoreShape<OktaState> {
  return {
    create: () => ({ signingKey, users: makeUsers(now), groups: makeGroups(now), apiTokens: new Map() }),
    parse: (json) => {
      const data = toRecord(json);
      const key = toRecord(data?.['signingKey']);
      const users = toMap<OktaUser>(data?.['users']);
      const groups = toMap<OktaGroup>(data?.['groups']);
      const apiTokens = toMap<OktaApiToken>(data?.['apiTokens']);
      if (data?.['schemaVersion'] !== 1 || !key || !users || !groups || !apiTokens) return undefined;
      return { signingKey: key as JWK, users, groups, apiTokens };
    },
    dump: (state) => ({
      schemaVersion: 1,
      signingKey: state.signingKey,
      users: [...state.users],
      groups: [...state.groups],
      apiTokens: [...state.apiTokens],
    }),
  };
}

/** Makes an id as Okta does: a prefix that says the kind, 20 characters in all. */
export function makeId(prefix: string): string {
  let id = prefix;
  while (id.length < 20)
    id += randomBytes(12)
      .toString('base64')
      .replaceAll(/[^A-Za-z0-9]/g, '');
  return id.slice(0, 20);
}

export function hashToken(value: string): string {
  return createHash('sha256').update(value).digest('base64url');
}

function makeUsers(now: string): Map<string, OktaUser> {
  const users = people.map(([name, firstName, lastName]): OktaUser => {
    const dates = { created: now, statusChanged: now, lastUpdated: now };
    return {
      id: makeId('00u'),
      login: `${name}@acme.example`,
      firstName,
      lastName,
      status: 'ACTIVE',
      ...dates,
    };
  });
  return new Map(users.map((user) => [user.id, user]));
}

function makeGroups(now: string): Map<string, OktaGroup> {
  const groups = teams.map(([name, description]) => ({ id: makeId('00g'), name, description, created: now }));
  return new Map(groups.map((group) => [group.id, group]));
}
