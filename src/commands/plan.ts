import { Option, type Command } from 'commander';
import type { Io } from '../lib/io.ts';
import type { PlanFlags } from './shared/plan.ts';

/** Declares `agent-id plan`. */
export function addPlan(program: Command, io: Io): void {
  program
    .command('plan [path...]')
    .description(
      'Say what a migration would do: identities, scopes with evidence, files. Changes nothing; exit code 1 when there is something to do.',
    )
    .option('--secret <id>', 'only this one: its name, or secret:ID')
    .option('--idp <name>', 'trusted identity provider (agent-id idp list)')
    .option('--only <agent...>', 'only these agents')
    .option('--scopes <agent=scope,scope...>', 'scopes that you choose for an agent')
    .option('--handle <secret=id...>', "the provider's own id of a secret")
    .option('--out <file>', 'write the plan as JSON')
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nWithout a PATH the whole repository; with some, the consumers that have a place there. Others still count.',
    )
    .action(async (paths: string[], _flags: unknown, command: Command) => {
      const { runPlan } = await import('./shared/plan.ts');
      await runPlan(paths, command.optsWithGlobals<PlanFlags>(), io);
    });
}
