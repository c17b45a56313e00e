import type * as Prompts from '@clack/prompts';
import { onTerminal, type Terminal } from '../../lib/terminal.ts';
import { AgentIdError } from '../../model/error.ts';
import { printable } from '../../output/error.ts';

/** One answer that may be chosen; the label is what a repository or a provider may have named. */
export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

/** Asks yes or no; Enter alone says `initially`. Throws `interrupted`, as all questions here do: nothing was done then. */
export function askWhether(message: string, initially = false): Promise<boolean> {
  return answered<boolean>(async ({ confirm }, terminal) =>
    confirm({ message: printable(message), initialValue: initially, ...terminal }),
  );
}

/** Asks for one of several. Throws `interrupted`. */
export function askWhich<T extends string>(message: string, choices: readonly Choice<T>[]): Promise<T> {
  return answered<string>(async ({ select }, terminal) =>
    select({ message: printable(message), options: shown(choices), ...terminal }),
  ) as Promise<T>;
}

/** Asks for any of several, of which some are chosen at first. Throws `interrupted`. */
export function askWhichOf(
  message: string,
  choices: readonly Choice<string>[],
  initialValues: readonly string[],
  required: boolean,
): Promise<readonly string[]> {
  return answered<readonly string[]>(async ({ multiselect }, terminal) =>
    multiselect({
      message: printable(message),
      options: shown(choices),
      initialValues: [...initialValues],
      required,
      ...terminal,
    }),
  );
}

/** Asks for a text, which is first what is there now. Throws `interrupted`. */
export function askText(message: string, initialValue: string): Promise<string> {
  return answered<string>(async ({ text }, terminal) =>
    text({ message: printable(message), initialValue, ...terminal }),
  );
}

/** Says above a row of questions what they are about. */
export function sayTitle(title: string): Promise<void> {
  return onTerminal(async ({ output }) => (await import('@clack/prompts')).intro(title, { output }));
}

/** Says between questions what the next ones are about, and more of it. */
export function sayStep(title: string, ...more: readonly string[]): Promise<void> {
  return onTerminal(async ({ output }) => {
    const { log } = await import('@clack/prompts');
    log.step(printable(title), { output });
    for (const line of more) log.message(printable(line), { output });
  });
}

async function answered<T>(
  ask: (prompts: typeof Prompts, terminal: Terminal) => Promise<T | symbol>,
): Promise<T> {
  const prompts = await import('@clack/prompts');
  const answer = await onTerminal((terminal) => ask(prompts, terminal));
  if (!prompts.isCancel(answer)) return answer as T;
  throw new AgentIdError('interrupted', 'nothing was changed', {
    hint: 'Run it again when you are ready; --help names the flags that answer its questions.',
  });
}

function shown<T extends string>(choices: readonly Choice<T>[]): { value: string; label: string }[] {
  return choices.map(({ value, label, hint }) => ({
    value,
    label: printable(label),
    ...(hint === undefined ? {} : { hint: printable(hint) }),
  }));
}
