import { appendAudit } from '../../audit/log.ts';
import { adapterFor } from '../../idp/index.ts';
import { trustedByIssuer } from '../../idp/trust.ts';
import type { IdpAdapter, TrustedIdp } from '../../idp/types.ts';
import { toTimestamp } from '../../lib/clock.ts';
import { findUp } from '../../lib/find-up.ts';
import type { Io } from '../../lib/io.ts';
import { lockName, readLock } from '../../lib/lock-file.ts';
import { statePaths } from '../../lib/state.ts';
import type { Lock, LockedAgent } from '../../model/agent.ts';
import type { AuditAction, AuditEntry } from '../../model/audit-entry.ts';
import { AgentIdError } from '../../model/error.ts';

/** Finds the lock file from the working folder upward. Throws `unknown-name`. */
export async function openLock(io: Io): Promise<{ readonly lock: Lock; readonly root: string }> {
  const root = await findUp(io.cwd, lockName);
  if (root !== undefined) return { lock: await readLock(root), root };
  throw new AgentIdError('unknown-name', `there is no ${lockName} here or above`, {
    where: io.cwd,
    hint: 'agent-id migrate writes it: run inside that repository.',
  });
}

/** Gives an agent of the lock. Throws `unknown-name`. */
export function pick(lock: Lock, id: string): LockedAgent {
  const agent = Object.hasOwn(lock.agents, id) ? lock.agents[id] : undefined;
  if (agent !== undefined) return agent;
  throw new AgentIdError('unknown-name', 'the lock file names no such agent', {
    where: id,
    hint: `There is: ${Object.keys(lock.agents).join(', ') || 'none'}`,
  });
}

/** Opens the provider of an agent: one that this user trusts. Throws `untrusted-issuer` before any request. */
export async function openProvider(agent: LockedAgent, io: Io): Promise<IdpAdapter> {
  const paths = statePaths(io.env);
  return adapterFor(await trustedByIssuer(paths, agent.issuer), { paths, clock: io.clock });
}

export interface Deed {
  readonly action: AuditAction;
  readonly id: string;
  readonly agent: Pick<LockedAgent, 'displayName' | 'clientId'>;
  readonly trust: TrustedIdp;
  /** The verb, where the action does not say all. */
  readonly operation?: string;
  readonly scopes?: readonly string[];
  /** Who did it, where that is known. */
  readonly user?: string;
}

/** Does a deed and writes into the audit log that it was done, or why not. */
export async function audited<T>(deed: Deed, io: Io, task: () => Promise<T>): Promise<T> {
  return (await auditedEntry(deed, io, task)).done;
}

/** The same, with the entry that was written. */
export async function auditedEntry<T>(
  deed: Deed,
  io: Io,
  task: () => Promise<T>,
): Promise<{ readonly done: T; readonly entry: AuditEntry }> {
  const { action, id, agent, trust, operation = action, scopes = [], user = null } = deed;
  const note = async (result: 'ok' | 'failed', reason: string | null): Promise<AuditEntry> => {
    const { entry } = await appendAudit(statePaths(io.env), {
      action,
      time: toTimestamp(io.clock()),
      agent: { id, displayName: agent.displayName, clientId: agent.clientId },
      user,
      asItself: false,
      resource: { uri: trust.issuer, displayName: trust.name },
      operation,
      scopes,
      result,
      reason,
      jti: null,
    });
    return entry;
  };
  let done: T;
  try {
    done = await task();
  } catch (error) {
    // Why the deed failed is what the person must hear.
    await note('failed', error instanceof AgentIdError ? error.code : 'internal').catch(() => undefined);
    throw error;
  }
  try {
    return { done, entry: await note('ok', null) };
  } catch (cause) {
    throw cause instanceof AgentIdError ? notRecorded(deed, cause) : cause;
  }
}

/** What the provider did stands: somebody who reads only that a file cannot be written would believe otherwise. */
function notRecorded({ action, agent, trust }: Deed, cause: AgentIdError): AgentIdError {
  return new AgentIdError(
    cause.code,
    `done at ${trust.name} (${action}, ${agent.displayName}), and not in the audit log: ${cause.message}`,
    {
      cause,
      ...(cause.where === undefined ? {} : { where: cause.where }),
      hint: 'Run: agent-id audit verify',
    },
  );
}
