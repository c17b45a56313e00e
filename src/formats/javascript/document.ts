import { AgentIdError } from '../../model/error.ts';
import type { Slot } from '../../model/facts.ts';
import type { Edit, Span } from '../../model/place.ts';
import { cutItem, ownLines } from '../cut.ts';
import { emptyDraft, toFacts } from '../draft.ts';
import { indentAt, lineBreakOf, lineOf } from '../lines.ts';
import type { Document } from '../types.ts';
import { adoptJavascript } from './adopt.ts';
import { child, list, parseScript, spanOf, word, type Ast, type JsNode } from './ast.ts';
import { jsCalls, jsImports, jsListens } from './calls.ts';
import { envReads } from './env-reads.ts';
import { jsSlots, type JsSlot } from './slots.ts';
import { bindingsOf } from './texts.ts';

/** Reads a JavaScript or TypeScript file. Throws `malformed` where it cannot be read at all. */
export function parseJavascript(text: string, path: string): Document {
  const ast = parseScript(text, path);
  const bindings = bindingsOf(ast);
  const reads = envReads(ast, bindings);
  const slots = jsSlots(ast, reads);
  const draft = {
    ...emptyDraft(),
    slots: [...slots],
    uses: reads.map(({ node: _node, ...use }) => use),
    imports: [...jsImports(ast)],
    calls: [...jsCalls(ast, bindings)],
    listens: [...jsListens(ast)],
  };
  const find = (slot: Slot): JsSlot => {
    const found = slots.find((one) => one.span.start === slot.span.start && one.path === slot.path);
    if (found === undefined) throw unsupported(ast, path, slot.span);
    return found;
  };
  return {
    facts: toFacts(draft, 'javascript', path, text),
    broken: ast.broken,
    adopt: (uses, target, entering) => adoptJavascript({ ast, bindings, reads }, uses, target, entering),
    setValue: (slot, value, reason) => setValue(ast, find(slot), value, reason),
    removeEntry(slot, reason) {
      const span = cutEntry(ast, find(slot));
      if (span === undefined) throw unsupported(ast, path, slot.span);
      return [{ span, text: '', reason }];
    },
    insertEntry(beside, name, value, reason) {
      const edit = insertEntry(ast, find(beside), { name, value }, reason);
      if (edit === undefined) throw unsupported(ast, path, beside.span);
      return edit;
    },
  };
}

function setValue({ text }: Ast, slot: JsSlot, value: string, reason: string): Edit {
  if (value === slot.value) return { span: { start: slot.span.end, end: slot.span.end }, text: '', reason };
  const quote = slot.node.type === 'TemplateElement' ? '`' : text.charAt(slot.span.start - 1);
  return { span: slot.span, text: escape(value, quote), reason };
}

function escape(value: string, quote: string): string {
  const plain = value.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`);
  if (quote === '`') return plain.replaceAll('${', '\\${');
  return plain.replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}

function cutEntry(ast: Ast, { owner }: JsSlot): Span | undefined {
  if (owner.type === 'ObjectProperty') {
    const items = list(ast.parents.get(owner), 'properties');
    return cutItem(ast.text, items.map(spanOf), items.indexOf(owner));
  }
  const isStatement = /^(VariableDeclaration|ExpressionStatement|ClassProperty)$/.test(owner.type);
  return isStatement ? ownLines(ast.text, spanOf(statementOf(ast, owner))) : undefined;
}

function statementOf(ast: Ast, owner: JsNode): JsNode {
  const parent = ast.parents.get(owner);
  return parent?.type === 'ExportNamedDeclaration' ? parent : owner;
}

function insertEntry(
  ast: Ast,
  slot: JsSlot,
  { name, value }: { readonly name: string; readonly value: string },
  reason: string,
): Edit | undefined {
  const { text } = ast;
  const { owner } = slot;
  const mark = slot.node.type === 'StringLiteral' ? text.charAt(slot.span.start - 1) : "'";
  const literal = `${mark}${escape(value, mark)}${mark}`;
  const start = statementOf(ast, owner).start;
  const newLine = `${lineBreakOf(text)}${indentAt(text, start)}`;
  if (owner.type === 'ObjectProperty') {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : `${mark}${name}${mark}`;
    const object = ast.parents.get(owner);
    const isOneLine = !text.slice(object?.start ?? owner.start, owner.start).includes('\n');
    return {
      span: { start: owner.end, end: owner.end },
      text: `${isOneLine ? ', ' : `,${newLine}`}${key}: ${literal}`,
      reason,
    };
  }
  if (owner.type !== 'VariableDeclaration' || child(list(owner, 'declarations')[0], 'init') === undefined) {
    return undefined;
  }
  const lead = statementOf(ast, owner) === owner ? '' : 'export ';
  const end = text.charAt(owner.end - 1) === ';' ? ';' : '';
  return {
    span: { start: owner.end, end: owner.end },
    text: `${newLine}${lead}${word(owner, 'kind')} ${name} = ${literal}${end}`,
    reason,
  };
}

function unsupported({ text }: Ast, path: string, { start }: Span): AgentIdError {
  return new AgentIdError('unsupported', 'this part of the code cannot be changed safely', {
    where: `${path}:${lineOf(text, start)}`,
    hint: 'Change it by hand.',
  });
}
