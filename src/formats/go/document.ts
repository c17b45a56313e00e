import { AgentIdError } from '../../model/error.ts';
import type { Slot } from '../../model/facts.ts';
import type { Edit, Span } from '../../model/place.ts';
import { cutItem, ownLines } from '../cut.ts';
import { emptyDraft, toFacts } from '../draft.ts';
import { indentAt, lineBreakOf, lineOf } from '../lines.ts';
import { namedChildren, spanOf } from '../tree.ts';
import { loadTreeParser } from '../tree-parser.ts';
import type { Document } from '../types.ts';
import { adoptGo } from './adopt.ts';
import { envReads, goCalls, goImports, goListens } from './facts.ts';
import { goSlots, type GoSlot } from './slots.ts';
import { toSource } from './source.ts';

/** Reads a Go file. */
export async function parseGo(text: string, path: string): Promise<Document> {
  // The grammar takes no byte order mark; a blank in its place keeps every offset.
  const plain = text.replace(/^\uFEFF/, ' ');
  const tree = (await loadTreeParser('tree-sitter-go'))(plain);
  const source = toSource(tree, plain);
  const reads = envReads(source);
  const slots = goSlots(source, reads);
  const draft = {
    ...emptyDraft(),
    slots: [...slots],
    uses: reads.map(({ node: _node, ...use }) => use),
    imports: [...goImports(source)],
    calls: [...goCalls(source)],
    listens: [...goListens(source)],
  };
  const unsupported = ({ start }: Span): AgentIdError =>
    new AgentIdError('unsupported', 'this part of the code cannot be changed safely', {
      where: `${path}:${lineOf(text, start)}`,
      hint: 'Change it by hand.',
    });
  const find = (slot: Slot): GoSlot => {
    const found = slots.find((one) => one.span.start === slot.span.start && one.path === slot.path);
    if (found === undefined) throw unsupported(slot.span);
    return found;
  };
  return {
    facts: toFacts(draft, 'go', path, text),
    adopt: (uses, target) => adoptGo({ source, reads, listens: draft.listens }, uses, target),
    broken: tree.broken,
    setValue: (slot, value, reason) => setValue(find(slot), value, reason),
    removeEntry(slot, reason) {
      const span = cutEntry(text, find(slot));
      if (span === undefined) throw unsupported(slot.span);
      return [{ span, text: '', reason }];
    },
    insertEntry(beside, name, value, reason) {
      const edit = insertEntry(text, find(beside), { name, value }, reason);
      if (edit === undefined) throw unsupported(beside.span);
      return edit;
    },
  };
}

function setValue(slot: GoSlot, value: string, reason: string): Edit {
  if (value === slot.value) return { span: { start: slot.span.end, end: slot.span.end }, text: '', reason };
  if (slot.literal.type === 'raw_string_literal' && !value.includes('`'))
    return { span: slot.span, text: value, reason };
  return { span: spanOf(slot.literal), text: JSON.stringify(value), reason };
}

function cutEntry(text: string, { owner }: GoSlot): Span | undefined {
  if (owner.type === 'keyed_element') {
    const items = namedChildren(owner.parent ?? owner);
    return cutItem(text, items.map(spanOf), items.indexOf(owner));
  }
  const isStatement = /^(const|var)_(declaration|spec)$|^(short_var_declaration|assignment_statement)$/.test(
    owner.type,
  );
  return isStatement ? ownLines(text, spanOf(owner)) : undefined;
}

function insertEntry(
  text: string,
  { owner }: GoSlot,
  { name, value }: { readonly name: string; readonly value: string },
  reason: string,
): Edit | undefined {
  const at = { start: owner.end, end: owner.end };
  const newLine = `${lineBreakOf(text)}${indentAt(text, owner.start)}`;
  if (owner.type === 'keyed_element') {
    const isOneLine = !text.slice(owner.parent?.start ?? 0, owner.start).includes('\n');
    const key = text.charAt(owner.start) === '"' ? JSON.stringify(name) : name;
    return { span: at, text: `${isOneLine ? ', ' : `,${newLine}`}${key}: ${JSON.stringify(value)}`, reason };
  }
  const lead: Readonly<Record<string, string>> = {
    const_declaration: `const ${name} = `,
    var_declaration: `var ${name} = `,
    const_spec: `${name} = `,
    var_spec: `${name} = `,
    short_var_declaration: `${name} := `,
  };
  const start = lead[owner.type];
  return start === undefined
    ? undefined
    : { span: at, text: `${newLine}${start}${JSON.stringify(value)}`, reason };
}
