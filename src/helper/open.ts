import { appendAudit } from '../audit/log.ts';
import { createAgent } from '../exchange/agent.ts';
import { createProver } from '../exchange/dpop.ts';
import { createKeySigner, KeyFileError, type Custody } from '../exchange/node.ts';
import type {
  Agent,
  AgentOptions,
  PlatformIdentity,
  Signer,
  TokenRequest,
  TokenSource,
  UserRequest,
} from '../exchange/types.ts';
import type { TrustedIdp, TrustedResource } from '../idp/types.ts';
import { systemClock, toTimestamp } from '../lib/clock.ts';
import { createHttp, type Http } from '../lib/http.ts';
import { agentKeyFile } from '../lib/keys.ts';
import { statePaths, type StatePaths } from '../lib/state.ts';
import { systemFetch } from '../lib/system.ts';
import type { LockedAgent } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';
import { Secret } from '../model/secret.ts';
import { createLog, toAuditEvent, type AuditQueue } from './audit-event.ts';
import { toAgentIdError } from './error.ts';
import { readLocked } from './locked.ts';
import { keptMetadata } from './metadata.ts';
import { findPlatform } from './platform.ts';
import { findResource } from './resource.ts';
import { tokenServerOf, type TokenServer } from './token-server.ts';
import { assertOwnUser, trustForAgent } from './trust.ts';

/** Where an agent is opened: the lock file is looked for from `from` upward. */
export interface Place {
  readonly from: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock?: () => number;
  readonly fetch?: typeof globalThis.fetch;
  /** Reads the OS keychain; without it the command `agent-id` does. */
  readonly readKeychain?: Custody['readKeychain'];
  /** Told about what the person should know: a repaired audit log. */
  readonly warn?: (text: string) => void;
}

/** For whom a token is: a user's own token, or nobody but the agent. */
export type Subject = Secret | 'itself';

/** What a caller wants to reach. `resource` is a key of the trust file or its URI. */
export interface Wanted {
  readonly subject: Subject;
  readonly resource: string;
  readonly scopes: readonly string[];
}

/** A token as a caller gets it. `expiresAt` in milliseconds since 1970. */
export interface Granted {
  readonly token: Secret;
  readonly expiresAt: number;
  readonly scopes: readonly string[];
  readonly resource: TrustedResource;
}

/** One agent on this machine: registration from the lock, trust from this user, key from the key store. */
export interface OpenAgent {
  readonly id: string;
  readonly locked: LockedAgent;
  readonly trust: TrustedIdp;
  readonly paths: StatePaths;
  /** Gets a token; returns only once the audit log holds it. */
  token(wanted: Wanted): Promise<Granted>;
  /** Asks a user who is not there; gives a subject token that holds for this question. Returns only once it is audited. */
  ask(question: Question): Promise<Secret>;
  /** Sends a request with a token; returns only once the audit log holds the call. */
  fetch(wanted: Wanted, input: string | URL | Request, init?: RequestInit): Promise<Response>;
}

/**
 * Opens an agent. Asks nobody over the network yet.
 * Throws `unknown-name`, `untrusted-issuer`, `malformed`, `no-home`.
 */
export async function openAgent(id: string, place: Place): Promise<OpenAgent> {
  const paths = statePaths(place.env);
  const locked = await readLocked(id, place.from);
  const trust = await trustForAgent(locked, paths, place.env);
  const opened: Opened = { id, locked, trust, paths, place, cores: new Map(), log: createLog() };
  return {
    id,
    locked,
    trust,
    paths,
    token: (wanted) => told(opened, () => getToken(opened, wanted)),
    ask: (question) => told(opened, () => ask(opened, question)),
    fetch: (wanted, input, init) =>
      told(opened, async () => {
        const { source, request } = await toSource(opened, wanted);
        return source.fetch(request)(input, init);
      }),
  };
}

/** A question to a user who is not there. `resource` is a key of the trust file or its URI. */
export type Question = UserRequest;

interface Opened {
  readonly id: string;
  readonly locked: LockedAgent;
  readonly trust: TrustedIdp;
  readonly paths: StatePaths;
  readonly place: Place;
  /** One core for each server and lifetime limit, which are a resource's. */
  readonly cores: Map<string, Promise<Agent>>;
  readonly log: AuditQueue;
}

async function getToken(opened: Opened, wanted: Wanted): Promise<Granted> {
  const { source, request, resource } = await toSource(opened, wanted);
  if (resource.dpop === true) throw staysHere(resource);
  const { value, expiresAt, scopes } = await source.token(request);
  return { token: new Secret(value), expiresAt, scopes, resource };
}

async function ask(opened: Opened, question: Question): Promise<Secret> {
  const { agent, resource } = await toCore(opened, question.resource);
  return new Secret(await agent.ask({ ...question, resource: resource.uri }));
}

