import type { Slot } from '../../model/facts.ts';
import type { Span } from '../../model/place.ts';
import { emptyDraft, type Draft } from '../draft.ts';
import { fromBase64 } from '../inner.ts';
import { joinKey } from '../key-path.ts';
import { addValue, asWritten, replaced } from '../value.ts';
import type { MappedText } from '../mapped.ts';
import { lexXml, type Attribute, type Token } from './lex.ts';

/** An element whose end has not been seen. */
interface Open {
  readonly name: string;
  readonly path: string;
  readonly start: number;
  readonly attributes: ReadonlyMap<string, string>;
  /** Texts of the elements within that hold only text, by name in lower case. */
  readonly texts: Map<string, Span & { readonly raw: boolean; readonly entry: Span }>;
  text: (Span & { readonly raw: boolean }) | undefined;
}

type Tag = Extract<Token, { readonly kind: 'open' }>;

/** Elements nested deeper than this are read, but their names are not kept. */
const DEEPEST = 200;

/** Reads the facts of an XML text: attributes, and elements that hold text. */
export function readXml(text: string): Draft {
  const draft = emptyDraft();
  const stack: Open[] = [];
  for (const token of lexXml(text)) {
    const top = stack.at(-1);
    if (token.kind === 'open') {
      const open = toOpen(text, token, top);
      addAttributes(draft, text, open, token);
      if (!token.closed && stack.length < DEEPEST) stack.push(open);
    } else if (token.kind === 'text') {
      const span = trimmed(text, token.span);
      if (top !== undefined && span.end > span.start) top.text ??= { ...span, raw: token.raw };
    } else {
      closeElement(draft, text, stack, token);
    }
  }
  return draft;
}

function toOpen(text: string, token: Tag, top: Open | undefined): Open {
  return {
    name: token.name,
    path: joinKey(top?.path ?? '', token.name),
    start: token.span.start,
    attributes: new Map(
      token.attributes.map(({ name, span }) => [name.toLowerCase(), text.slice(span.start, span.end)]),
    ),
    texts: new Map(),
    text: undefined,
  };
}

/** `<add key="X" value="…"/>` and `<variable name="X" value="…"/>` name the value. */
function addAttributes(draft: Draft, text: string, open: Open, token: Tag): void {
  const key = keyOf(open);
  for (const { name, span, entry } of token.attributes) {
    const isValue = key !== undefined && /^(value|connectionstring|password|token)$/i.test(name);
    const written = {
      path: `${open.path}@${name}`,
      name: isValue && /^value$/i.test(name) ? key : name,
      span,
      entry: isValue ? token.span : entry,
      mapped: decoded(text, span),
    };
    addValue(draft, written);
  }
}

function keyOf({ attributes }: Open): string | undefined {
  return attributes.get('key') ?? attributes.get('name') ?? attributes.get('id');
}

function closeElement(
  draft: Draft,
  text: string,
  stack: Open[],
  token: Extract<Token, { readonly kind: 'close' }>,
): void {
  const at = stack.findLastIndex(({ name }) => name === token.name);
  if (at === -1) return;
  const [open] = stack.splice(at);
  if (open === undefined) return;
  const entry = { start: open.start, end: token.span.end };
  const above = stack.at(-1);
  if (open.text !== undefined) {
    above?.texts.set(open.name.toLowerCase(), { ...open.text, entry });
    addText(draft, text, open, { ...open.text, entry });
  }
  addPair(draft, text, open);
}

/** `<string name="X">…</string>` is named by its attribute, `<password>…</password>` by itself. */
function addText(
  draft: Draft,
  text: string,
  open: Open,
  { start, end, raw, entry }: Span & { readonly raw: boolean; readonly entry: Span },
): void {
  const span = { start, end };
  const mapped = raw ? asWritten(text, span) : decoded(text, span);
  const own = /^pass$/i.test(open.name) ? 'password' : open.name;
  const name = open.attributes.get('key') ?? open.attributes.get('name') ?? own;
  const plain = open.attributes.get('encoding') === 'base64' ? fromBase64(mapped.text) : undefined;
  if (plain === undefined) {
    addValue(draft, { path: open.path, name, span, entry, mapped });
    return;
  }
  const slot: Slot = { path: open.path, name, value: plain, span, entry, encoding: 'base64' };
  draft.slots.push(slot);
}

/** `<name>X</name><value>…</value>`, and `<key>X</key><string>…</string>` of a property list. */
function addPair(draft: Draft, text: string, { path, texts }: Open): void {
  const key = texts.get('name') ?? texts.get('key');
  const value = texts.get('value') ?? texts.get('string');
  if (key === undefined || value === undefined || value.start < key.end) return;
  const span = { start: value.start, end: value.end };
  addValue(draft, {
    path: `${path}.${text.slice(key.start, key.end)}`,
    name: text.slice(key.start, key.end),
    span,
    entry: value.entry,
    mapped: decoded(text, span),
  });
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decoded(text: string, span: Attribute['span']): MappedText {
  return replaced(text, span, /&(?:#x[0-9a-f]{1,6}|#\d{1,7}|lt|gt|amp|quot|apos);/gi, (all) => {
    const body = all.slice(1, -1).toLowerCase();
    if (!body.startsWith('#')) return entities[body] ?? all;
    const code = body.startsWith('#x') ? Number.parseInt(body.slice(2), 16) : Number(body.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

function trimmed(text: string, { start, end }: Span): Span {
  const raw = text.slice(start, end);
  const lead = raw.length - raw.trimStart().length;
  return { start: start + lead, end: Math.max(start + lead, start + raw.trimEnd().length) };
}
