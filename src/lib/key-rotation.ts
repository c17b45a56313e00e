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
  writeNewKey,
  type KeyStoreKind,
  type NewKey,
} from './keys.ts';
import { withLock } from './lock.ts';
import type { StatePaths } from './state.ts';

type Paths = Pick<StatePaths, 'keys'>;

/** One replacement of this machine's key of an agent, as far as its files say. */
export interface Rotation {
  /** Thumbprint of the key that goes. */
  readonly old: string;
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
 * Goes on with the rotation that is open, or begins one: the new key and the note of what it replaces are on disk when
 * it returns; the new key lies where the old one does. Throws `not-enrolled`, `malformed`, `unreadable`, `unwritable`,
 * and `unsupported` for a key that the person made.
 */
export async function openRotation(paths: Paths, agentId: string): Promise<Rotation> {
  const stored = await readStoredKey(agentKeyFile(paths, agentId), agentId);
  if (stored === undefined) throw notEnrolled(agentId);
  const { key: current } = stored;
  const { next: file, journal } = rotationFiles(paths, agentId);
  const open = toNote(await readJsonIfThere(journal));
  if (open?.next === current.kid)
    return { old: open.old, next: current, swapped: true, resumed: true, orphan: null };
  const waiting = open?.old === current.kid ? await readPublicHalf(file, agentId) : undefined;
  if (open !== undefined && waiting?.kid === open.next)
    return { old: open.old, next: waiting, swapped: false, resumed: true, orphan: null };
  const store = assertOwnStore(stored.store, agentId);
  await deleteKey(file, agentId);
  const next = await writeNewKey(file, { kind: current.kty, store });
  await writeWhole(journal, `${JSON.stringify({ schemaVersion: 1, old: current.kid, next: next.kid })}\n`);
  return { old: current.kid, next, swapped: false, resumed: false, orphan: open?.next ?? null };
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
  if (stored?.store === 'keychain' && note?.next === stored.key.kid) await deleteFromKeychain(note.old);
  await deleteFile(journal);
}

function toNote(data: unknown): { readonly old: string; readonly next: string } | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { old, next } = data as { old?: unknown; next?: unknown };
  return typeof old === 'string' && typeof next === 'string' ? { old, next } : undefined;
}

/** A new key in a file would quietly take it out of the hardware that it was put into. */
function assertOwnStore(store: KeyStoreKind, agentId: string): NonNullable<NewKey['store']> {
  if (store === 'file' || store === 'keychain') return store;
  throw new AgentIdError(
    'unsupported',
    `the key of ${agentId} is held by ${store}: agent-id cannot make another there`,
    {
      hint: `Make one there, then: agent-id agents enroll ${agentId} --key-store ${store} …, and remove the old: agent-id agents remove ${agentId} --key KEY`,
    },
  );
}

function notEnrolled(agentId: string): AgentIdError {
  return new AgentIdError('not-enrolled', `${agentId} has no key on this machine to rotate`, {
    hint: `Rotate where it runs. A new machine: agent-id agents enroll ${agentId}. Jobs that prove themselves by their platform have no key.`,
  });
}
