import { adapterFor } from '../../idp/index.ts';
import { trustedByIssuer } from '../../idp/trust.ts';
import type { IdpAdapter } from '../../idp/types.ts';
import type { Io } from '../../lib/io.ts';
import { readLock } from '../../lib/lock-file.ts';
import { statePaths } from '../../lib/state.ts';
import { agentStatuses, withStates, type AgentStatus } from '../../migrate/status.ts';
import { endTransaction, openTransactions, stateOf } from '../../migrate/transaction.ts';
import { writeLock } from '../../migrate/lock-write.ts';
import type { Lock } from '../../model/agent.ts';
import { printable } from '../../output/error.ts';
import { envelope } from '../../output/version.ts';
import { lastExchange } from './migration.ts';

/** Says how far each consumer is, records it in the lock, and settles a migration of which all are verified. */
export async function runStatus(
  root: string,
  flags: { readonly format: 'text' | 'json' },
  io: Io,
): Promise<void> {
  const { lock, statuses } = await freshStatuses(root, io);
  const settled = await settle(root, lock, io);
  if (flags.format === 'json')
    io.stdout(`${JSON.stringify({ ...envelope, consumers: statuses, settled }, null, 2)}\n`);
  else
    io.stdout(
      statuses.length === 0 ? 'Nothing was migrated here.\n' : `${statuses.map(toLine).join('\n')}\n`,
    );
  if (settled.length > 0)
    io.stderr(
      'All are verified: originals are deleted, there is no way back any more. Next: agent-id retire.\n',
    );
}

/** Asks providers and the log, and writes the states that changed into the lock. */
export async function freshStatuses(
  root: string,
  io: Io,
): Promise<{ readonly lock: Lock; readonly statuses: readonly AgentStatus[] }> {
  const before = await readLock(root);
  const state = statePaths(io.env);
  const adapters = new Map<string, IdpAdapter>();
  for (const agent of Object.values(before.agents)) {
    if (!adapters.has(agent.idp))
      adapters.set(
        agent.idp,
        await adapterFor(await trustedByIssuer(state, agent.issuer), { paths: state, clock: io.clock }),
      );
  }
  const statuses = await agentStatuses(
    before,
    (idp) => Promise.resolve(adapters.get(idp) as IdpAdapter),
    (agent) => lastExchange(state, agent),
  );
  const lock = withStates(before, statuses);
  if (lock !== before) await writeLock(statePaths(io.env).tx, root, lock);
  return { lock, statuses };
}

/** Deletes the originals of migrations whose agents are all verified. Gives their ids. */
export async function settle(root: string, lock: Lock, io: Io): Promise<readonly string[]> {
  const settled: string[] = [];
  for (const transaction of await openTransactions(statePaths(io.env).tx, root)) {
    const states = transaction.plan.agents.flatMap(
      (agent) => lock.agents[agent.spec.id]?.consumers.map((one) => one.state) ?? ['found'],
    );
    if (
      stateOf(transaction) !== 'applied' ||
      !states.every((one) => one === 'verified' || one === 'retired')
    ) {
      await transaction.journal.close();
      continue;
    }
    await transaction.journal.append({ step: 'settled' });
    await endTransaction(transaction);
    settled.push(transaction.id);
  }
  return settled;
}

function toLine(status: AgentStatus): string {
  return `${status.state.padEnd(10)} ${printable(status.displayName)}  ${printable(status.consumer)}: ${printable(status.why)}`;
}
