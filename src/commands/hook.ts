import type { Command } from 'commander';
import type { Io } from '../lib/io.ts';

/** Declares `agent-id hook install | uninstall | run`. */
export function addHook(program: Command, io: Io): void {
  const hook = program.command('hook').description('Scan what is staged before each commit.');
  hook
    .command('install')
    .description(
      'Install the pre-commit hook of this repository; respects core.hooksPath, keeps a hook that is there.',
    )
    .action(async () => (await import('./shared/hook.ts')).installHook(io));
  hook
    .command('uninstall')
    .description('Remove it, and put back the hook that was there before.')
    .action(async () => (await import('./shared/hook.ts')).uninstallHook(io));
  hook
    .command('run')
    .description('What the hook runs: a scan of what is staged.')
    .action(async (_flags: unknown, command: Command) => {
      const { runScan } = await import('./shared/scan.ts');
      const { config } = command.optsWithGlobals<{ config?: string | false }>();
      const { scanDefaults } = await import('./shared/scan-flags.ts');
      const flags = { ...scanDefaults, staged: true };
      await runScan([], config === undefined ? flags : { ...flags, config }, io);
      if (io.exitCode === 1)
        io.stderr(
          'The commit is refused: take the value out (agent-id map shows who needs it), or accept it with a reason: agent-id explain ignore.\n',
        );
    });
}
