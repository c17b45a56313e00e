import type { Change, IdpAdapter } from '../../idp/types.ts';
import type { Io } from '../../lib/io.ts';
import { readLock } from '../../lib/lock-file.ts';
import { statePaths } from '../../lib/state.ts';
import { writeLock } from '../../migrate/lock-write.ts';
import type { AgentSpec, LockedAgent } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Decision, Reviewed, ReviewAgent, ReviewScope, ReviewSheet } from '../../model/review.ts';
import { auditedEntry, openProvider, pick } from './locked-agent.ts';
import type { Decided } from './review-decisions.ts';

/** What becomes of one agent. */
export interface Verdict {
  readonly agent: ReviewAgent;
  readonly decision: Decision;
  readonly kept: readonly ReviewScope[];
  readonly dropped: readonly ReviewScope[];
}

/**
 * Joins decisions about scopes to one about each agent. An agent without any is left alone.
 * Throws `unknown-name`, `usage`, and `changed-since` where the file is about other scopes than are granted now.
 */
export function toVerdicts(sheet: ReviewSheet, decided: readonly Decided[]): readonly Verdict[] {
  const ids = new Set(decided.filter(({ decision }) => decision !== null).map(({ agent }) => agent));
  for (const id of ids) {
    if (!sheet.agents.some((agent) => agent.id === id))
      throw new AgentIdError('unknown-name', 'a decision is about an agent that is not under review', {
        where: id,
      });
  }
  return sheet.agents
    .filter(({ id }) => ids.has(id))
    .map((agent) =>
      toVerdict(
        agent,
        decided.filter((one) => one.agent === agent.id),
      ),
    );
}

function toVerdict(agent: ReviewAgent, decided: readonly Decided[]): Verdict {
  if (agent.status !== 'active' && agent.status !== 'revoked')
    throw new AgentIdError(
      'not-ready',
      `${agent.displayName} is ${agent.status} at ${agent.idp}: it cannot be reviewed`,
    );
  const known = (one: Decided): boolean =>
    agent.scopes.some(({ scope, uri }) => one.scope === scope && one.uri === uri);
  const stray = decided.find((one) => !known(one));
  if (stray !== undefined) throw changed(agent, `${stray.scope} is not granted`);
  const scopes = agent.scopes.map((scope) => {
    const own = decided.find((one) => one.scope === scope.scope && one.uri === scope.uri);
    if (own === undefined) throw changed(agent, `${scope.scope} is granted and not in the file`);
    if (own.decision === null)
      throw new AgentIdError('usage', `decide on every scope of ${agent.id}, or on none`, {
        where: scope.scope,
      });
    return { ...scope, decision: own.decision };
  });
  const dropped = scopes.filter(({ decision }) => decision === 'narrow');
  const kept = scopes.filter(({ decision }) => decision === 'keep');
  if (scopes.some(({ decision }) => decision === 'revoke'))
    return { agent, decision: 'revoke', kept: [], dropped: scopes };
  if (dropped.length === 0) return { agent, decision: 'keep', kept, dropped };
  if (kept.length > 0) return { agent, decision: 'narrow', kept, dropped };
  throw new AgentIdError('usage', `nothing would be left of ${agent.id}: then decide revoke`);
}

/** By whom, and for which repository. */
export interface Review {
  readonly root: string;
  readonly by: string;
}

/** Does what was decided, and records it: the registration, then the audit log, then the lock file. Plans all before the first. */
export async function applyVerdicts(
  verdicts: readonly Verdict[],
  review: Review,
  io: Io,
): Promise<
  readonly { readonly agent: string; readonly decision: Decision; readonly kept: readonly string[] }[]
