import type { Span } from '../../model/place.ts';
import { wholeOf } from '../within.ts';
import { anchorsIn } from './anchors.ts';
import type { Candidate, Form } from './candidate.ts';
import { isCode, isInString } from './code.ts';
import { readValue, type ReadValue } from './read-value.ts';

/** Longest name. */
const MOST_NAME = 60;

/** After a scheme word without a header, as in a sentence. */
const SHORTEST_TOKEN = 12;

/** What may stand between a name and its sign: quotes, a bracket, a type. */
const close =
  /\\{0,3}["'`]?[\])]{0,2}(?:[ \t]{0,3}(?::[ \t]{0,2}&?(?:'static )?|[ \t](?:As )?)[A-Za-z][\w<>[\]|.?]{0,30}(?=[ \t]{0,3}=[^=>]))?[ \t]{0,24}/y;
const sign = /=>|->|<-|:{1,4}=|\?\?=?|\|\|=?|[?+.|]=|={1,3}|!={1,2}|:-|[:=>,(|]|or\b|is\b|was\b/y;

/** ` value: ` of a pair, over one line end. */
const valueField =
  /\\{0,3}["'`]?[ \t]*,?[ \t]*(?:\r?\n)?[ \t]*(?:-[ \t]+)?\\{0,3}["']?(?:value|val|default|content|secret|string)\\{0,3}["']?[ \t]*[:=][ \t]*/iy;
const valueElement =
  /<\/(?:key|name|id|param-name|entry|field|\w+:name)>\s{0,40}<(?:string|value|param-value|\w+:value)>/iy;
const nameField =
  /(?:name|key|id|field|param|variable|header|option|setting)\\{0,3}["']?\s{0,4}[:=]?\s{0,4}\\{0,3}["']?$|<(?:\w+[:-])?(?:key|name)>$/i;

/**
 * Finds values under telling names in any text, whole or where a name begins within spans. `path` may be unknown; in
 * code only quoted values count.
 */
export function textCandidates(
  text: string,
  path: string | undefined,
  spans: readonly Span[] = wholeOf(text),
): readonly Candidate[] {
  const found: Candidate[] = [];
  const code = path !== undefined && isCode(path);
  let after = 0;
  for (const { index, 0: word } of anchorsIn(text, spans)) {
    if (index < after) continue;
    const name = nameAround(text, index, index + word.length);
    after = name.end;
    if (text.slice(Math.max(0, name.start - 2), name.start) === '$(') continue;
    const read = afterName(text, name);
    if (read === undefined) continue;
    if (!read.quoted && code && !isInString(text, read.span.start)) continue;
    found.push({ ...read, name: name.text, slot: null });
  }
  return found;
}

interface Name {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Extends an anchor to the whole name that it is part of. */
function nameAround(text: string, start: number, end: number): Name {
  let from = start;
  let to = end;
  while (from > 0 && start - from < MOST_NAME && isNamePart(text.charCodeAt(from - 1))) from -= 1;
  while (to < text.length && to - end < MOST_NAME && isNamePart(text.charCodeAt(to))) to += 1;
  while (to > end && text.charAt(to - 1) === '.') to -= 1;
  if (text.charAt(to - 1) === '-' && text.charAt(to) === '>') to -= 1;
  if (text.slice(to - 2, to) === ':-') to -= 2;
  return { text: text.slice(from, to), start: from, end: to };
}

function isNamePart(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 45 ||
    code === 46 ||
    code === 36
  );
}

type Read = Pick<Candidate, 'value' | 'span' | 'form' | 'scheme' | 'quoted' | 'separator'>;

function afterName(text: string, name: Name): Read | undefined {
  return pairAfter(text, name) ?? defaultAfter(text, name) ?? signAfter(text, name) ?? spaceAfter(text, name);
}

/** `name: X` and `value: Y`, on one line or two. */
function pairAfter(text: string, name: Name): Read | undefined {
  const end = matchAt(valueField, text, name.end) ?? matchAt(valueElement, text, name.end);
  if (end === undefined || !nameField.test(text.slice(Math.max(0, name.start - 40), name.start)))
    return undefined;
  return toRead(readValue(text, end, { stop: '<' }), 'pair', ':');
}

/** `${NAME:-default}`. */
function defaultAfter(text: string, name: Name): Read | undefined {
  if (text.charAt(name.start - 1) !== '{') return undefined;
  const found = /^(?::?[-=]|:)([^}\n]{3,400})\}/.exec(text.slice(name.end, name.end + 420));
  if (found?.[1] === undefined) return undefined;
  const start = name.end + found[0].length - 1 - found[1].length;
  const span = { start, end: start + found[1].length };
  return { value: found[1], span, form: 'default', scheme: false, quoted: true, separator: ':-' };
}

/** Signs after which a bare word is a variable or the next word of a sentence. */
const needsQuotes: ReadonlySet<string> = new Set(['(', ',', '|', 'or', 'is', 'was', '||', '??']);

function signAfter(text: string, name: Name): Read | undefined {
  const closed = matchAt(close, text, name.end) ?? name.end;
  const signed = matchAt(sign, text, closed);
  if (signed === undefined) return undefined;
  const separator = text.slice(closed, signed);
  if (separator === ',' && (text.slice(name.end, closed).includes(')') || isVariable(text, name)))
    return undefined;
  const value = readValue(text, valueStart(text, signed, separator), { stop: stopOf(text, name, separator) });
  if (value === undefined || (needsQuotes.has(separator) && !value.quoted)) return undefined;
  return toRead(value, formOf(separator, text, name), separator);
}

/** `users.viewer.password,` has its value elsewhere; `Constants.API_KEY,` names a key. */
function isVariable(text: string, name: Name): boolean {
  return /\.[a-z]\w*$/.test(name.text) && !/["'`]/.test(text.charAt(name.start - 1));
}

function valueStart(text: string, signed: number, separator: string): number {
  const start = skipSpace(text, signed, separator);
  return separator === ',' ? (matchAt(defaultArgument, text, start) ?? start) : start;
}

function stopOf(text: string, name: Name, separator: string): string {
  if (separator === '>') return '<';
  return separator === '=' && name.start > 0 && '?&'.includes(text.charAt(name.start - 1)) ? '&#' : '';
}

function formOf(separator: string, text: string, name: Name): Form {
  if (separator === '(') return 'call';
  if (separator === '>') return 'element';
  if (name.text.startsWith('-') || text.charAt(name.start - 1) === '-') return 'argument';
  return /^(?:authorization|x-|proxy-authorization)/i.test(name.text) ? 'header' : 'assignment';
}

/** fish, csh, Windows, Dockerfiles, C and Clojure put a blank between name and value. */
const blankSet =
  /(?:^|\s)(?:set(?: -{1,2}[A-Za-z-]{1,10}){1,2}|setenv|setx|ENV|#[ \t]?define|secret set) $|\(def $/;

/** What may stand between such a name and its value. */
const bodyFlag = /[ \t]{1,8}(?:(?:--body|-b)[ =])?/y;

/** Further arguments of a call, up to the value that is taken where there is none. */
const defaultArgument =
  /(?:\w{1,20}[ \t]?=[ \t]?[\w.]{1,20},[ \t]?){0,3}(?:default|defaultValue)[ \t]?[:=][ \t]?/y;

/** `--token X`, in a command or as the next element of a YAML list. */
function spaceAfter(text: string, name: Name): Read | undefined {
  if (!/^--?[A-Za-z]/.test(name.text)) {
    const from = matchAt(bodyFlag, text, name.end);
    if (from !== undefined && blankSet.test(text.slice(Math.max(0, name.start - 20), name.start)))
      return toRead(readValue(text, from, { stop: '' }), 'assignment', ' ');
    if (!/^(?:bearer|ssws)$/i.test(name.text) || text.charAt(name.end) !== ' ') return undefined;
    const token = readValue(text, name.end + 1, { stop: '' });
    return token === undefined || token.value.length < SHORTEST_TOKEN
      ? undefined
      : toRead(token, 'header', ' ', true);
  }
  const gap = /^(?:[ \t]{1,4}|["']?[ \t]*\r?\n[ \t]*-[ \t]+)/.exec(text.slice(name.end, name.end + 60));
  if (gap === null) return undefined;
  const value = readValue(text, name.end + gap[0].length, { stop: '' });
  return value?.value.startsWith('-') === true ? undefined : toRead(value, 'argument', ' ');
}

function toRead(
  read: ReadValue | undefined,
  form: Form,
  separator: string,
  scheme = false,
): Read | undefined {
  if (read === undefined) return undefined;
  return { ...read, form: read.scheme || scheme ? 'header' : form, scheme: read.scheme || scheme, separator };
}

/** A value may begin on the next line where it is quoted, or within an element; after a comma there stands another. */
function skipSpace(text: string, from: number, separator: string): number {
  const gap = /^[ \t]{0,24}(?:\r?\n[ \t]{0,60})?/.exec(text.slice(from, from + 90))?.[0] ?? '';
  const mayBreak = separator === '>' || (separator !== ',' && /["'`]/.test(text.charAt(from + gap.length)));
  const broken = gap.includes('\n') && !mayBreak;
  return broken ? from + gap.search(/\r?\n/) : from + gap.length;
}

function matchAt(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
