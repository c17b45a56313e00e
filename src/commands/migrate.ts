import { Option, type Command } from 'commander';
import type { Io } from '../lib/io.ts';
import type { MigrateFlags } from './shared/migrate.ts';

/** Declares `agent-id migrate`. */
export function addMigrate(program: Command, io: Io): void {
  program
    .command('migrate [path...]')
    .description(
      'Give each consumer its own identity with the scopes it uses, rewrite it, and prove it. Whole or undone.',
    )
    .option('--secret <id>', 'only this one: its name, or secret:ID')
    .option('--idp <name>', 'trusted identity provider (agent-id idp list)')
    .option('--only <agent...>', 'only these agents')
    .option('--scopes <agent=scope,scope...>', 'scopes that you choose for an agent')
    .option('--handle <secret=id...>', "the provider's own id of a secret")
    .option('--plan <file>', 'a reviewed plan: applied only where the plan made now agrees')
    .option('--dry-run', 'show the plan and the diff, change nothing')
    .option('--check', 'change nothing; exit code 1 when there is something to do')
    .option('--yes', 'do not ask')
    .option(
      '--commit',
      'commit exactly the changed files, with the hooks of the repository; needs a clean tree',
    )
    .option('--branch <name>', 'the same on a new branch, which is then checked out')
    .option('--allow-dirty', 'also change files with uncommitted edits')
    .option('--status', 'say how far each consumer is, and record it')
    .option(
      '--resume',
      'end a migration that was interrupted: back before its commit record, forward after it',
    )
    .option('--rollback', 'take a migration back that is not settled yet')
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nWithout a PATH the whole repository; with some, the consumers that have a place there. Others still count.',
    )
    .action(async (paths: string[], _flags: unknown, command: Command) => {
      const { runMigrate } = await import('./shared/migrate.ts');
      await runMigrate(paths, command.optsWithGlobals<MigrateFlags>(), io);
    });
}
