import { askWhether } from './ask.ts';
import type { Io } from '../../lib/io.ts';
import { statePaths } from '../../lib/state.ts';
import { writeLock } from '../../migrate/lock-write.ts';
import type { Lock, LockedAgent } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import { liveTokens } from './live-tokens.ts';
import { know } from './agent-view.ts';
import { audited, openLock, openProvider, pick } from './locked-agent.ts';
import { machinesOf, pickKey } from './machine-keys.ts';
import { envelope } from '../../output/version.ts';

interface Options {
  readonly format: 'text' | 'json';
  readonly yes?: boolean;
  readonly key?: string;
}

export async function runList(options: Options, io: Io): Promise<void> {
  const { lock } = await openLock(io);
  const agents = await Promise.all(Object.entries(lock.agents).map(([id, agent]) => know(id, agent, io)));
  if (options.format === 'json') {
    io.stdout(`${JSON.stringify({ ...envelope, agents }, null, 2)}\n`);
    return;
  }
  for (const agent of agents) {
    io.stdout(`${agent.id}  ${agent.displayName}  ${agent.status}  ${agent.flow}  at ${agent.idp}\n`);
    if (agent.problem !== null) io.stderr(`  ${agent.problem}\n`);
  }
  if (agents.length === 0) io.stderr('The lock file names no agents: agent-id migrate registers them.\n');
}

export async function runSwitch(
  action: 'revoke' | 'restore',
  id: string,
  options: Options,
  io: Io,
): Promise<void> {
  const { lock } = await openLock(io);
  const agent = pick(lock, id);
  const adapter = await openProvider(agent, io);
  await audited({ action, id, agent, trust: adapter.trust }, io, () => adapter[action](agent.clientId));
  const done = action === 'revoke' ? 'revoked' : 'restored';
  const live = action === 'revoke' ? liveTokens(agent, adapter) : null;
  if (options.format === 'json') {
    const more = live === null ? {} : { liveTokens: live };
    io.stdout(`${JSON.stringify({ ...envelope, agent: id, status: done, ...more })}\n`);
    return;
  }
  io.stderr(`${agent.displayName} is ${done}.${live === null ? '' : ` ${live}`}\n`);
}

export async function runRemove(id: string, options: Options, io: Io): Promise<void> {
  const { lock, root } = await openLock(io);
  const agent = pick(lock, id);
  if (options.key !== undefined) {
    await removeKey({ lock, root, id, agent }, options.key, options, io);
    return;
  }
  if (!(await confirm(agent, options, io))) {
    io.stderr('Nothing was removed: you answered no.\n');
    return;
  }
  const adapter = await openProvider(agent, io);
  const { deleteAgentKey } = await import('../../lib/keys.ts');
  await audited({ action: 'remove', id, agent, trust: adapter.trust }, io, () =>
    adapter.remove(agent.clientId),
  );
  const { [id]: _removed, ...agents } = lock.agents;
  await writeLock(statePaths(io.env).tx, root, { ...lock, agents });
  await deleteAgentKey(statePaths(io.env), id);
  if (options.format === 'json')
    io.stdout(`${JSON.stringify({ ...envelope, agent: id, status: 'removed' })}\n`);
  else io.stderr(`${agent.displayName} is removed, here and at ${agent.idp}.\n`);
}

interface Chosen {
  readonly lock: Lock;
  readonly root: string;
  readonly id: string;
  readonly agent: LockedAgent;
}

/** The other machines go on: each has a key of its own. */
async function removeKey(
  { lock, root, id, agent }: Chosen,
  wanted: string,
  options: Options,
  io: Io,
): Promise<void> {
  const adapter = await openProvider(agent, io);
  const key = pickKey(machinesOf(agent, await adapter.inspect(agent.clientId)), wanted);
  await audited({ action: 'remove', id, agent, trust: adapter.trust }, io, async () => {
    await adapter.removeKey(agent.clientId, key.thumbprint);
  });
  const left = agent.keys.filter(({ thumbprint }) => thumbprint !== key.thumbprint);
  if (left.length < agent.keys.length) {
    const agents = { ...lock.agents, [id]: { ...agent, keys: left } };
    await writeLock(statePaths(io.env).tx, root, { ...lock, agents });
  }
  if (options.format === 'json')
    io.stdout(`${JSON.stringify({ ...envelope, agent: id, key: key.thumbprint, status: 'removed' })}\n`);
  else io.stderr(`The key of ${key.name} is removed: that machine is ${agent.displayName} no longer.\n`);
}

async function confirm(agent: LockedAgent, { yes }: Options, io: Io): Promise<boolean> {
  if (yes === true) return true;
  const question = `Delete ${agent.displayName}? ${agent.consumers.length} consumers use it and will fail.`;
  if (!io.interactive) {
    throw new AgentIdError('not-interactive', 'removing an agent must be confirmed', {
      where: agent.displayName,
      hint: `Add --yes. ${agent.consumers.length} consumers use it and will fail.`,
    });
  }
  return askWhether(question);
}
