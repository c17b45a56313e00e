import type { Span } from '../../model/place.ts';
import { lineEndAt, nextLineAt } from '../lines.ts';

/** One `NAME=value` of an env file. */
export interface EnvEntry {
  readonly name: string;
  /** `export `, with its blanks, or nothing. */
  readonly prefix: string;
  readonly quote: '' | '"' | "'" | '`';
  readonly value: string;
  /** The raw value without its quotes. */
  readonly span: Span;
  /** From the first character of the line to the last of the value's line, without the line break. */
  readonly entry: Span;
}

const head = /^([ \t]*(?:export[ \t]+)?)([A-Za-z_][\w.-]*)([ \t]*[=:][ \t]*)/;

/** Reads the entries of an env file. A line that is none is passed over, as the loaders do. */
export function lexEnv(text: string): readonly EnvEntry[] {
  const entries: EnvEntry[] = [];
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (at < text.length) {
    const entry = entryAt(text, at);
    if (entry !== undefined) entries.push(entry);
    at = nextLineAt(text, entry?.entry.end ?? at);
  }
  return entries;
}

function entryAt(text: string, at: number): EnvEntry | undefined {
  const lineEnd = lineEndAt(text, at);
  const match = head.exec(text.slice(at, lineEnd));
  const [all, prefix, name, equals] = match ?? [];
  if (all === undefined || prefix === undefined || name === undefined) return undefined;
  // `NAME: value` is the other spelling that Ruby and Node loaders take; it needs the blank.
  if (equals?.trim() === ':' && !/:[ \t]/.test(equals)) return undefined;
  const from = at + all.length;
  const { quote, span } = quotedAt(text, from) ?? bareAt(text, from, lineEnd);
  return {
    name,
    prefix,
    quote,
    value: decode(text.slice(span.start, span.end), quote),
    span,
    entry: { start: at, end: lineEndAt(text, span.end) },
  };
}

function quotedAt(text: string, from: number): Pick<EnvEntry, 'quote' | 'span'> | undefined {
  const quote = text.charAt(from);
  if (quote !== '"' && quote !== "'" && quote !== '`') return undefined;
  for (let at = from + 1; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '\\' && quote === '"') at += 1;
    else if (char === quote) return { quote, span: { start: from + 1, end: at } };
  }
  return undefined;
}

function bareAt(text: string, from: number, lineEnd: number): Pick<EnvEntry, 'quote' | 'span'> {
  const raw = text.slice(from, lineEnd);
  const comment = raw.startsWith('#') ? 0 : raw.search(/[ \t]#/);
  const value = (comment === -1 ? raw : raw.slice(0, comment)).trimEnd();
  return { quote: '', span: { start: from, end: from + value.length } };
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function decode(raw: string, quote: EnvEntry['quote']): string {
  if (quote !== '"') return raw;
  return raw.replaceAll(/\\([\s\S])/g, (both, char: string) => {
    if (char in escapes) return escapes[char] ?? '';
    return /["\\$`]/.test(char) ? char : both;
  });
}
