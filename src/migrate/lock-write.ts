import { join } from 'node:path';
import { writeWhole } from '../lib/files.ts';
import { lockName, renderLock } from '../lib/lock-file.ts';
import type { Lock } from '../model/agent.ts';
import { isOwn } from './apply.ts';
import { bytesOf, sha256 } from './swap.ts';
import { closeTransactions, openTransactions, stateOf, type Transaction } from './transaction.ts';

/**
 * Writes the lock file of a repository, and tells the migrations that can still be taken back: what agent-id itself
 * notes there is no later edit. One that a person edited before stays edited.
 */
export async function writeLock(txHome: string, root: string, lock: Lock): Promise<void> {
  const path = join(root, lockName);
  const text = renderLock(lock);
  const before = await bytesOf(path);
  const open = await openTransactions(txHome, root);
  for (const transaction of open) {
    if (stateOf(transaction) === 'applied') await noteLock(transaction, before, text);
  }
  await closeTransactions(open);
  await writeWhole(path, text, 0o644);
}

/** Journals what the lock file will hold; before the write, so that a crash between the two leaves nothing unknown. */
async function noteLock(transaction: Transaction, before: Buffer | null, text: string): Promise<void> {
  const n = transaction.plan.files.findIndex((file) => file.path === lockName);
  if (n !== -1 && before !== null && isOwn(transaction, n, sha256(before)))
    await transaction.journal.append({ step: 'noted', file: n, sha256: sha256(text) });
}

/** The same for the migration that this process runs. */
export async function writeLockWithin(transaction: Transaction, lock: Lock): Promise<void> {
  const path = join(transaction.root, lockName);
  const text = renderLock(lock);
  await noteLock(transaction, await bytesOf(path), text);
  await writeWhole(path, text, 0o644);
}
