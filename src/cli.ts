import { Command, CommanderError } from 'commander';
import { verbs } from './commands/index.ts';
import type { Io } from './lib/io.ts';
import { assertFolder, processIo } from './lib/process-io.ts';
import { AgentIdError } from './model/error.ts';
import { renderError, toErrorJson } from './output/error.ts';
import { version } from './output/version.ts';

/** Runs the command line of this process and sets its exit code. Never throws. */
export async function main(args: readonly string[]): Promise<void> {
  const io = processIo(folderArgument(args));
  await runCli(args, io);
  process.exitCode = io.exitCode;
}

/**
 * Runs one command line with the given `Io`; the outcome is `io.exitCode` and what was written. Loads only
 * the verb that is named.
 */
export async function runCli(args: readonly string[], io: Io): Promise<void> {
  try {
    await refuseSecrets(args);
    if (folderArgument(args) !== undefined) assertFolder(io.cwd);
    const program = await buildProgram(args, io);
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    report(error, args, io);
  }
}

async function buildProgram(args: readonly string[], io: Io): Promise<Command> {
  const program = new Command('agent-id');
  program
    .description(
      'Finds the long-lived secrets that agents run on, gives each consumer its own identity,\nand moves it to five-minute tokens on behalf of the user who asked.',
    )
    .version(version)
    .option('-C <dir>', 'work in this folder')
    .option('--config <file>', 'settings file (default: agent-id.config.yaml at the top of the repository)')
    .option('--no-config', 'read no settings file')
    .option('--quiet', 'no progress and no hints on stderr')
    .option('--verbose', 'say more on stderr')
    .option('--no-color', 'no colour')
    .enablePositionalOptions()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr, outputError: () => undefined })
    .exitOverride();
  const name = verbArgument(args);
  const named = verbs.find((verb) => verb.name === name);
  for (const verb of verbs) {
    if (verb === named) (await verb.load())(program, io);
    else program.command(verb.name).description(verb.summary);
  }
  for (const command of program.commands) prepare(command, program);
  return program;
}

/** Gives every nested command the program's way of failing, and hides what commander adds by itself. */
function prepare(command: Command, program: Command): void {
  command.copyInheritedSettings(program);
  for (const nested of command.commands) prepare(nested, program);
}

async function refuseSecrets(args: readonly string[]): Promise<void> {
  const long = args.filter((arg) => arg.length >= 20);
  if (long.length === 0) return;
  const { looksLikeSecret } = await import('./commands/shared/secret-argument.ts');
  for (const arg of long) {
    if (await looksLikeSecret(arg)) {
      throw new AgentIdError(
        'secret-in-argument',
        'an argument looks like a secret, and arguments are visible to others',
        {
          hint: 'Pass it on standard input with --secret-stdin. It may now be in your shell history: treat it as leaked.',
        },
      );
    }
  }
}

function report(error: unknown, args: readonly string[], io: Io): void {
  if (error instanceof CommanderError) {
    reportUsage(error, args, io);
    return;
  }
  const known =
    error instanceof AgentIdError
      ? error
      : new AgentIdError('internal', 'something went wrong inside agent-id', {
          cause: error,
          hint: 'Please report it, with what --verbose adds.',
        });
  if (wantsJson(args)) io.stdout(`${JSON.stringify(toErrorJson(known))}\n`);
  else io.stderr(renderError(known));
  if (ownArguments(args).includes('--verbose')) io.stderr(causes(error));
  io.exitCode = known.code === 'interrupted' ? 130 : 2;
}

function reportUsage(error: CommanderError, args: readonly string[], io: Io): void {
  if (error.exitCode === 0) return;
  // What was probably meant comes on a line of its own.
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  report(
    new AgentIdError('usage', error.code === 'commander.help' ? 'name a verb' : message, {
      hint: 'agent-id --help lists the verbs, agent-id VERB --help its flags.',
    }),
    args,
    io,
  );
}

function causes(error: unknown): string {
  const lines: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) lines.push(`${at.stack ?? at.message}\n`);
  return lines.join('caused by: ');
}

/** What stands before `--`; the rest belongs to the command that `exec` runs. */
function ownArguments(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--');
  return end === -1 ? args : args.slice(0, end);
}

function wantsJson(args: readonly string[]): boolean {
  const own = ownArguments(args);
  const at = own.indexOf('--format');
  return (at !== -1 && own[at + 1] === 'json') || own.includes('--format=json');
}

function folderArgument(args: readonly string[]): string | undefined {
  const globals = args.slice(
    0,
    args.findIndex((arg) => arg === verbArgument(args)),
  );
  const at = globals.indexOf('-C');
  return at === -1 ? undefined : globals[at + 1];
}

/** The first word that is neither a flag nor the value of a global one. */
function verbArgument(args: readonly string[]): string | undefined {
  return args.find((arg, at) => !arg.startsWith('-') && !['-C', '--config'].includes(args[at - 1] ?? ''));
}
