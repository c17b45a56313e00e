import type { Command } from 'commander';
import type { Io } from '../lib/io.ts';

/** Declares `agent-id explain`. */
export function addExplain(program: Command, io: Io): void {
  program
    .command('explain <what> [path...]')
    .description(
      'Explain a rule, an error code, a finding by its id in the trees at PATH, or what is in FILE:LINE.',
    )
    .action(async (what: string, paths: string[], _flags: unknown, command: Command) => {
      const { runExplain } = await import('./shared/explain.ts');
      await runExplain(what, paths, command.optsWithGlobals<{ config?: string | false }>(), io);
    });
}
