import { isMap, parseAllDocuments, type Scalar } from 'yaml';
import { AgentIdError } from '../../model/error.ts';
import type { Slot } from '../../model/facts.ts';
import type { Edit, Span } from '../../model/place.ts';
import { toFacts, type Draft } from '../draft.ts';
import { lineBreakOf, lineEndAt, lineOf, lineStartAt, toWholeLines } from '../lines.ts';
import { removalComment } from '../removal.ts';
import { loadScriptReader } from '../shell/script.ts';
import type { Document } from '../types.ts';
import { encodeScalar } from './encode.ts';
import { newReading, readDocument } from './facts.ts';
import { kindOf } from './kind.ts';
import type { YamlSlot } from './leaf.ts';
import { maskTemplates } from './mask.ts';
import { cutItems, trimmed } from './remove.ts';
import { isBlock } from './scalar-text.ts';
import type { Holder } from './walk.ts';

interface Source {
  readonly text: string;
  readonly path: string;
}

/** Reads a YAML file. Throws `malformed` where it is none. */
export async function parseYaml(text: string, path: string): Promise<Document> {
  const source = { text, path };
  const contents = parseContents(source);
  const reading = newReading(text, kindOf(path, text), await loadScriptReader());
  for (const [at, content] of contents.entries()) {
    readDocument(reading, content, contents.length === 1 ? '' : `[${at}]`);
  }
  const facts = toFacts(withSlots(reading.draft, reading.slots), 'yaml', path, text);
  const find = (slot: Slot): YamlSlot | undefined =>
    reading.slots.find((one) => one.path === slot.path && one.span.start === slot.span.start);
  return {
    facts,
    setValue(slot, value, reason) {
      const found = find(slot);
      if (found === undefined) throw unsupported(source, slot.span, 'a value inside a script');
      return setValue(source, found, value, reason);
    },
    removeEntry(slot, reason) {
      const found = find(slot);
      if (found === undefined) return [commentOut(source, slot, reason)];
      const edit = cutItems(text, found.owner, reason);
      if (edit === undefined) throw unsupported(source, slot.span, 'this entry');
      return [edit];
    },
    insertEntry(beside, name, value, reason) {
      const found = find(beside);
      if (found === undefined) throw unsupported(source, beside.span, 'a value inside a script');
      return insertEntry(source, found, { name, value }, reason);
    },
  };
}

function withSlots(draft: Draft, slots: readonly Slot[]): Draft {
  const seen = new Set<string>();
  const uses = draft.uses.filter(({ name, store, span }) => {
    const key = `${store} ${name} ${span.start}`;
    return !seen.has(key) && seen.add(key);
  });
  return { ...draft, uses, slots: [...slots, ...draft.slots] };
}

/** Templates of Helm and the like are parsed with their braces covered. */
function parseContents({ text, path }: Source): readonly unknown[] {
  const options = { keepSourceTokens: true, uniqueKeys: false, logLevel: 'silent' } as const;
  let documents = [...parseAllDocuments(text, options)];
  if (documents.some((one) => one.errors.length > 0) && text.includes('{{')) {
    documents = [...parseAllDocuments(maskTemplates(text), options)];
  }
  const error = documents.flatMap((one) => one.errors)[0];
  if (error === undefined) return documents.map((one) => one.contents);
  // The parser's own message quotes the text around the error, which may hold a value.
  throw new AgentIdError('malformed', `this is not YAML (${error.code})`, {
    where: `${path}:${lineOf(text, error.pos[0])}`,
  });
}

function setValue(source: Source, slot: YamlSlot, value: string, reason: string): Edit {
  const { span, leaf } = slot;
  if (value === slot.value) return { span: { start: span.end, end: span.end }, text: '', reason };
  const node = leaf.value;
  const inFlow = leaf.holder.node.flow === true;
  if (node === null) {
    const blank = source.text.charAt(span.start - 1) === ':' ? ' ' : '';
    return { span, text: `${blank}${encodeScalar(value, undefined, inFlow)}`, reason };
  }
  if (isBlock(node)) throw unsupported(source, span, 'a block of several lines');
  if (node.anchor !== undefined) throw unsupported(source, span, 'a value with an anchor');
  const [start, end] = node.range ?? [span.start, span.end];
  const lead = leadOf(slot, node, value);
  return { span: { start, end }, text: encodeScalar(`${lead}${value}`, styleOf(node), inFlow), reason };
}

