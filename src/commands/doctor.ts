import { Option, type Command } from 'commander';
import type { Io } from '../lib/io.ts';
import type { DoctorFlags } from './shared/doctor-ward.ts';

/** Declares `agent-id doctor`. */
export function addDoctor(program: Command, io: Io): void {
  program
    .command('doctor')
    .description(
      'Check this machine and the repository that it stands in; say one fix for each fault. Changes nothing.',
    )
    .option('--online', 'also ask each trusted identity provider for its metadata')
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing to mend, 1 something to mend, 2 could not do it. Without --online nothing is sent.',
    )
    .action(async (_flags: unknown, command: Command) => {
      const { runDoctor } = await import('./shared/doctor.ts');
      await runDoctor(command.optsWithGlobals<DoctorFlags>(), io);
    });
}
