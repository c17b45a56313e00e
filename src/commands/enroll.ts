import { Option, type Command } from 'commander';
import type { Io } from '../lib/io.ts';
import type { LockedAgent, PublicJwk } from '../model/agent.ts';
import type { AuditEvent } from '../model/audit-entry.ts';

interface EnrollOptions {
  readonly name?: string;
  readonly format: string;
}

/** Declares `agent-id agents enroll`, below the verb that it is given. */
export function addEnroll(agents: Command, io: Io): void {
  agents
    .command('enroll')
    .description('Make a key for an agent on this machine and register its public half.')
    .argument('<agent>', 'agent in agent-id.lock.json')
    .option('--name <machine>', 'what to call this machine (default: its host name)')
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'))
    .action((agent: string, options: EnrollOptions) => runEnroll(agent, options, io));
}

async function runEnroll(id: string, options: EnrollOptions, io: Io): Promise<void> {
  const [{ readLocked }, { trustedByIssuer }, { statePaths }, { makeAgentKey }, { adapterFor }] =
    await Promise.all([
      import('../helper/locked.ts'),
      import('../idp/trust.ts'),
      import('../lib/state.ts'),
      import('../lib/keys.ts'),
      import('../idp/index.ts'),
    ]);
  const paths = statePaths(io.env);
  const locked = await readLocked(id, io.cwd);
  const trust = await trustedByIssuer(paths, locked.issuer);
  const name = await toName(options);
  const { key, created } = await makeAgentKey(paths, id);
  const event = await toEvent({ id, locked, time: io.clock() });
  const { appendAudit } = await import('../audit/log.ts');
  try {
    const adapter = await adapterFor(trust, { paths, clock: io.clock });
    await adapter.addKey(locked.clientId, key);
  } catch (error) {
    const { AgentIdError } = await import('../model/error.ts');
    const reason = error instanceof AgentIdError ? error.code : 'internal';
    await appendAudit(paths, { ...event, result: 'failed', reason });
    throw error;
  }
  await appendAudit(paths, event);
  await print({ id, key, created, name }, options, io);
}

async function toEvent({
  id,
  locked,
  time,
}: {
  readonly id: string;
  readonly locked: LockedAgent;
  readonly time: number;
}): Promise<AuditEvent> {
  const { toTimestamp } = await import('../lib/clock.ts');
  return {
    action: 'enroll',
    time: toTimestamp(time),
    agent: { id, displayName: locked.displayName, clientId: locked.clientId },
    user: null,
    asItself: false,
    resource: null,
    operation: 'agents enroll',
    scopes: [],
    result: 'ok',
    reason: null,
    jti: null,
  };
}

async function toName({ name }: EnrollOptions): Promise<string> {
  if (name !== undefined && /^[\w .:@-]{1,100}$/.test(name)) return name;
  if (name === undefined) return (await import('node:os')).hostname();
  const { AgentIdError } = await import('../model/error.ts');
  throw new AgentIdError('usage', '--name takes letters, digits, spaces and . : @ _ -');
}

interface Enrolled {
  readonly id: string;
  readonly key: PublicJwk;
  readonly created: boolean;
  readonly name: string;
}

async function print({ id, key, created, name }: Enrolled, { format }: EnrollOptions, io: Io): Promise<void> {
  if (format === 'json') {
    const { envelope } = await import('../output/version.ts');
    const data = { agent: id, thumbprint: key.kid, name, created };
    io.stdout(`${JSON.stringify({ ...envelope, ...data }, null, 2)}\n`);
    return;
  }
  io.stdout(`${key.kid}\n`);
  io.stderr(
    `${id} has a ${created ? 'new' : 'known'} key on this machine (${name}), and the provider knows its public half.\n`,
  );
}
