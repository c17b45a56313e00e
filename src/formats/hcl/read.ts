import { nameArgument } from '../argument.ts';
import { emptyDraft, type Draft } from '../draft.ts';
import { joinKey } from '../key-path.ts';
import { toFileSpan, withoutLead, type MappedText } from '../mapped.ts';
import { addValue, asWritten, replaced } from '../value.ts';
import { lexHcl, type Token } from './lex.ts';

/** A block, an object, a list or parentheses that are open. */
interface Frame {
  readonly path: string;
  /** What a list's elements and a call's arguments are named by; for `variable "x"`, what its default is. */
  readonly name: string | null;
  readonly close: string;
  /** Position in a list; -1 elsewhere. */
  index: number;
  /** Text of the element before, in a list. */
  before: string | undefined;
  /** What `name = "…"` says beside `value = "…"`. */
  label: string | undefined;
}

interface Reading {
  readonly text: string;
  readonly draft: Draft;
  readonly frames: Frame[];
  /** Words of the statement that has begun. */
  words: Token[];
  /** Name on the left of `=` or `:`. */
  key: Token | undefined;
}

const closes: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' };

/** Reads the facts of an HCL text. */
export function readHcl(text: string): Draft {
  const top: Frame = { path: '', name: null, close: '', index: -1, before: undefined, label: undefined };
  const reading: Reading = { text, draft: emptyDraft(), frames: [top], words: [], key: undefined };
  for (const token of lexHcl(text)) {
    if (token.kind === 'break') endStatement(reading);
    else if (token.kind === 'sign') readSign(reading, token);
    else {
      if (token.kind === 'text' && isValue(reading)) addText(reading, token);
      if (token.kind === 'name' && reading.key !== undefined) addReference(reading, token);
      if (reading.key === undefined) reading.words.push(token);
    }
  }
  return reading.draft;
}

function topOf({ frames }: Reading): Frame {
  return frames.at(-1) as Frame;
}

/** A text is a label of a block until `=`, `:`, a list or a call makes it a value. */
function isValue(reading: Reading): boolean {
  return reading.key !== undefined || /[\])]/.test(topOf(reading).close);
}

function endStatement(reading: Reading): void {
  if (/[\])]/.test(topOf(reading).close)) return;
  reading.words = [];
  reading.key = undefined;
}

function readSign(reading: Reading, { span }: Token): void {
  const sign = reading.text.charAt(span.start);
  const top = topOf(reading);
  if ((sign === '=' || sign === ':') && reading.words.length > 0 && reading.key === undefined) {
    reading.key = reading.words.at(-1);
  } else if (sign in closes) {
    openFrame(reading, sign);
  } else if (sign === ',') {
    if (top.index >= 0) top.index += 1;
    else if (top.close === '}') endStatement(reading);
  } else if (sign === top.close && reading.frames.length > 1) {
    reading.frames.pop();
    reading.words = [];
    reading.key = undefined;
  }
}

function openFrame(reading: Reading, sign: string): void {
  const { text, words, key } = reading;
  const top = topOf(reading);
  const labels = words.map(({ span }) => text.slice(span.start, span.end));
  const path =
    sign === '('
      ? pathOf(reading)
      : key === undefined && top.index < 0
        ? labels.reduce(joinKey, top.path)
        : pathOf(reading);
  const isVariable = key === undefined && labels[0] === 'variable';
  const name = isVariable ? (labels[1] ?? null) : sign === '{' ? null : nameOf(reading);
  reading.frames.push({
    path,
    name,
    close: closes[sign] ?? '',
    index: sign === '[' ? 0 : -1,
    before: undefined,
    label: undefined,
  });
  reading.words = [];
  reading.key = undefined;
}

function keyText({ text, key }: Reading): string | undefined {
  return key && text.slice(key.span.start, key.span.end);
}

function pathOf(reading: Reading): string {
  const top = topOf(reading);
  if (top.index >= 0) return `${top.path}[${top.index}]`;
  const key = keyText(reading);
  return key === undefined ? top.path : joinKey(top.path, key);
}

function nameOf(reading: Reading): string | null {
  const top = topOf(reading);
  const key = keyText(reading);
  if (key === undefined) return top.name;
  if (key === 'default') return top.name ?? key;
  return key === 'value' ? (top.label ?? key) : key;
}

function addText(reading: Reading, token: Token): void {
  const { text, key } = reading;
  const top = topOf(reading);
  const whole = decoded(text, token);
  const named = top.index >= 0 ? nameArgument(top.before, whole.text) : undefined;
  const mapped = withoutLead(whole, named?.from ?? 0);
  const spot = { path: pathOf(reading), name: named?.name ?? nameOf(reading) };
  const span = { start: mapped.starts[0] ?? token.span.end, end: token.span.end };
  const entry = { start: key?.whole.start ?? token.whole.start, end: token.whole.end };
  addValue(reading.draft, { ...spot, span, entry, mapped });
  addTemplates(reading.draft, mapped, spot);
  top.before = whole.text;
  if (/^(name|key)$/.test(keyText(reading) ?? '')) top.label = whole.text;
}

interface Spot {
  readonly path: string;
  readonly name: string | null;
}

const template = /\$\{\s{0,4}var\.([A-Za-z_][\w-]*)[^}]{0,100}\}/g;

function addTemplates(draft: Draft, mapped: MappedText, spot: Spot): void {
  for (const { 0: all, 1: variable = '', index } of mapped.text.matchAll(template))
    addUse(draft, variable, toFileSpan(mapped, { start: index, end: index + all.length }), spot);
}

/** `var.x` is what `TF_VAR_x` sets. */
function addReference(reading: Reading, { span }: Token): void {
  const variable = /^var\.([A-Za-z_][\w-]*)/.exec(reading.text.slice(span.start, span.end))?.[1];
  if (variable === undefined) return;
  const end = span.start + 'var.'.length + variable.length;
  const spot = { path: pathOf(reading), name: nameOf(reading) };
  addUse(reading.draft, variable, { start: span.start, end }, spot);
}

function addUse(draft: Draft, variable: string, span: Token['span'], { path, name }: Spot): void {
  const as = name === null ? {} : { as: name };
  draft.uses.push({ name: `TF_VAR_${variable}`, store: 'env', span, slot: path, ...as });
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function decoded(text: string, { span, isHeredoc }: Token): MappedText {
  if (isHeredoc) return asWritten(text, span);
  return replaced(text, span, /\\(?:u[0-9a-fA-F]{4}|[\s\S])|\$\$\{/g, (all) => {
    if (all.startsWith('$$')) return '${';
    if (all.startsWith('\\u') && all.length === 6)
      return String.fromCharCode(Number.parseInt(all.slice(2), 16));
    return escapes[all.charAt(1)] ?? all.charAt(1);
  });
}
