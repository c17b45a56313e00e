import { Option, type Command } from 'commander';
import type { Io } from '../lib/io.ts';
import type { RotateOptions } from './shared/rotate.ts';

/** Declares `agent-id agents rotate`, below the verb that it is given. */
export function addLifecycle(agents: Command, io: Io): void {
  withFormat(agents.command('rotate <agent>'))
    .description(
      'Replace the key of this machine: add the new one, prove it at the token endpoint, swap, remove the old one. Run it again after a break.',
    )
    .option('--overlap <duration>', 'how long both keys are good: 5s, 10m', '5s')
    .action(async (agent: string, options: RotateOptions) => {
      const { runRotate } = await import('./shared/rotate.ts');
      await runRotate(agent, options, io);
    });
}

function withFormat(command: Command): Command {
  return command.addOption(
    new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'),
  );
}