/** `NAME=` in front of the value, where both are one item. */
function leadOf(slot: YamlSlot, node: Scalar, value: string): string {
  if (slot.shape !== 'assignment') {
    const whole = String(node.value);
    return slot.shape === 'item' && slot.value !== whole && whole.endsWith(slot.value)
      ? whole.slice(0, whole.length - slot.value.length)
      : '';
  }
  return value === '' ? `${slot.name ?? ''}=` : `${String(node.value).split('=')[0] ?? ''}=`;
}

function styleOf(node: Scalar): Scalar.Type | undefined {
  return node.type;
}

function insertEntry(
  source: Source,
  slot: YamlSlot,
  added: { readonly name: string; readonly value: string },
  reason: string,
): Edit {
  const { text } = source;
  const { holder } = slot.owner;
  if (holder.node.flow === true) throw unsupported(source, slot.span, 'a list or map on one line');
  if (isAnchored(holder)) throw unsupported(source, slot.span, 'what an anchor shares');
  const entry = trimmed(text, slot.entry);
  const before = text.slice(lineStartAt(text, entry.start), entry.start);
  if (!/^[ \t]*(-[ \t]+)*$/.test(before)) throw unsupported(source, slot.span, 'this entry');
  const indent = isMap(holder.node) ? ' '.repeat(before.length) : before.replace(/-[ \t]+$/, '');
  const end = lineEndAt(text, entry.end);
  const lines = linesOf(slot, added, before);
  const lineBreak = lineBreakOf(text);
  return {
    span: { start: end, end },
    text: lines.map((line) => `${lineBreak}${indent}${line}`).join(''),
    reason,
  };
}

function linesOf(
  slot: YamlSlot,
  { name, value }: { readonly name: string; readonly value: string },
  before: string,
): readonly string[] {
  const style = slot.leaf.value === null || isBlock(slot.leaf.value) ? undefined : styleOf(slot.leaf.value);
  const dash = /-[ \t]+$/.exec(before)?.[0] ?? '- ';
  if (slot.shape === 'pair') {
    return [`${encodeScalar(name, undefined, false)}: ${encodeScalar(value, style, false)}`];
  }
  if (slot.shape === 'named') {
    const deeper = ' '.repeat(dash.length);
    return [
      `${dash}name: ${encodeScalar(name, undefined, false)}`,
      `${deeper}value: ${encodeScalar(value, style, false)}`,
    ];
  }
  const item = slot.shape === 'assignment' ? `${name}=${value}` : value;
  return [`${dash}${encodeScalar(item, style, false)}`];
}

function isAnchored(holder: Holder | undefined): boolean {
  for (let at = holder; at !== undefined; at = at.up?.holder) if (at.node.anchor !== undefined) return true;
  return false;
}

/** An assignment that has a line of a script to itself. */
function commentOut(source: Source, slot: Slot, reason: string): Edit {
  const { text } = source;
  const isAssignment = /^(export[ \t]+)?\w+=/.test(text.slice(slot.entry.start, slot.entry.end));
  if (!isAssignment || toWholeLines(text, slot.entry) === undefined) {
    throw unsupported(source, slot.span, 'a value inside a script');
  }
  return { span: slot.entry, text: removalComment('#', slot.name, reason), reason };
}

function unsupported({ text, path }: Source, { start }: Span, what: string): AgentIdError {
  return new AgentIdError('unsupported', `${what} cannot be changed safely here`, {
    where: `${path}:${lineOf(text, start)}`,
    hint: 'Change it by hand.',
  });
}
