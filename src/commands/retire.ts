import { Option, type Command } from 'commander';
import type { Io } from '../lib/io.ts';
import type { RetireFlags } from './shared/retire.ts';

/** Declares `agent-id retire`. */
export function addRetire(program: Command, io: Io): void {
  program
    .command('retire <secret>')
    .description(
      'Revoke an old secret at its provider, once every consumer is verified and nothing in the tree uses it. Refuses (exit code 1) before.',
    )
    .option(
      '--quiet-for <duration>',
      'only if its provider tells that it was not used for this long: 90m, 24h, 7d; 0s asks for no silence (default: since its consumers moved)',
    )
    .option('--yes', 'do not ask')
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'))
    .action(async (secret: string, _flags: unknown, command: Command) => {
      const { runRetire } = await import('./shared/retire.ts');
      await runRetire(secret, command.optsWithGlobals<RetireFlags>(), io);
    });
}
