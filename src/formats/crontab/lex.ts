import type { Span } from '../../model/place.ts';
import { lineEndAt, nextLineAt } from '../lines.ts';

/** One line of a crontab that is neither blank nor a comment. */
export type CronLine =
  | {
      readonly kind: 'variable';
      readonly name: string;
      readonly quote: '' | '"' | "'";
      readonly span: Span;
      readonly entry: Span;
    }
  | { readonly kind: 'job'; readonly command: Span; readonly entry: Span };

const variable = /^[ \t]*("?)([A-Za-z_]\w*)\1[ \t]*=[ \t]*/;
const times = /^[ \t]*(?:@\w+|(?:[\d*/,\-A-Za-z~]+[ \t]+){4}[\d*/,\-A-Za-z~]+)[ \t]+/;
const user = /^[A-Za-z_][\w.-]*[ \t]+/;

/** Reads the lines of a crontab. System tables name a user before the command. */
export function lexCrontab(text: string, hasUser: boolean): readonly CronLine[] {
  const lines: CronLine[] = [];
  for (let at = text.charCodeAt(0) === 0xfeff ? 1 : 0; at < text.length; at = nextLineAt(text, at)) {
    const line = lineAt(text, at, hasUser);
    if (line !== undefined) lines.push(line);
  }
  return lines;
}

function lineAt(text: string, start: number, hasUser: boolean): CronLine | undefined {
  const end = lineEndAt(text, start);
  const raw = text.slice(start, end);
  if (/^[ \t]*(#|$)/.test(raw)) return undefined;
  const assigned = variable.exec(raw);
  if (assigned?.[2] !== undefined) return variableAt(text, { start, end }, assigned[2], assigned[0].length);
  const head = times.exec(raw)?.[0].length;
  if (head === undefined) return undefined;
  const from = head + (hasUser ? (user.exec(raw.slice(head))?.[0].length ?? 0) : 0);
  // What follows an unescaped % is fed to the command.
  const stop = raw.slice(from).search(/(?<!\\)%/);
  const command = { start: start + from, end: stop === -1 ? end : start + from + stop };
  return { kind: 'job', command, entry: { start, end } };
}

function variableAt(text: string, entry: Span, name: string, head: number): CronLine {
  const raw = text.slice(entry.start + head, entry.end).trimEnd();
  const quote = /^(["']).*\1$/.exec(raw)?.[1];
  const from = entry.start + head;
  const span =
    quote === undefined
      ? { start: from, end: from + raw.length }
      : { start: from + 1, end: from + raw.length - 1 };
  return { kind: 'variable', name, quote: quote === '"' ? '"' : quote === "'" ? "'" : '', span, entry };
}
