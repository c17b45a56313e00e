import { createHash } from 'node:crypto';
import { readFile, readdir, realpath, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, makePrivateFolder, readJsonIfThere, syncFolder, writeSynced } from '../lib/files.ts';
import { AgentIdError } from '../model/error.ts';
import type { Plan } from '../model/plan.ts';
import { Journal } from './journal.ts';

/** A migration on disk: its plan, its journal, and what files held before. Lies in the state folder, never in the repository. */
export interface Transaction {
  readonly id: string;
  readonly root: string;
  readonly folder: string;
  readonly plan: Plan;
  readonly journal: Journal;
}

/** `committed` is the commit record of the journal; `uncommitted` waits for the commit to git that was asked for. */
export type TransactionState = 'preparing' | 'committed' | 'uncommitted' | 'applied' | 'rolling-back';

/** Gives the folder of a repository's transactions: named by the hash of its real path. */
export async function transactionsFolder(txHome: string, root: string): Promise<string> {
  const real = await realpath(root);
  return join(txHome, createHash('sha256').update(real).digest('hex').slice(0, 20));
}

/** Creates a transaction; it appears whole or not at all. Contents go to `pre/N`, 0600. */
export async function beginTransaction(
  txHome: string,
  root: string,
  plan: Plan,
  before: readonly (Uint8Array | null)[],
): Promise<Transaction> {
  const parent = await transactionsFolder(txHome, root);
  await makePrivateFolder(parent);
  const temporary = join(parent, `.${plan.id}.tmp`);
  await rm(temporary, { recursive: true, force: true });
  await makePrivateFolder(join(temporary, 'pre'));
  await writeSynced(join(temporary, 'plan.json'), JSON.stringify({ root, plan }), 0o600);
  for (const [n, bytes] of before.entries()) {
    if (bytes !== null) await writeSynced(join(temporary, 'pre', String(n)), bytes, 0o600);
  }
  await syncFolder(join(temporary, 'pre'));
  await syncFolder(temporary);
  const folder = join(parent, plan.id);
  await rename(temporary, folder);
  await syncFolder(parent);
  return { id: plan.id, root, folder, plan, journal: await Journal.open(join(folder, 'journal.ndjson')) };
}

/** Lists the transactions of a repository that are not settled; sweeps what never appeared. */
export async function openTransactions(txHome: string, root: string): Promise<readonly Transaction[]> {
  const parent = await transactionsFolder(txHome, root);
  const found: Transaction[] = [];
  for (const name of await names(parent)) {
    if (name.startsWith('.')) await rm(join(parent, name), { recursive: true, force: true });
    else found.push(await readTransaction(join(parent, name), name, root));
  }
  return found;
}

/** Names the one that a crash left in the middle: `migrate --resume` or `--rollback` must end it first. */
export async function interruptedTransaction(txHome: string, root: string): Promise<string | undefined> {
  const open = await openTransactions(txHome, root);
  await closeTransactions(open);
  return open.find((transaction) => stateOf(transaction) !== 'applied')?.id;
}

/** Closes journals that are not needed any more. */
export async function closeTransactions(transactions: readonly Transaction[]): Promise<void> {
  for (const { journal } of transactions) await journal.close();
}

async function readTransaction(folder: string, id: string, root: string): Promise<Transaction> {
  const data = (await readJsonIfThere(join(folder, 'plan.json'))) as { plan?: Plan } | undefined;
  if (data?.plan === undefined) {
    throw new AgentIdError('malformed', 'a migration is recorded here, but its plan is missing', {
      where: folder,
    });
  }
  return { id, root, folder, plan: data.plan, journal: await Journal.open(join(folder, 'journal.ndjson')) };
}

/** Says how far it got: before the commit record a crash rolls back, after it rolls forward. */
export function stateOf({ journal }: Transaction): TransactionState {
  if (journal.has('rollback')) return 'rolling-back';
  if (journal.has('applied'))
    return journal.has('git.intent') && !journal.has('git.ok') ? 'uncommitted' : 'applied';
  return journal.has('commit') ? 'committed' : 'preparing';
}

/** Reads what a file held before the migration; null for one that did not exist. */
export async function preImage(transaction: Transaction, n: number): Promise<Buffer | null> {
  try {
    return await readFile(join(transaction.folder, 'pre', String(n)));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw new AgentIdError('unreadable', 'cannot read an original file', {
      cause: error,
      where: transaction.folder,
    });
  }
}

/** Ends a transaction: plan, journal and originals are deleted. Safe to repeat. */
export async function endTransaction(transaction: Transaction): Promise<void> {
  await transaction.journal.close();
  const gone = join(transaction.folder, '..', `.${transaction.id}.gone`);
  await rename(transaction.folder, gone);
  await rm(gone, { recursive: true, force: true });
}

async function names(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw new AgentIdError('unreadable', 'cannot read the state of migrations', {
      cause: error,
      where: folder,
    });
  }
}