/** Runs a task, waits until the audit log holds what it did, and says errors in the command line's words. */
async function told<T>(opened: Opened, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    const { id, locked, trust } = opened;
    throw toAgentIdError(error, {
      agentId: id,
      displayName: locked.displayName,
      issuer: trust.issuer,
    });
  } finally {
    await opened.log.settled();
  }
}

interface Source {
  readonly source: TokenSource;
  readonly request: TokenRequest;
  readonly resource: TrustedResource;
}

async function toSource(opened: Opened, { subject, resource: name, scopes }: Wanted): Promise<Source> {
  if (subject !== 'itself') assertOwnUser(opened.trust, subject);
  const { agent, resource, server } = await toCore(opened, name);
  if (server.agentOnly && subject !== 'itself') throw namesNoUser(resource);
  const source = subject === 'itself' ? agent.asItself() : agent.onBehalfOf(subject.open());
  return { source, request: { resource: resource.uri, scopes }, resource };
}

interface Core {
  readonly agent: Agent;
  readonly resource: TrustedResource;
  readonly server: TokenServer;
}

async function toCore(opened: Opened, name: string): Promise<Core> {
  const resource = findResource(opened.trust, opened.locked, name);
  const server = tokenServerOf(opened.trust, opened.locked, resource);
  const key = JSON.stringify(server);
  let core = opened.cores.get(key);
  if (core === undefined) {
    core = createCore(opened, server);
    opened.cores.set(key, core);
    core.catch(() => opened.cores.delete(key));
  }
  return { agent: await core, resource, server };
}

function staysHere({ key, displayName }: TrustedResource): AgentIdError {
  return new AgentIdError('unsupported', `tokens of ${displayName} are bound to a key of one process`, {
    where: key,
    hint: 'Send the requests with the helper (fetch): it proves the key at each of them.',
  });
}

function namesNoUser({ key, displayName }: TrustedResource): AgentIdError {
  return new AgentIdError(
    'unsupported',
    `${displayName} takes tokens of the agent itself only, for no user`,
    {
      where: key,
      hint: 'Say that no user is present (asItself(), --as-itself), or put an API in front that takes delegated tokens.',
    },
  );
}

async function createCore(opened: Opened, server: TokenServer): Promise<Agent> {
  const { id, locked, trust, paths, place } = opened;
  const clock = place.clock ?? systemClock;
  const fetch = place.fetch ?? systemFetch;
  const http = createHttp({ fetch, clock });
  const signer = await findSigner(opened, http);
  const metadata = await keptMetadata(server.issuer, http, clock);
  const resourceServer = await toResourceServer(server, http, clock);
  return createAgent({
    signer,
    fetch,
    clock,
    clientId: locked.clientId,
    issuer: server.issuer,
    tokenEndpoint: metadata.token_endpoint,
    ...(metadata.backchannel_authentication_endpoint !== undefined && {
      askEndpoint: metadata.backchannel_authentication_endpoint,
    }),
    target: server.target,
    ...(resourceServer && { resourceServer }),
    ...(server.idToken && { subjectTokenType: 'id_token' as const }),
    ...(server.dpop && { prover: createProver(clock) }),
    ...toDialect(trust),
    requireAct: namesActor(trust.type),
    maxTtlSeconds: server.maxTtlSeconds,
    onEvent: (event) => {
      const entry = toAuditEvent(event, { id, locked, trust, time: toTimestamp(clock()) });
      opened.log.add(async () => {
        const { repairedBytes } = await appendAudit(paths, entry);
        if (repairedBytes > 0)
          place.warn?.(`The audit log ended in half a line (${repairedBytes} bytes): cut off.`);
      });
    },
  });
}

async function toResourceServer(
  { resourceServer: issuer }: TokenServer,
  http: Http,
  clock: () => number,
): Promise<AgentOptions['resourceServer']> {
  if (issuer === undefined) return undefined;
  return { issuer, tokenEndpoint: (await keptMetadata(issuer, http, clock)).token_endpoint };
}

/** Auth0 is the audience of an assertion by its issuer, Entra by its token endpoint. */
function toDialect({ type, issuer }: TrustedIdp): {
  dialect?: 'auth0' | 'entra';
  assertionAudience?: string;
} {
  if (type === 'auth0') return { dialect: type, assertionAudience: issuer };
  return type === 'entra' ? { dialect: type } : {};
}

/** A key that was enrolled here comes first: somebody made it on purpose. Without one the platform speaks for the job. */
async function findSigner({ id, paths, place }: Opened, http: Http): Promise<Signer | PlatformIdentity> {
  try {
    const { env, readKeychain } = place;
    return await createKeySigner(agentKeyFile(paths, id), { env, ...(readKeychain && { readKeychain }) });
  } catch (error) {
    const platform =
      error instanceof KeyFileError && error.problem === 'missing'
        ? findPlatform(place.env, http)
        : undefined;
    if (platform !== undefined) return platform;
    throw error;
  }
}

/** Providers whose tokens always name the agent; of the others an actor is checked where there is one. */
function namesActor(type: TrustedIdp['type']): boolean {
  return type === 'embedded' || type === 'auth0';
}
