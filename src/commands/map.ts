import { Option, type Command } from 'commander';
import type { Io } from '../lib/io.ts';
import { mapFormats } from '../output/map-formats.ts';
import { collect } from './shared/collect.ts';
import type { MapFlags } from './shared/map.ts';

/** Declares `agent-id map`. */
export function addMap(program: Command, io: Io): void {
  program
    .command('map [path...]')
    .description(
      'Show what consumes each secret: owner, for whom it acts, and the scopes its code uses, with evidence.',
    )
    .option('--secret <id>', 'only this one: its name, or secret:ID')
    .option('--impact', 'say what breaks if it is revoked now; exit code 1 if anything does')
    .addOption(new Option('--format <format>', 'how to print').choices(mapFormats).default('text'))
    .option('--output <file>', 'write to FILE, or FORMAT=FILE; may be repeated', collect)
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 with --impact where a consumer is unknown or not migrated, 2 could not do it.\nScopes come from calls with file and line; what cannot be resolved is listed as unknown, never guessed.',
    )
    .action(async (paths: string[], _flags: unknown, command: Command) => {
      const { runMap } = await import('./shared/map.ts');
      await runMap(paths, command.optsWithGlobals<MapFlags>(), io);
    });
}
