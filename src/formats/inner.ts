import { getNodeValue, parseTree, type Node, type ParseError } from 'jsonc-parser';
import type { Slot } from '../model/facts.ts';
import type { Span } from '../model/place.ts';
import { nameArgument } from './argument.ts';
import { findExpansions } from './expansion.ts';
import { innerSpan, mapString } from './json/tree.ts';
import { joinKey } from './key-path.ts';
import { TextMapper, toFileSpan, type MappedText } from './mapped.ts';

const SHORTEST = 8;
const LONGEST = 100_000;
const DEEPEST = 3;

const telling = /^\s*(?:[[{]|[A-Za-z]{3,8}\s)|\$\{|[?&][A-Za-z][\w.-]{0,60}=|=[^;]{0,2000};/;

/** Says whether a value may have parts: to map its characters is worth while only then. */
export function mayHaveParts({ name, value }: Slot): boolean {
  if (value.length < SHORTEST || value.length > LONGEST) return false;
  return telling.test(value) || /^(_?auth|_password|command|cmd)$/.test(name ?? '');
}

/**
 * Finds named values within a value: the token behind `Bearer`, a default in `${X:-…}`, parameters of a URL, parts of
 * a connection string, JSON in a text, a user's password in base64. The value and its places are given by `mapped`.
 */
export function innerSlots(slot: Slot, mapped: MappedText, depth = 1): readonly Slot[] {
  const { text } = mapped;
  if (text.length < SHORTEST || text.length > LONGEST || depth > DEEPEST) return [];
  const part = (name: string | null, span: Span, path = slot.path): Slot => ({
    path,
    name,
    value: text.slice(span.start, span.end),
    span: toFileSpan(mapped, span),
    entry: slot.entry,
    part: true,
    ...(slot.encoding === undefined ? {} : { encoding: slot.encoding }),
  });
  return [
    ...schemeParts(text).map((span) => part(slot.name, span)),
    ...fallbacks(text).flatMap(({ name, span }) => [part(name, span), part(slot.name, span)]),
    ...namedParts(text).map(({ name, span }) => part(name, span, joinKey(slot.path, name))),
    ...packedParts(slot, mapped, depth),
    ...(/^\s*[[{]/.test(text) ? jsonParts(slot, mapped, depth) : []),
  ];
}

interface Named {
  readonly name: string;
  readonly span: Span;
}

const scheme = /^\s{0,4}(?:Bearer|SSWS|Token|ApiKey|Bot|GenieKey)\s{1,4}(?=\S{8,4096}\s{0,4}$)/i;

function schemeParts(text: string): readonly Span[] {
  const lead = scheme.exec(text)?.[0].length;
  return lead === undefined ? [] : [{ start: lead, end: text.trimEnd().length }];
}

function fallbacks(text: string): readonly Named[] {
  if (!text.includes('${')) return [];
  return findExpansions(text, { bare: false, prefix: 'env:' }).flatMap(({ name, fallback }) =>
    fallback === undefined || fallback.end === fallback.start ? [] : [{ name, span: fallback }],
  );
}

const query = /[?&]([A-Za-z][\w.-]{1,60})=([^&#\s"'<>]{8,512})/g;
const connection = /(?:^|;)\s{0,4}([A-Za-z][A-Za-z ]{1,40}[A-Za-z])\s{0,4}=\s{0,4}([^;"']{4,512})/g;

/** Parameters of a URL, and `Password=…;` in the settings of a connection. */
function namedParts(text: string): readonly Named[] {
  const pattern = /^[\w+.-]{2,20}:\/\//.test(text) ? query : /=[^;]*;/.test(text) ? connection : undefined;
  if (pattern === undefined) return [];
  return [...text.matchAll(pattern)].map(({ 0: all, 1: name = '', 2: value = '', index }) => {
    const end = index + all.length;
    return { name, span: { start: end - value.length, end } };
  });
}

/** `user:password` in base64: the auth of a registry, the Basic scheme. */
function packedParts(slot: Slot, { text }: MappedText, depth: number): readonly Slot[] {
  const isPair = /(?:^|[.\]])auths?\b.*\.auth$|^_auth$|\._auth$/.test(slot.path) || /^\s*Basic\s/i.test(text);
  if (!isPair && slot.name !== '_password') return [];
  const plain = fromBase64(text.replace(/^\s*Basic\s+/i, '').trim());
  const password = isPair ? plain?.slice(plain.indexOf(':') + 1 || plain.length) : plain;
  if (password === undefined || password === '') return [];
  const decoded: Slot = { ...slot, name: 'password', value: password, encoding: 'base64', part: true };
  return [decoded, ...innerSlots(decoded, wholeOf(password, slot.span), depth + 1)];
}

/** Names the values in a whole command line: `npx tool --token X`. */
export function wordSlots(slot: Slot, mapped: MappedText): readonly Slot[] {
  const words = [...mapped.text.matchAll(/"([^"]*)"|'([^']*)'|[^\s"']+/g)];
  return words.flatMap(({ 0: all, 1: double, 2: single, index }, at) => {
    const word = double ?? single ?? all;
    const named = at === 0 ? undefined : nameArgument(words[at - 1]?.[0], word);
    if (named === undefined) return [];
    const start = index + (all.length - word.length) / 2 + named.from;
    const span = { start, end: start - named.from + word.length };
    const value = word.slice(named.from);
    return [
      {
        ...slot,
        path: `${slot.path}(${named.name})`,
        name: named.name,
        value,
        span: toFileSpan(mapped, span),
        part: true,
      },
    ];
  });
}

/** Gives the text that base64 stands for, where it is text. */
export function fromBase64(written: string): string | undefined {
  if (!/^[A-Za-z0-9+/_\s-]{4,}={0,2}\s*$/.test(written)) return undefined;
  const text = Buffer.from(written, 'base64').toString('utf8');
  return /[^\P{Cc}\t\n\r]|\ufffd/u.test(text) ? undefined : text;
}

/** Says that all of a decoded text stands in one range. */
export function wholeOf(text: string, { start, end }: Span): MappedText {
  const mapper = new TextMapper();
  mapper.add(text, start, end);
  return mapper.toText();
}

function jsonParts(slot: Slot, mapped: MappedText, depth: number): readonly Slot[] {
  const errors: ParseError[] = [];
  const root = parseTree(mapped.text, errors, { allowTrailingComma: true });
  if (root === undefined || errors.length > 0) return [];
  return leaves(root, slot.path, null).flatMap(({ node, path, name }) => {
    const span = innerSpan(node);
    const found: Slot = {
      ...slot,
      path,
      name,
      value: String(getNodeValue(node)),
      span: toFileSpan(mapped, span),
      part: true,
    };
    return [found, ...innerSlots(found, compose(mapped, mapString(node, mapped.text)), depth + 1)];
  });
}

interface Leaf {
  readonly node: Node;
  readonly path: string;
  readonly name: string | null;
}

function leaves(node: Node, path: string, name: string | null): readonly Leaf[] {
  if (node.type === 'string') return [{ node, path, name }];
  if (node.type === 'array')
    return (node.children ?? []).flatMap((child, at) => leaves(child, `${path}[${at}]`, name));
  return (node.type === 'object' ? (node.children ?? []) : []).flatMap(({ children }) => {
    const [key, value] = children ?? [];
    if (key === undefined || value === undefined) return [];
    return leaves(value, joinKey(path, String(key.value)), String(key.value));
  });
}

/** A text within a text: places in the outer one become places in the file. */
function compose(outer: MappedText, inner: MappedText): MappedText {
  return {
    text: inner.text,
    starts: inner.starts.map((at) => outer.starts[at] ?? 0),
    ends: inner.ends.map((at) => outer.ends[at - 1] ?? 0),
  };
}
