import type { AgentIdError } from '../model/error.ts';
import { envelope } from './version.ts';

/** Renders an error for the person: what is wrong, where, what to do next. Ends with a line break. */
export function renderError(error: AgentIdError): string {
  const lines = [`error[${error.code}]: ${printable(error.message)}`];
  if (error.where !== undefined) lines.push(`  at ${printable(error.where)}`);
  if (error.hint !== undefined) lines.push(`  ${printable(error.hint)}`);
  return `${lines.join('\n')}\n`;
}

/** Gives the same as data. */
export function toErrorJson(error: AgentIdError): object {
  return {
    ...envelope,
    error: {
      code: error.code,
      message: error.message,
      ...(error.where === undefined ? {} : { where: error.where }),
      hint: error.hint ?? null,
    },
  };
}

/** Escapes control and format characters, so that a name from a hostile repository cannot drive a terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}
