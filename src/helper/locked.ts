import { findUp } from '../lib/find-up.ts';
import { lockName, readLock } from '../lib/lock-file.ts';
import type { LockedAgent } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';

/** Finds an agent in the nearest lock file. Throws `unknown-name`. */
export async function readLocked(id: string, from: string): Promise<LockedAgent> {
  const root = await findUp(from, lockName);
  if (root === undefined) {
    throw new AgentIdError('unknown-name', `there is no ${lockName} here or above`, {
      where: from,
      hint: 'Agents are named in the lock file that agent-id migrate writes: run inside that repository.',
    });
  }
  const { agents } = await readLock(root);
  const locked = Object.hasOwn(agents, id) ? agents[id] : undefined;
  if (locked !== undefined) return locked;
  const names = Object.keys(agents).join(', ');
  throw new AgentIdError('unknown-name', 'the lock file names no such agent', {
    where: `${lockName}: ${id}`,
    hint: `There is: ${names || 'none'}`,
  });
}

/** Names of the variables in which an agent's old secrets lay, by the lock file. */
export async function oldNames(agent: LockedAgent, from: string): Promise<readonly string[]> {
  const root = await findUp(from, lockName);
  if (root === undefined) return [];
  const { secrets } = await readLock(root);
  const old = new Set(agent.consumers.map(({ secret }) => secret));
  return Object.entries(secrets).flatMap(([id, { names }]) => (old.has(id) ? names : []));
}
