import { Option, type Command } from 'commander';
import type { Io } from '../lib/io.ts';
import { collect } from './shared/collect.ts';
import type { ScanFlags } from './shared/scan-flags.ts';
import { scanFormats } from '../output/scan-formats.ts';

/** Declares `agent-id scan`. */
export function addScan(program: Command, io: Io): void {
  const command = program
    .command('scan [path...]')
    .description('Find long-lived secrets in files, and the places that read one by name.');
  addSources(command);
  addReports(command);
  addAcceptance(command);
  addLimits(command);
  command
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing found, 1 findings, 2 could not do it.\nA comment "agent-id:ignore RULE reason" on the line or the line before accepts one place.',
    )
    .action(async (paths: string[]) => {
      const { runScan } = await import('./shared/scan.ts');
      await runScan(paths, command.optsWithGlobals<ScanFlags>(), io);
    });
}

function addSources(command: Command): void {
  command
    .option('--staged', 'look at what would be committed')
    .option(
      '--since <ref>',
      'look at what changed since REF; settings, baseline and comments count as they stand there',
    )
    .option('--history', 'look at every version of every file that a ref, stash, reflog or note reaches')
    .option(
      '--machine',
      "look at this user's own files: agents and MCP clients, shells, credentials, schedules; names in own processes",
    )
    .option('--list', 'with --machine: say which files would be read, and read none')
    .option(
      '--github <owner/repo>',
      'look at the repositories of OWNER, or one, and at names of secrets kept there; token: GH_TOKEN, GITHUB_TOKEN or gh',
    )
    .option('--stdin', 'look at standard input')
    .option('--stdin-name <path>', 'name that standard input stands for');
}

/** How findings are told, and which of them. */
function addReports(command: Command): void {
  command
    .addOption(new Option('--format <format>', 'how to print').choices(scanFormats).default('text'))
    .option('--output <file>', 'write to FILE, or FORMAT=FILE; may be repeated', collect)
    .addOption(
      new Option('--fail-on <kind>', 'what makes the exit code 1')
        .choices(['literal', 'any', 'never'])
        .default('literal'),
    )
    .addOption(
      new Option('--min-confidence <level>', 'leave out what is less certain')
        .choices(['low', 'medium', 'high'])
        .default('medium'),
    )
    .addOption(
      new Option('--severity <level>', 'leave out what is less severe')
        .choices(['critical', 'high', 'medium', 'low', 'info'])
        .default('info'),
    )
    .option('--rule <id>', 'only this rule; may be repeated', collect)
    .option('--skip-rule <id>', 'all rules but this; may be repeated', collect)
    .option(
      '--rules <file>',
      'also these rules: our YAML, or TOML of gitleaks or betterleaks; may be repeated',
      collect,
    )
    .option('--include <glob>', 'only files that match; may be repeated', collect)
    .option('--exclude <glob>', 'no files that match; may be repeated', collect);
}

function addAcceptance(command: Command): void {
  command
    .option(
      '--baseline <file>',
      'accepted findings (default: .agent-id-baseline.json at the top of the repository)',
    )
    .option('--no-baseline', 'accept nothing')
    .option('--write-baseline', 'accept what is found now')
    .option('--reason <text>', 'why it is accepted (with --write-baseline)')
    .option('--expires <date>', 'last day on which it is accepted, YYYY-MM-DD');
}

function addLimits(command: Command): void {
  command
    .option('--max-file-size <size>', 'skip larger files (default: 4GB; 10MB of what is no file on disk)')
    .option('--threads <n>', 'threads that look at a history (default: 2 where it is long)')
    .option('--no-cache', 'read also files in which nothing was found and that have not changed since')
    .option('--fail-on-skipped', 'exit with 2 when a file was skipped')
    .option(
      '--live',
      'ask the provider of each secret found whether it works: sends it there, and nowhere else',
    )
    .option(
      '--live-host <provider=host>',
      'with --live: the host of a provider that runs at several, such as okta=acme.okta.com; may be repeated',
      collect,
    )
    .option('--exit-zero', 'exit with 0 in spite of findings')
    .option('--stats', 'say on stderr what was looked at');
}
