import { Option, type Command } from 'commander';
import type { Io } from '../lib/io.ts';
import type { ShowOptions } from './shared/agent-show.ts';
import type * as Agents from './shared/agents.ts';

interface AgentsOptions {
  readonly format: 'text' | 'json';
  readonly yes?: boolean;
  readonly key?: string;
}

/** Declares `agent-id agents list | show | revoke | restore | remove`. */
export function addAgents(program: Command, io: Io): void {
  const agents = program
    .command('agents')
    .description('List, inspect, enroll, revoke and restore the agents of this repository.');
  withFormat(agents.command('list'))
    .description('List the agents of the lock file with what the identity provider says about them.')
    .action(async (options: AgentsOptions) => (await load()).runList(options, io));
  withFormat(agents.command('show <agent>'))
    .description(
      'Show one agent: owner and scopes with evidence, keys, last use, what it reached for whom, and how registration and code differ.',
    )
    .option('--no-code', 'do not look at the code')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { runShow } = await import('./shared/agent-show.ts');
      await runShow(id, command.optsWithGlobals<ShowOptions>(), io);
    });
  withFormat(agents.command('revoke <agent>'))
    .description('Stop one agent at once; the others go on.')
    .action(async (id: string, options: AgentsOptions) =>
      (await load()).runSwitch('revoke', id, options, io),
    );
  withFormat(agents.command('restore <agent>'))
    .description('Let a revoked agent work again.')
    .action(async (id: string, options: AgentsOptions) =>
      (await load()).runSwitch('restore', id, options, io),
    );
  withFormat(agents.command('remove <agent>'))
    .description(
      'Delete an agent at the identity provider and in the lock file, or the key of one of its machines.',
    )
    .option('--key <key>', 'only the key of one machine: its name, or the start of its thumbprint')
    .option('--yes', 'do not ask')
    .action(async (id: string, options: AgentsOptions) => (await load()).runRemove(id, options, io));
}

async function load(): Promise<typeof Agents> {
  return import('./shared/agents.ts');
}

function withFormat(command: Command): Command {
  return command.addOption(
    new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'),
  );
}
