import { join } from 'node:path';
import { fileSize, readBytesFrom, writeAt } from '../lib/append-file.ts';
import { makePrivateFolder } from '../lib/files.ts';
import { readAuditKey } from '../lib/keys.ts';
import { withLock } from '../lib/lock.ts';
import type { StatePaths } from '../lib/state.ts';
import type { AuditEntry, AuditEvent } from '../model/audit-entry.ts';
import { AgentIdError } from '../model/error.ts';
import { followLine, origin, toEntry, toLine, toMark, type Mark } from './chain.ts';
import { readHead, writeHead, type Head } from './head.ts';
import { walkLog } from './walk.ts';

/** Where the log and its key lie. */
export type AuditPaths = Pick<StatePaths, 'audit' | 'keys'>;

const LOCK_WAIT_MS = 30_000;

/** Appends of this process wait for each other here, not on the lock file. */
let queue: Promise<unknown> = Promise.resolve();

export interface Appended {
  readonly entry: AuditEntry;
  /** Bytes of a torn last line that were cut off before writing: the trace of a crash. */
  readonly repairedBytes: number;
}

/**
 * Appends one event and returns when it is on disk.
 * Throws `audit-broken` for a log that was cut or altered (nothing is written then), `unwritable`, `locked`.
 */
export async function appendAudit(paths: AuditPaths, event: AuditEvent): Promise<Appended> {
  const turn = queue.then(async () => {
    await makePrivateFolder(paths.audit);
    return withLock(join(paths.audit, '.lock'), LOCK_WAIT_MS, () => append(paths, event));
  });
  queue = turn.catch(() => undefined);
  return turn;
}

export function logFile(paths: Pick<StatePaths, 'audit'>): string {
  return join(paths.audit, 'log.jsonl');
}

export function headFile(paths: Pick<StatePaths, 'audit'>): string {
  return join(paths.audit, 'head.json');
}

async function append(paths: AuditPaths, event: AuditEvent): Promise<Appended> {
  const key = await readAuditKey(paths, true);
  if (key === undefined) throw broken(paths, 'has no key');
  const head = await openHead(paths, key);
  const last = await settle(paths, head);
  const repairedBytes = Math.max(0, (await fileSize(logFile(paths))) - last.size);
  const tears = head.tears + (repairedBytes > 0 ? 1 : 0);
  const entry = toEntry(event, last);
  const line = toLine(entry);
  const next = toMark(entry, last.size + Buffer.byteLength(line));
  await writeHead(headFile(paths), { last, next, tears }, key);
  await writeAt(logFile(paths), last.size, line);
  await writeHead(headFile(paths), { last: next, next: null, tears }, key);
  return { entry, repairedBytes };
}

async function openHead(paths: AuditPaths, key: Buffer): Promise<Head> {
  const head = await readHead(headFile(paths), key);
  if (head === 'altered') throw broken(paths, 'has a head that this machine did not write');
  if (head !== undefined) return head;
  if ((await fileSize(logFile(paths))) > 0) throw broken(paths, 'has lost its head');
  return { last: origin, next: null, tears: 0 };
}

/** Finds the last entry that is really there: what a crash left half written is not. */
async function settle(paths: AuditPaths, { last, next }: Head): Promise<Mark> {
  const tail = await readBytesFrom(logFile(paths), last.size);
  const size = await fileSize(logFile(paths));
  if (size < last.size) return toBeforeTear(paths, last);
  if (size > (next?.size ?? last.size)) throw broken(paths, 'was extended by somebody else');
  if (next === null || size < next.size) return last;
  const followed = followLine(tail.toString('utf8').replace(/\n$/, ''), last);
  if (followed?.mark.hash !== next.hash) throw broken(paths, 'was altered');
  return next;
}

/** A last line that is there in part is a tear; anything else that is missing was cut by somebody. */
async function toBeforeTear(paths: AuditPaths, last: Mark): Promise<Mark> {
  const read = walkLog(await readBytesFrom(logFile(paths), 0));
  if (read.torn && read.mark.seq === last.seq - 1 && read.mark.hash === last.prev) return read.mark;
  throw broken(paths, 'was cut');
}

function broken(paths: AuditPaths, what: string): AgentIdError {
  return new AgentIdError('audit-broken', `the audit log ${what}`, {
    where: paths.audit,
    hint: 'Run: agent-id audit verify. To go on, keep the folder as evidence and move it away: a new log begins.',
  });
}
