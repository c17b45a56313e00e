import { join } from 'node:path';
import { AgentIdError } from '../model/error.ts';
import { readJsonIfThere } from './files.ts';
import type { KeyStoreKind } from './keys.ts';
import type { StatePaths } from './state.ts';

/** Which store a person wants for a key, and which key of it. */
export interface KeyChoice {
  readonly store: KeyStoreKind;
  /** ssh-agent: comment or fingerprint of the key; undefined where it has one only. */
  readonly sshKey?: string;
  /** command: the program and its arguments. */
  readonly command?: readonly string[];
  /** command: file of the public key. */
  readonly publicKey?: string;
}

const kinds: readonly unknown[] = [
  'file',
  'ssh-agent',
  'keychain',
  'command',
] satisfies readonly KeyStoreKind[];

/** Gives where the person's choice lies: in the state folder, since a repository must not name a program to run. */
export function keySettingsFile(paths: Pick<StatePaths, 'home'>): string {
  return join(paths.home, 'key-store.json');
}

/** Reads the choice for an agent, or that for all; `undefined` where there is none. Throws `malformed`, `newer-schema`. */
export async function readKeySettings(
  paths: Pick<StatePaths, 'home'>,
  agentId: string,
): Promise<KeyChoice | undefined> {
  const file = keySettingsFile(paths);
  const data = await readJsonIfThere(file);
  if (data === undefined) return undefined;
  const all = toRecord(data);
  if (typeof all['schemaVersion'] === 'number' && all['schemaVersion'] > 1)
    throw new AgentIdError('newer-schema', 'key-store.json is of a newer version', {
      where: file,
      hint: 'Upgrade agent-id.',
    });
  const agents = toRecord(all['agents']);
  const choice = toRecord(Object.hasOwn(agents, agentId) ? agents[agentId] : all);
  return choice['store'] === undefined ? undefined : toChoice(choice, file);
}

function toChoice(
  { store, sshKey, command, publicKey }: Readonly<Record<string, unknown>>,
  file: string,
): KeyChoice {
  const words =
    command === undefined || (Array.isArray(command) && command.every((word) => typeof word === 'string'));
  const texts = [sshKey, publicKey].every((text) => text === undefined || typeof text === 'string');
  if (!kinds.includes(store) || !words || !texts)
    throw new AgentIdError('malformed', 'key-store.json says no store that there is', {
      where: file,
      hint: 'store: file, ssh-agent (sshKey), keychain, or command (command: [PROGRAM, …], publicKey: FILE).',
    });
  return {
    store: store as KeyStoreKind,
    ...(typeof sshKey === 'string' && { sshKey }),
    ...(typeof publicKey === 'string' && { publicKey }),
    ...(Array.isArray(command) && { command: command.map(String) }),
  };
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
