import { toReached, toScopeUse, type Reached } from '../../audit/usage.ts';
import { readAudit } from '../../audit/read.ts';
import type { IdpAdapter, ProviderEvent, Registration } from '../../idp/types.ts';
import { askTree, mapTree } from '../../survey/map-tree.ts';
import type { Asked } from '../../inventory/index.ts';
import { toTimestamp } from '../../lib/clock.ts';
import type { Io } from '../../lib/io.ts';
import { statePaths } from '../../lib/state.ts';
import type { LockedAgent } from '../../model/agent.ts';
import type { Consumer, Evidence, Owner } from '../../model/consumer.ts';
import { AgentIdError } from '../../model/error.ts';
import { openProvider } from './locked-agent.ts';
import { machinesOf } from './machine-keys.ts';
import { openEyes, viewFolder, type GlobalOptions } from './survey.ts';

/** An agent by the lock, and by its provider; `status` is `missing` where the provider has none of it. */
export interface Known extends LockedAgent {
  readonly id: string;
  readonly status: Registration['status'] | 'missing' | 'unknown';
  /** What the provider grants; null where it could not be asked. */
  readonly grants: Registration['grants'] | null;
  readonly lastTokenAt: string | null;
  /** Why the provider could not be asked. */
  readonly problem: string | null;
}

/** Why a scope is there, and when it was last in a token. */
export interface ScopeView {
  readonly uri: string;
  readonly key: string;
  readonly scope: string;
  readonly evidence: readonly Evidence[];
  readonly lastUsed: string | null;
}

/** How a registration and today's code differ. */
export interface Drift {
  /** Granted, and nothing in the code asks for it. */
  readonly unused: readonly string[];
  /** Asked for by the code, and not granted. */
  readonly missing: readonly { readonly scope: string; readonly evidence: readonly Evidence[] }[];
  /** Calls of which the scope cannot be told. */
  readonly unknown: Consumer['unknown'];
}

/** What the tree says today: owners by consumer, and what each agent's code asks for. */
export interface CodeView {
  readonly owners: ReadonlyMap<string, Owner>;
  readonly asked: ReadonlyMap<string, Asked>;
}

/** Never throws for one agent: the others are still worth showing. */
export async function know(id: string, agent: LockedAgent, io: Io): Promise<Known> {
  try {
    return toKnown(id, agent, await (await openProvider(agent, io)).inspect(agent.clientId));
  } catch (error) {
    if (!(error instanceof AgentIdError)) throw error;
    const problem = `${id}: ${error.message}`;
    return { id, ...agent, status: 'unknown', grants: null, lastTokenAt: null, problem };
  }
}

function toKnown(id: string, agent: LockedAgent, found: Registration | undefined): Known {
  return {
    id,
    ...agent,
    keys: machinesOf(agent, found),
    status: found?.status ?? 'missing',
    grants: found?.grants ?? null,
    lastTokenAt: found?.lastTokenAt == null ? null : toTimestamp(found.lastTokenAt * 1000),
    problem: null,
  };
}

/** Reads what the code of a repository says today. */
export async function readCode(root: string, options: GlobalOptions, io: Io): Promise<CodeView> {
  const { view } = await viewFolder(await openEyes(root, options, io), 10_000_000);
  const map = await mapTree(view);
  const consumers = map.secrets.flatMap((secret) => secret.consumers);
  return {
    owners: new Map(consumers.map(({ id, owner }) => [id, owner])),
    asked: await askTree(view),
  };
}

/** Gives the owner that the tree names for an agent's consumers; `undefined` where it names none. */
export function ownerOf(agent: LockedAgent, code: CodeView): Owner | undefined {
  return agent.consumers.flatMap(({ id }) => code.owners.get(id) ?? []).find(({ who }) => who !== null);
}

/** Compares what is granted with what the code asks for; `undefined` where no code of it was found. */
export function toDrift(agent: Known, code: CodeView): Drift | undefined {
  const asked = code.asked.get(agent.id);
  if (asked === undefined || asked.files === 0) return undefined;
  const granted = grantedScopes(agent);
  const wanted = new Set(asked.scopes.map(({ scope }) => scope));
  return {
    unused: granted.filter((scope) => !wanted.has(scope)),
    missing: asked.scopes.filter(({ scope }) => !granted.includes(scope)),
    unknown: asked.unknown,
  };
}

function grantedScopes({ grants, resources }: Known): readonly string[] {
  const all =
    grants?.flatMap(({ scopes }) => scopes) ??
    resources.flatMap(({ scopes }) => scopes.map(({ scope }) => scope));
  return [...new Set(all)].sort();
}

/** What this machine's audit log and the provider's log say of an agent. */
export interface Usage {
  readonly reached: readonly Reached[];
  readonly scopes: readonly ScopeView[];
  readonly lastUsed: string | null;
  /** Whether the provider's own log was read too: without it, other machines' use is not seen. */
  readonly providerLog: boolean;
  /** RFC 3339, of the oldest entry of that log, whosever it is: how far back it goes. Null where it has none. */
  readonly logSince: string | null;
}

/** Reads both logs. Events of a provider that cannot be asked are left out, and `providerLog` says so. */
export async function readUsage(agent: Known, io: Io, adapter?: IdpAdapter): Promise<Usage> {
  const entries = await readAudit(statePaths(io.env), { agent: agent.clientId });
  const log = await readEvents(adapter);
  const events = (log ?? []).filter(
    ({ clientId, outcome }) => clientId === agent.clientId && outcome === 'ok',
  );
  const used = toScopeUse(entries);
  const lastOf = (uri: string, scope: string): string | null =>
    latest([used.get(`${uri} ${scope}`) ?? null, ...eventTimes(events, uri, scope)]);
  const reached = toReached(entries);
  return {
    reached,
    scopes: scopesOf(agent).map((one) => ({ ...one, lastUsed: lastOf(one.uri, one.scope) })),
    lastUsed: latest([...reached.map(({ last }) => last), agent.lastTokenAt]),
    providerLog: log !== undefined,
    logSince: oldest(log ?? []),
  };
}

async function readEvents(adapter: IdpAdapter | undefined): Promise<readonly ProviderEvent[] | undefined> {
  try {
    return await adapter?.events?.(0);
  } catch (error) {
    if (error instanceof AgentIdError) return undefined;
    throw error;
  }
}

function oldest(events: readonly ProviderEvent[]): string | null {
  const first = events.reduce((least, { time }) => Math.min(least, time), Infinity);
  return first === Infinity ? null : toTimestamp(first);
}

function eventTimes(events: readonly ProviderEvent[], uri: string, scope: string): readonly string[] {
  return events
    .filter(({ resource, scopes }) => (resource === null || resource === uri) && scopes.includes(scope))
    .map(({ time }) => toTimestamp(time));
}

/** What the provider grants, with the lock's evidence; the lock alone where the provider could not be asked. */
function scopesOf({ grants, resources }: Known): readonly Omit<ScopeView, 'lastUsed'>[] {
  const locked = resources.flatMap(({ uri, key, scopes }) => scopes.map((one) => ({ uri, key, ...one })));
  if (grants === null) return locked;
  return grants.flatMap(({ uri, scopes }) =>
    scopes.map((scope) => {
      const known = locked.find((one) => one.uri === uri && one.scope === scope);
      const key = resources.find((one) => one.uri === uri)?.key ?? uri;
      return { uri, key, scope, evidence: known?.evidence ?? [] };
    }),
  );
}

function latest(times: readonly (string | null)[]): string | null {
  return times.reduce((last, time) => ((time ?? '') > (last ?? '') ? time : last), null);
}
