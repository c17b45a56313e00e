import { rm, rmdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { AgentIdError } from '../model/error.ts';
import { isOwn, swapFiles, type Effects } from './apply.ts';
import { commitTransaction } from './commit.ts';
import { bytesOf, sha256, stage, stagedName, swapIn, targetOf } from './swap.ts';
import { endTransaction, preImage, stateOf, type Transaction } from './transaction.ts';

/** What became of a transaction, for the person. */
export interface Outcome {
  readonly outcome: 'rolled-back' | 'rolled-forward' | 'nothing-to-do';
  /** Applications that may exist at the provider although it never answered; with our marker. */
  readonly possibleOrphans: readonly { readonly agent: string; readonly marker: string }[];
}

/** Ends what a crash left: before the commit record back, after it forward. Safe to repeat, also after another crash. */
export async function resumeTransaction(transaction: Transaction, effects: Effects): Promise<Outcome> {
  const state = stateOf(transaction);
  if (state === 'applied') return { outcome: 'nothing-to-do', possibleOrphans: [] };
  if (state !== 'committed' && state !== 'uncommitted') return rollbackTransaction(transaction, effects);
  if (state === 'committed') await swapFiles(transaction, effects);
  await commitTransaction(transaction, effects);
  return { outcome: 'rolled-forward', possibleOrphans: [] };
}

/**
 * Takes a transaction back: files first, then applications, then keys. Throws `conflict` before any effect when a
 * file was edited since; nobody's later edit is ever overwritten.
 */
export async function rollbackTransaction(transaction: Transaction, effects: Effects): Promise<Outcome> {
  await assertNoLaterEdits(transaction);
  if (!transaction.journal.has('rollback')) await transaction.journal.append({ step: 'rollback' });
  await effects.checkpoint('rollback.begun');
  for (const n of transaction.plan.files.keys()) await restoreFile(transaction, n, effects);
  const possibleOrphans = await removeApplications(transaction, effects);
  await removeKeys(transaction, effects);
  await transaction.journal.append({ step: 'rolled-back' });
  await effects.checkpoint('rollback.done');
  await endTransaction(transaction);
  return { outcome: 'rolled-back', possibleOrphans };
}

async function assertNoLaterEdits(transaction: Transaction): Promise<void> {
  const edited: string[] = [];
  for (const [n, file] of transaction.plan.files.entries()) {
    const bytes = await bytesOf(await targetOf(transaction.root, file.path));
    const hash = bytes === null ? null : sha256(bytes);
    const swapped = transaction.journal.has('commit');
    if (hash !== file.preSha256 && !isOwn(transaction, n, hash) && swapped) edited.push(file.path);
  }
  if (edited.length > 0) {
    throw new AgentIdError('conflict', `${edited.length} file(s) were edited after the migration`, {
      where: edited.join(', '),
      hint: 'Nothing was changed. Take only your own edits out of these files and roll back again. Not by git stash or checkout: they would take half of the migration with them.',
    });
  }
}

async function restoreFile(transaction: Transaction, n: number, effects: Effects): Promise<void> {
  const file = transaction.plan.files[n];
  if (file === undefined) return;
  const target = await targetOf(transaction.root, file.path);
  const staged = stagedName(target, transaction.id, n);
  await rm(staged, { force: true });
  const bytes = await bytesOf(target);
  const isOurs = bytes !== null && isOwn(transaction, n, sha256(bytes));
  await effects.checkpoint(`restore.${n}.before`);
  if (isOurs && sha256(bytes) !== file.preSha256) {
    const before = await preImage(transaction, n);
    if (before === null) await rm(target, { force: true });
    else {
      await stage(target, staged, before);
      await swapIn(target, staged);
    }
  }
  if (file.preSha256 === null) await removeOurFolder(dirname(target));
  await effects.checkpoint(`restore.${n}.after`);
  await transaction.journal.append({ step: 'restored', file: n });
}

/** Removes the helper's folder if it is empty; the name is ours. */
async function removeOurFolder(folder: string): Promise<void> {
  if (basename(folder) === 'agent-id') await rmdir(folder).catch(() => undefined);
}

async function removeApplications(
  transaction: Transaction,
  effects: Effects,
): Promise<Outcome['possibleOrphans']> {
  const orphans: { agent: string; marker: string }[] = [];
  for (const record of transaction.journal.records.slice()) {
    if (record.step !== 'app.intent' || !record.fresh) continue;
    const answered = transaction.journal.records.find(
      (one) => one.step === 'app.ok' && one.agent === record.agent,
    );
    const clientId = answered?.step === 'app.ok' ? answered.clientId : record.clientId;
    await effects.checkpoint(`app.${record.agent}.remove`);
    if (answered === undefined && !effects.adapter.capabilities.recoversLostAnswers) {
      orphans.push({ agent: record.agent, marker: transaction.id });
      continue;
    }
    const found = await effects.adapter.inspect(clientId);
    // Parts that were made before the application are left where it was never made.
    if (found === undefined || found.marker === transaction.id) await effects.adapter.remove(clientId);
    await transaction.journal.append({ step: 'app.removed', agent: record.agent, clientId });
  }
  return orphans;
}

async function removeKeys(transaction: Transaction, effects: Effects): Promise<void> {
  for (const record of transaction.journal.records) {
    if (record.step === 'key.intent') {
      await effects.checkpoint(`key.${record.agent}.remove`);
      await effects.keys.remove(record.agent);
    }
  }
}
