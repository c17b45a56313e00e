import type { Command } from 'commander';
import type { Io } from '../lib/io.ts';

/** Declares `agent-id demo`. */
export function addDemo(program: Command, io: Io): void {
  program
    .command('demo')
    .description(
      'Watch the whole story on a made-up estate: real programs, real HTTP, every claim checked. Takes under a minute.',
    )
    .action(async () => {
      const { runDemo } = await import('../demo/run.ts');
      const { shippedPath } = await import('../lib/shipped.ts');
      await runDemo(io, { templates: shippedPath('estate'), program: shippedPath('bin/agent-id.cjs') });
    });
}
