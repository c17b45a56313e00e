import type { Io } from '../../lib/io.ts';
import { statePaths } from '../../lib/state.ts';
import { resumeTransaction, rollbackTransaction, type Outcome } from '../../migrate/rollback.ts';
import { closeTransactions, openTransactions, stateOf, type Transaction } from '../../migrate/transaction.ts';
import { envelope } from '../../output/version.ts';
import { note, openIdp, toEffects } from './migration.ts';

export interface RecoverFlags {
  readonly rollback?: boolean;
  readonly format: 'text' | 'json';
}

/** Ends an interrupted migration, forwards or backwards, or takes the last one back. */
export async function recover(root: string, flags: RecoverFlags, io: Io): Promise<void> {
  const state = statePaths(io.env);
  const open = await openTransactions(state.tx, root);
  const chosen = flags.rollback === true ? open.at(-1) : open.find((one) => stateOf(one) !== 'applied');
  await closeTransactions(open.filter((one) => one !== chosen));
  if (chosen === undefined) {
    io.stderr(
      flags.rollback === true
        ? 'There is no migration to take back.\n'
        : 'There is no interrupted migration.\n',
    );
    return;
  }
  const outcome = await end(chosen, flags, io);
  if (flags.format === 'json')
    io.stdout(`${JSON.stringify({ ...envelope, transaction: chosen.id, ...outcome })}\n`);
  else io.stderr(`${chosen.id} is ${outcome.outcome.replace('-', ' ')}.\n`);
  sayOrphans(outcome.possibleOrphans, io);
  const git = chosen.journal.records.find((record) => record.step === 'git.ok');
  if (git !== undefined && flags.rollback === true)
    io.stderr(`The commit ${git.commit.slice(0, 12)} stays: take it back with git, as you took it in.\n`);
}

async function end(transaction: Transaction, flags: RecoverFlags, io: Io): Promise<Outcome> {
  const adapter = await openIdp(transaction.plan.idp.name, io);
  const state = statePaths(io.env);
  const effects = toEffects(adapter, io);
  const outcome =
    flags.rollback === true
      ? await rollbackTransaction(transaction, effects)
      : await resumeTransaction(transaction, effects);
  await note(
    {
      action: flags.rollback === true ? 'rollback' : 'migrate',
      agent: null,
      operation: transaction.id,
      adapter,
    },
    state,
    io,
  );
  return outcome;
}

/** Names applications that may exist at the provider without anybody knowing. */
export function sayOrphans(orphans: Outcome['possibleOrphans'], io: Io): void {
  for (const { agent, marker } of orphans) {
    io.stderr(
      `warning: the provider never answered about ${agent}; an application with the marker ${marker} may exist there\n`,
    );
  }
}
