import { createScanner, type SyntaxKind } from 'jsonc-parser';
import { AgentIdError } from '../../model/error.ts';
import type { Slot } from '../../model/facts.ts';
import type { Edit, Span } from '../../model/place.ts';
import { toFacts } from '../draft.ts';
import { indentAt, isBlank, lineBreakOf, lineEndAt, lineOf, lineStartAt, nextLineAt } from '../lines.ts';
import { loadScriptReader } from '../shell/script.ts';
import type { Document } from '../types.ts';
import { jsonFacts, type JsonSlot } from './facts.ts';
import { innerSpan, nodeSpan, parseJsonTree, type Node } from './tree.ts';

// The parser's enum is ambient: its members are not there at run time.
const comma = 5 satisfies SyntaxKind.CommaToken;

/** Reads a JSON file, with or without comments. Throws `malformed` where it is none. */
export async function parseJson(text: string, path: string): Promise<Document> {
  const root = parseJsonTree(text, path);
  const reader = /(^|\/)package\.json$/.test(path) ? await loadScriptReader() : undefined;
  const { draft, slots } = jsonFacts(root, text, path, reader);
  const find = (slot: Slot): JsonSlot => {
    const found = slots.find((one) => one.path === slot.path && one.span.start === slot.span.start);
    if (found !== undefined) return found;
    throw new AgentIdError('unsupported', 'a value inside a script cannot be changed safely here', {
      where: `${path}:${lineOf(text, slot.span.start)}`,
      hint: 'Change it by hand.',
    });
  };
  return {
    facts: toFacts({ ...draft, slots: [...slots, ...draft.slots] }, 'json', path, text),
    setValue: (slot, value, reason) => setValue(find(slot), value, reason),
    removeEntry: (slot, reason) => removeEntry(text, find(slot), reason),
    insertEntry: (beside, name, value, reason) => insertEntry(text, find(beside), { name, value }, reason),
  };
}

function setValue(slot: JsonSlot, value: string, reason: string): Edit {
  if (value === slot.value) return { span: { start: slot.span.end, end: slot.span.end }, text: '', reason };
  if (slot.node.type !== 'string') return { span: nodeSpan(slot.node), text: JSON.stringify(value), reason };
  return { span: slot.span, text: JSON.stringify(value).slice(1, -1), reason };
}

/** An empty object or list is valid JSON, so the last entry leaves one behind. */
function removeEntry(text: string, slot: JsonSlot, reason: string): readonly Edit[] {
  const siblings = slot.item.parent?.children ?? [];
  const first = siblings.indexOf(slot.flag ?? slot.item);
  const last = siblings.indexOf(slot.item);
  const next = siblings[last + 1];
  const before = siblings[first - 1];
  if (slot.item.parent === undefined) throw new AgentIdError('unsupported', 'a lone value cannot be removed');
  const span = { start: (slot.flag ?? slot.item).offset, end: nodeSpan(slot.item).end };
  if (next !== undefined) return [{ span: { start: span.start, end: next.offset }, text: '', reason }];
  if (before === undefined) return [{ span: inside(slot.item.parent), text: '', reason }];
  const beforeEnd = nodeSpan(before).end;
  const trailing = commaAfter(text, span.end);
  const between = commaAfter(text, beforeEnd);
  if (trailing === undefined && between !== undefined) {
    return [
      { span: between, text: '', reason },
      ...withLine(text, { ...span, start: Math.max(span.start, between.end) }, reason),
    ];
  }
  return withLine(text, { start: span.start, end: trailing?.end ?? span.end }, reason);
}

function inside(parent: Node): Span {
  const { start, end } = nodeSpan(parent);
  return { start: start + 1, end: end - 1 };
}

/** Takes the whole line where nothing else stands on it, with a comment behind it; else the blanks before. */
function withLine(text: string, span: Span, reason: string): readonly Edit[] {
  const start = lineStartAt(text, span.start);
  const end = lineEndAt(text, span.end);
  const rest = text.slice(span.end, end).trim();
  if (isBlank(text, start, span.start) && (rest === '' || rest.startsWith('//'))) {
    return [{ span: { start, end: nextLineAt(text, end) }, text: '', reason }];
  }
  const blanks = /[ \t]*$/.exec(text.slice(start, span.start))?.[0].length ?? 0;
  return [{ span: { start: span.start - blanks, end: span.end }, text: '', reason }];
}

/** Finds the comma behind an item; comments may stand between. */
function commaAfter(text: string, offset: number): Span | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  if (scanner.scan() !== (comma as number)) return undefined;
  const start = scanner.getTokenOffset();
  return { start, end: start + 1 };
}

function insertEntry(
  text: string,
  slot: JsonSlot,
  { name, value }: { readonly name: string; readonly value: string },
  reason: string,
): Edit {
  const { item, flag } = slot;
  const end = nodeSpan(item).end;
  const first = item.parent?.children?.[0] ?? item;
  const isOneLine = !text.slice(item.parent?.offset ?? 0, first.offset).includes('\n');
  const separator = isOneLine ? ', ' : `,${lineBreakOf(text)}${indentAt(text, first.offset)}`;
  const added = itemsOf(text, slot, flag, { name, value });
  return { span: { start: end, end }, text: added.map((one) => `${separator}${one}`).join(''), reason };
}

/** A new element is written as its neighbour: with the flag before it, with the name in front of it. */
function itemsOf(
  text: string,
  slot: JsonSlot,
  flag: Node | undefined,
  { name, value }: { readonly name: string; readonly value: string },
): readonly string[] {
  if (slot.item !== slot.node) {
    const [key, old] = slot.item.children ?? [];
    const colon = key === undefined || old === undefined ? ': ' : text.slice(nodeSpan(key).end, old.offset);
    return [`${JSON.stringify(name)}${/^\s*:\s*$/.test(colon) ? colon : ': '}${JSON.stringify(value)}`];
  }
  const lead = text.slice(innerSpan(slot.node).start, slot.span.start);
  if (flag !== undefined && lead === '') return [JSON.stringify(name), JSON.stringify(value)];
  const before = flag === undefined ? [] : [text.slice(flag.offset, nodeSpan(flag).end)];
  const item = lead.endsWith('=') ? `${name}=${value}` : lead === '' ? value : `${name}: ${value}`;
  return [...before, JSON.stringify(item)];
}