> {
  const { agents } = await readLock(review.root);
  const steps = [];
  for (const verdict of verdicts) {
    const locked = pick({ schemaVersion: 1, agents, secrets: {} }, verdict.agent.id);
    const adapter = await openProvider(locked, io);
    const change = verdict.decision === 'narrow' ? await planNarrow(verdict, locked, adapter) : undefined;
    steps.push({ verdict, locked, adapter, change });
  }
  for (const { verdict, locked, adapter, change } of steps) {
    const { agent, decision, kept, dropped } = verdict;
    const lost = dropped.map(({ scope }) => scope).join(' ');
    const deed = {
      action: 'review',
      id: agent.id,
      agent: locked,
      trust: adapter.trust,
      operation: lost === '' ? decision : `${decision}: ${lost}`,
      scopes: kept.map(({ scope }) => scope),
      user: review.by,
    } as const;
    const { entry } = await auditedEntry(deed, io, async () => {
      if (decision === 'revoke') await adapter.revoke(locked.clientId);
      if (change !== undefined) await narrow(change, verdict, adapter);
    });
    const keptNow = kept.map(({ scope, uri }) => `${uri} ${scope}`);
    const reviewed = { at: entry.time, by: review.by, decision, kept: keptNow, entry: entry.hash };
    await record(review.root, verdict, reviewed, io);
  }
  return verdicts.map(({ agent, decision, kept }) => ({
    agent: agent.id,
    decision,
    kept: kept.map(({ scope }) => scope),
  }));
}

async function planNarrow(
  { agent, kept }: Verdict,
  locked: LockedAgent,
  adapter: IdpAdapter,
): Promise<Change> {
  const found = await adapter.inspect(locked.clientId);
  if (found?.marker == null)
    throw new AgentIdError('conflict', `${agent.displayName} is not ours at ${agent.idp}`, {
      where: locked.clientId,
    });
  const uris = [...new Set(kept.map(({ uri }) => uri))];
  const spec: AgentSpec = {
    id: agent.id,
    displayName: found.displayName,
    owner: locked.owner,
    actsFor: locked.flow === 'on-behalf-of' ? 'user' : 'itself',
    clientId: locked.clientId,
    // Those that are registered stay.
    keys: [],
    grants: uris.map((uri) => ({
      uri,
      scopes: kept.filter((one) => one.uri === uri).map(({ scope }) => scope),
      maxTtlSeconds: locked.resources.find((one) => one.uri === uri)?.maxTtlSeconds ?? 300,
    })),
    marker: found.marker,
  };
  const change = await adapter.plan(spec);
  if (change.kind === 'update' || change.kind === 'none') return change;
  throw new AgentIdError('conflict', `${agent.displayName} cannot be narrowed`, {
    where: change.lines.join('; '),
  });
}

/** What the provider says afterwards counts, not that it did not refuse. */
async function narrow(change: Change, { agent, dropped }: Verdict, adapter: IdpAdapter): Promise<void> {
  const { grants } = await adapter.apply(change);
  const left = dropped.filter(({ scope, uri }) =>
    grants.some((one) => one.uri === uri && one.scopes.includes(scope)),
  );
  if (left.length > 0)
    throw new AgentIdError(
      'idp-refused',
      `${agent.displayName} still has ${left.map(({ scope }) => scope).join(' ')}`,
      {
        where: adapter.trust.issuer,
      },
    );
}

async function record(
  root: string,
  { agent, dropped, decision }: Verdict,
  reviewed: Reviewed,
  io: Io,
): Promise<void> {
  const lock = await readLock(root);
  const locked = lock.agents[agent.id];
  if (locked === undefined) return;
  const gone = decision === 'narrow' ? dropped : [];
  const resources = locked.resources.map((resource) => ({
    ...resource,
    scopes: resource.scopes.filter(
      ({ scope }) => !gone.some((one) => one.uri === resource.uri && one.scope === scope),
    ),
  }));
  const left = resources.filter(({ scopes }) => scopes.length > 0);
  const agents = { ...lock.agents, [agent.id]: { ...locked, resources: left, reviewed } };
  await writeLock(statePaths(io.env).tx, root, { ...lock, agents });
}

function changed(agent: ReviewAgent, what: string): AgentIdError {
  return new AgentIdError(
    'changed-since',
    `what ${agent.displayName} may do has changed since the file was made: ${what}`,
    {
      hint: 'Nothing was changed. Export again: agent-id agents review --export FILE',
    },
  );
}
