import { join } from 'node:path';
import type { Lock, LockedAgent, LockedSecret } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';
import { readJsonIfThere } from './files.ts';

export const lockName = 'agent-id.lock.json';

/** Reads the lock file of a repository; an empty lock where there is none. Throws `malformed` or `newer-schema`. */
export async function readLock(root: string): Promise<Lock> {
  const path = join(root, lockName);
  const data = await readJsonIfThere(path);
  return data === undefined ? { schemaVersion: 1, agents: {}, secrets: {} } : parseLock(data, path);
}

/** Checks the outline of a lock file: what it says is advice, never trust. */
export function parseLock(data: unknown, path: string): Lock {
  if (!isRecord(data) || typeof data['schemaVersion'] !== 'number')
    throw malformed(path, 'has no schemaVersion');
  if (data['schemaVersion'] > 1) {
    throw new AgentIdError('newer-schema', `${lockName} is of a newer version`, {
      where: path,
      hint: 'Upgrade agent-id.',
    });
  }
  const agents = data['agents'] ?? {};
  const secrets = data['secrets'] ?? {};
  if (!isRecord(agents) || !isRecord(secrets)) throw malformed(path, 'agents and secrets must be objects');
  for (const [id, agent] of Object.entries(agents)) {
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(id) || !isLockedAgent(agent))
      throw malformed(path, 'an agent is malformed');
  }
  return {
    schemaVersion: 1,
    agents: agents as Record<string, LockedAgent>,
    secrets: secrets as Record<string, LockedSecret>,
  };
}

/** Renders a lock file: keys sorted, so that two branches merge. */
export function renderLock(lock: Lock): string {
  const sorted = { schemaVersion: 1, agents: sortKeys(lock.agents), secrets: sortKeys(lock.secrets) };
  return `${JSON.stringify(sorted, null, 2)}\n`;
}

function isLockedAgent(value: unknown): boolean {
  return (
    isRecord(value) &&
    ['displayName', 'idp', 'issuer', 'clientId', 'flow'].every((field) => typeof value[field] === 'string') &&
    ['keys', 'resources', 'consumers'].every((field) => Array.isArray(value[field]))
  );
}

function sortKeys<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(path: string, what: string): AgentIdError {
  return new AgentIdError('malformed', `${lockName} ${what}`, {
    where: path,
    hint: 'Restore it from git; agent-id writes it, people only review it.',
  });
}
