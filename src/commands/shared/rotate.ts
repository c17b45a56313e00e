import { hostname } from 'node:os';
import { rotateKey } from '../../helper/rotation.ts';
import { parseDuration } from '../../lib/clock.ts';
import { repositoryTop } from '../../lib/find-up.ts';
import type { Io } from '../../lib/io.ts';
import { readLock } from '../../lib/lock-file.ts';
import { statePaths } from '../../lib/state.ts';
import { writeLock } from '../../migrate/lock-write.ts';
import type { LockedAgent } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import { envelope } from '../../output/version.ts';
import { storeNames, toChoice, type KeyOptions } from './enroll-key.ts';
import { audited, openLock, openProvider, pick } from './locked-agent.ts';

export interface RotateOptions extends KeyOptions {
  readonly format: 'text' | 'json';
  readonly overlap: string;
}

/** Replaces this machine's key of an agent; the agent works all the time. */
export async function runRotate(id: string, options: RotateOptions, io: Io): Promise<void> {
  const overlapMs = parseDuration(options.overlap);
  if (overlapMs === undefined || overlapMs > 3_600_000)
    throw new AgentIdError('usage', '--overlap takes a duration up to an hour, as in 5s or 10m');
  const chosen = toChoice(options, io.cwd);
  const [{ lock, root }, top] = [await openLock(io), await repositoryTop(io.cwd)];
  const agent = pick(lock, id);
  const adapter = await openProvider(agent, io);
  const rotation = await audited({ action: 'rotate', id, agent, trust: adapter.trust }, io, () =>
    rotateKey({
      id,
      locked: agent,
      adapter,
      paths: statePaths(io.env),
      root: top,
      chosen,
      clock: io.clock,
      machine: agent.keys[0]?.name ?? hostname(),
      overlapMs,
      onSwapped: ({ old, next }) => replaceInLock(root, { id, old, next: next.kid }, io),
    }),
  );
  const { old, store, next, resumed } = rotation;
  if (options.format === 'json') {
    io.stdout(`${JSON.stringify({ ...envelope, agent: id, old, new: next.kid, resumed }, null, 2)}\n`);
    return;
  }
  io.stdout(`${next.kid}\n`);
  const before = resumed ? ' A rotation that was broken off is finished.' : '';
  io.stderr(`${agent.displayName} has a new key on this machine; the old one is good no more.${before}\n`);
  if (store === 'ssh-agent' || store === 'command')
    io.stderr(`${storeNames[store]} still has the old one, which is yours to delete: ${old}\n`);
}

/** The lock names keys that migrations made; those of other machines stand. */
async function replaceInLock(
  root: string,
  { id, old, next }: { readonly id: string; readonly old: string; readonly next: string },
  io: Io,
): Promise<void> {
  const lock = await readLock(root);
  const agent: LockedAgent | undefined = lock.agents[id];
  if (agent?.keys.some(({ thumbprint }) => thumbprint === old) !== true) return;
  const keys = agent.keys.map((key) => (key.thumbprint === old ? { ...key, thumbprint: next } : key));
  const agents = { ...lock.agents, [id]: { ...agent, keys } };
  await writeLock(statePaths(io.env).tx, root, { ...lock, agents });
}
