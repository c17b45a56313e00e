import { Command, Help } from 'commander';
import type { Io } from '../../lib/io.ts';
import { renderBash } from '../../output/completion/bash.ts';
import { renderFish } from '../../output/completion/fish.ts';
import type { CommandShape, OptionShape, ValueShape } from '../../output/completion/shape.ts';
import { renderZsh } from '../../output/completion/zsh.ts';
import { verbs } from '../index.ts';

const renders = { bash: renderBash, zsh: renderZsh, fish: renderFish } as const;

export type Shell = keyof typeof renders;

/** Prints the completion for a shell. */
export async function runCompletion(shell: Shell, program: Command, io: Io): Promise<void> {
  io.stdout(renders[shell](await readShapes(program, io)));
}

/** Reads every verb with its flags from what the verbs declare; global flags are those of the program that runs. */
async function readShapes(program: Command, io: Io): Promise<readonly CommandShape[]> {
  const whole = new Command(program.name()).enablePositionalOptions();
  for (const option of program.options) whole.addOption(option);
  for (const verb of verbs) (await verb.load())(whole, io);
  return toShapes(whole, '');
}

function toShapes(command: Command, path: string): readonly CommandShape[] {
  const help = new Help();
  const below = help.visibleCommands(command).filter((one) => one.name() !== 'help');
  const own = {
    path,
    commands: below.map((one) => ({ name: one.name(), summary: one.description() })),
    options: help.visibleOptions(command).map(toOption),
    argument: toArgument(command),
  };
  const nested = below.flatMap((one) => toShapes(one, path === '' ? one.name() : `${path} ${one.name()}`));
  return [own, ...nested];
}

function toOption({
  short,
  long,
  flags,
  description,
  argChoices,
}: ReturnType<Help['visibleOptions']>[number]): OptionShape {
  const name = /[<[](.+?)[>\]]$/.exec(flags)?.[1];
  return {
    flags: [short, long].filter((flag) => flag !== undefined && flag !== null),
    summary: description,
    value: name === undefined ? null : toValue(name, argChoices),
  };
}

function toArgument({ registeredArguments }: Command): ValueShape {
  const paths = registeredArguments.find((one) => isFile(one.name()));
  const [first] = registeredArguments;
  const argument = paths ?? first;
  return argument === undefined ? { kind: 'free' } : toValue(argument.name(), argument.argChoices);
}

function toValue(name: string, choices: readonly string[] | undefined): ValueShape {
  if (choices !== undefined) return { kind: 'words', words: choices };
  return { kind: isFile(name) ? 'file' : 'free' };
}

function isFile(name: string): boolean {
  return /^(file|dir|path|socket)/.test(name) || name.endsWith('command');
}
