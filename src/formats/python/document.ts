import { AgentIdError } from '../../model/error.ts';
import type { Slot } from '../../model/facts.ts';
import type { Edit, Span } from '../../model/place.ts';
import { cutItem, ownLines } from '../cut.ts';
import { emptyDraft, toFacts } from '../draft.ts';
import { indentAt, lineBreakOf, lineOf } from '../lines.ts';
import { loadTreeParser } from '../tree-parser.ts';
import { namedChildren, spanOf, textOf, type Node } from '../tree.ts';
import type { Document } from '../types.ts';
import { adoptPython } from './adopt.ts';
import { pythonCalls, pythonImports, pythonListens } from './calls.ts';
import { envReads } from './reads.ts';
import { toScript } from './script.ts';
import { pythonSlots, type PythonSlot } from './slots.ts';
import { prefixOf } from './texts.ts';

/** Reads a Python file. */
export async function parsePython(text: string, path: string): Promise<Document> {
  const parse = await loadTreeParser('tree-sitter-python');
  const { root, broken } = parse(text);
  const script = toScript(root, text);
  const reads = envReads(script);
  const slots = pythonSlots(script, reads);
  const draft = {
    ...emptyDraft(),
    slots: slots.map(({ node: _node, owner: _owner, ...slot }) => slot),
    uses: reads.map(({ node: _node, ...use }) => use),
    imports: [...pythonImports(script)],
    calls: [...pythonCalls(script)],
    listens: [...pythonListens(script)],
  };
  const facts = toFacts(draft, 'python', path, text);
  const change = <T>(slot: Slot, compute: (found: PythonSlot) => T | undefined): T => {
    const found = slots.find((one) => one.span.start === slot.span.start);
    const done = found && compute(found);
    if (done === undefined) throw unsupported(text, path, slot.span);
    return done;
  };
  return {
    facts,
    broken,
    setValue: (slot, value, reason) => change(slot, (found) => setValue(text, found, value, reason)),
    removeEntry: (slot, reason) =>
      change(slot, (found) => {
        const span = entryToCut(text, found.owner);
        return span && [{ span, text: '', reason }];
      }),
    insertEntry: (beside, name, value, reason) =>
      change(beside, (found) => {
        const added = entryBeside(text, found, name, value);
        const { end } = found.owner;
        return added === undefined ? undefined : { span: { start: end, end }, text: added, reason };
      }),
    adopt: (uses, target, entering) =>
      adoptPython(
        { script, reads, listens: facts.listens },
        uses,
        target,
        entering?.filter((one) => 'argument' in one),
      ),
  };
}

function setValue(text: string, slot: PythonSlot, value: string, reason: string): Edit | undefined {
  if (value === slot.value) return { span: { start: slot.span.end, end: slot.span.end }, text: '', reason };
  const { prefix, quote } = openingOf(text, slot.node);
  const written = escape(value, prefix, quote);
  return written === undefined ? undefined : { span: slot.span, text: written, reason };
}

function openingOf(text: string, node: Node): { readonly prefix: string; readonly quote: string } {
  const prefix = prefixOf(node, text);
  const quote = /^("""|'''|"|')/.exec(text.slice(node.start + prefix.length))?.[0] ?? '"';
  return { prefix, quote };
}

function escape(value: string, prefix: string, quote: string): string | undefined {
  const braces = /f|t/i.test(prefix) ? value.replaceAll('{', '{{').replaceAll('}', '}}') : value;
  const mark = quote.charAt(0);
  if (/r/i.test(prefix)) return /[\\\n\r'"]/.test(braces) ? undefined : braces;
  return braces
    .replaceAll('\\', '\\\\')
    .replaceAll(mark, `\\${mark}`)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('\r', String.raw`\r`);
}

function entryToCut(text: string, owner: Node): Span | undefined {
  if (/^(pair|keyword_argument)$/.test(owner.type) && owner.parent !== undefined) {
    const items = namedChildren(owner.parent);
    return cutItem(text, items.map(spanOf), items.indexOf(owner));
  }
  if (owner.type !== 'expression_statement' || owner.parent === undefined) return undefined;
  // A block may not be empty.
  const isOnly = owner.parent.type === 'block' && namedChildren(owner.parent).length === 1;
  return isOnly ? undefined : ownLines(text, spanOf(owner));
}

function entryBeside(text: string, slot: PythonSlot, name: string, value: string): string | undefined {
  const { owner, node } = slot;
  const mark = openingOf(text, node).quote.charAt(0);
  const literal = `${mark}${escape(value, '', mark) ?? ''}${mark}`;
  const isName = /^[A-Za-z_]\w*$/.test(name);
  const line = `${lineBreakOf(text)}${indentAt(text, owner.start)}`;
  if (owner.type === 'expression_statement') return isName ? `${line}${name} = ${literal}` : undefined;
  const isOneLine = !textOf(owner.parent, text)
    .slice(0, owner.start - (owner.parent?.start ?? 0))
    .includes('\n');
  const glue = isOneLine ? ', ' : `,${line}`;
  if (owner.type === 'pair') return `${glue}${mark}${name}${mark}: ${literal}`;
  return owner.type === 'keyword_argument' && isName ? `${glue}${name}=${literal}` : undefined;
}

function unsupported(text: string, path: string, { start }: Span): AgentIdError {
  return new AgentIdError('unsupported', 'this part of the code cannot be changed safely', {
    where: `${path}:${lineOf(text, start)}`,
    hint: 'Change it by hand.',
  });
}
