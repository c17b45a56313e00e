import { join } from 'node:path';
import type { PublicJwk } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';
import { deleteFile, moveFile, readJsonIfThere, syncFolder, writeWhole } from './files.ts';
import {
  agentKeyFile,
  deleteFromKeychain,
  deleteKey,
  readPublicHalf,
  readStoredKey,
  rotationFiles,
  type KeyStoreKind,
  type StoredKey,
} from './keys.ts';
import { withLock } from './lock.ts';
import type { StatePaths } from './state.ts';

type Paths = Pick<StatePaths, 'keys'>;

/** One replacement of this machine's key of an agent, as far as its files say. */
export interface Rotation {
  /** Thumbprint of the key that goes. */
  readonly old: string;
  /** What held it. */
  readonly store: KeyStoreKind;
  readonly next: PublicJwk;
  /** Whether the new key is already this machine's: then only the old one's end is left to do. */
  readonly swapped: boolean;
  /** Whether an earlier run was broken off. */
  readonly resumed: boolean;
  /** Thumbprint of a new key that an earlier run may have registered, and that is lost. */
  readonly orphan: string | null;
}

/** Runs a task while no other process rotates this agent's key on this machine. Throws `locked`. */
export async function withRotationLock<T>(paths: Paths, agentId: string, task: () => Promise<T>): Promise<T> {
  return withLock(join(paths.keys, `.${agentId}.rotation.lock`), 0, task);
}

/**
 * Goes on with the rotation that is open, or begins one: the new key, which `write` makes or finds, and the note of what
 * it replaces are on disk when it returns. Throws `not-enrolled`, `malformed`, `unreadable`, `unwritable`, and what
 * `write` throws.
 */
export async function openRotation(
  paths: Paths,
  agentId: string,
  write: (file: string, current: StoredKey) => Promise<PublicJwk>,
): Promise<Rotation> {
  const stored = await readStoredKey(agentKeyFile(paths, agentId), agentId);
  if (stored === undefined) throw notEnrolled(agentId);
  const { key: current } = stored;
  const { next: file, journal } = rotationFiles(paths, agentId);
  const open = toNote(await readJsonIfThere(journal));
  if (open?.next === current.kid)
    return { ...open, next: current, swapped: true, resumed: true, orphan: null };
  const waiting = open?.old === current.kid ? await readPublicHalf(file, agentId) : undefined;
  if (open !== undefined && waiting?.kid === open.next)
    return { ...open, next: waiting, swapped: false, resumed: true, orphan: null };
  await deleteKey(file, agentId);
  const next = await write(file, stored);
  const note = { old: current.kid, store: stored.store };
  await writeWhole(journal, `${JSON.stringify({ schemaVersion: 1, ...note, next: next.kid })}\n`);
  return { ...note, next, swapped: false, resumed: false, orphan: open?.next ?? null };
}

/** Makes the new key this machine's, in one step: a process that signs meanwhile has the one or the other. */
export async function swapKey(paths: Paths, agentId: string): Promise<void> {
  await moveFile(rotationFiles(paths, agentId).next, agentKeyFile(paths, agentId));
  await syncFolder(paths.keys);
}

/** Forgets a rotation; a new key that was not swapped in is deleted, else what the keychain has of the old. Safe to repeat. */
export async function endRotation(paths: Paths, agentId: string): Promise<void> {
  const { next, journal } = rotationFiles(paths, agentId);
  const stored = await readStoredKey(agentKeyFile(paths, agentId), agentId);
  const note = toNote(await readJsonIfThere(journal));
  await deleteKey(next, agentId);
  if (note?.store === 'keychain' && note.next === stored?.key.kid) await deleteFromKeychain(note.old);
  await deleteFile(journal);
}

interface Note {
  readonly old: string;
  readonly store: KeyStoreKind;
  readonly next: string;
}

function toNote(data: unknown): Note | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { old, next, store = 'file' } = data as Partial<Note>;
  return typeof old === 'string' && typeof next === 'string' ? { old, next, store } : undefined;
}

function notEnrolled(agentId: string): AgentIdError {
  return new AgentIdError('not-enrolled', `${agentId} has no key on this machine to rotate`, {
    hint: `Rotate where it runs. A new machine: agent-id agents enroll ${agentId}. Jobs that prove themselves by their platform have no key.`,
  });
}
