import { Option, type Command } from 'commander';
import type { Io } from '../lib/io.ts';
import type { EnrollOptions } from './shared/enroll.ts';

/** Declares `agent-id agents enroll`, below the verb that it is given. */
export function addEnroll(agents: Command, io: Io): void {
  agents
    .command('enroll')
    .description('Make a key for an agent on this machine and register its public half.')
    .argument('<agent>', 'agent in agent-id.lock.json')
    .option('--name <machine>', 'what to call this machine (default: its host name)')
    .option(
      '--ci <issuer>',
      'no key: let CI jobs be the agent whose token this issuer signed (needs --claim)',
    )
    .option('--claim <name=value>', 'what the token of such a job must say; repeatable', collect, [])
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'))
    .action(async (agent: string, options: EnrollOptions) => {
      const { runEnroll } = await import('./shared/enroll.ts');
      await runEnroll(agent, options, io);
    });
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
