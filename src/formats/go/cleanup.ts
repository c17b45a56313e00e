import type { Edit, Span } from '../../model/place.ts';
import { cutItem, ownLines } from '../cut.ts';
import { lineBreakOf, lineEndAt, lineStartAt, nextLineAt } from '../lines.ts';
import { above, field, namedChildren, spanOf, textOf, type Node } from '../tree.ts';
import { declarationOf, readsOf, refuse, type Flow, type Refusal } from './flow.ts';
import { besides } from './handed.ts';
import { dotted, isFunction, type Source } from './source.ts';

/** Adds declarations of local names that only removed code reads: Go refuses those. */
export function addUnused(source: Source, flow: Flow): Refusal | undefined {
  for (let before = -1; before !== flow.statements.size;) {
    before = flow.statements.size;
    const gone = goneSpans(flow);
    for (const node of source.nodes) {
      if (node.type !== 'identifier' || !isIn(node, gone)) continue;
      const value = source.init(node);
      const bound = value && declarationOf(value);
      if (value === undefined || bound === undefined || isIn(bound.statement, gone)) continue;
      if (above(bound.statement, isFunction) === undefined) continue;
      if (readsOf(source, bound.name, value).some((read) => !isIn(read, gone))) continue;
      if (!isPure(value, source.text))
        return refuse(bound.name, 'a variable would be left that nothing reads');
      flow.statements.add(bound.statement);
    }
  }
  return undefined;
}

function isPure(node: Node, text: string): boolean {
  if (node.type.endsWith('_literal') && node.type !== 'func_literal') return true;
  return node.type === 'call_expression' && /^os\.Getenv$/.test(dotted(field(node, 'function'), text));
}

export function goneSpans(flow: Flow): readonly Span[] {
  return [...flow.statements, ...flow.sites.keys(), ...flow.items.keys(), ...flow.tokens.keys()].map(spanOf);
}

function isIn(node: Node, spans: readonly Span[]): boolean {
  return spans.some((span) => node.start >= span.start && node.end <= span.end);
}

/** Takes out whole statements with their lines. */
export function removeStatements(
  { text }: Source,
  statements: ReadonlySet<Node>,
  reason: string,
): readonly Edit[] | Refusal {
  let lines: Span[] = [];
  for (const statement of [...statements].toSorted((a, b) => a.start - b.start)) {
    const span = ownLines(text, spanOf(statement));
    if (span === undefined) return refuse(statement, 'it shares its line with other code');
    const before = lines.at(-1);
    // One within another, as a check in the body of a check.
    if (before !== undefined && span.end <= before.end) continue;
    if (before?.end === span.start) lines = [...lines.slice(0, -1), { start: before.start, end: span.end }];
    else lines.push(span);
  }
  return lines.map((span) => ({ span: withBlanks(text, span), text: '', reason }));
}

/** Takes fields, parameters and what is given to them out of their lists. */
export function removeItems({ text }: Source, flow: Flow, reason: string): readonly Edit[] | Refusal {
  const edits: Edit[] = [];
  const lists = new Set<Node | undefined>();
  for (const item of flow.items.keys()) {
    if (isIn(item, [...flow.statements].map(spanOf))) continue;
    const all = besides(item);
    const line = item.type === 'field_declaration' ? ownLines(text, spanOf(item)) : undefined;
    const span = line ?? cutItem(text, all.map(spanOf), all.indexOf(item));
    if (span === undefined || lists.has(item.parent))
      return refuse(item, 'it cannot be taken out of its list');
    lists.add(item.parent);
    edits.push({ span, text: '', reason });
  }
  return edits;
}

/** Takes a blank line along, where two would meet or one would stand at the edge of a block. */
function withBlanks(text: string, { start, end }: Span): Span {
  const before = start === 0 ? '' : text.slice(lineStartAt(text, start - 1), start).trim();
  const after = text.slice(end, nextLineAt(text, end)).trim();
  if (after === '' && (before === '' || /[{(]$/.test(before))) return { start, end: nextLineAt(text, end) };
  if (before === '' && start > 0 && /^[})]/.test(after)) return { start: lineStartAt(text, start - 1), end };
  return { start, end };
}

/** Takes out imports that only removed code used. `kept` are those that the new code uses. */
export function removeImports(
  source: Source,
  gone: readonly Span[],
  kept: readonly string[],
): readonly Node[] {
  const { imports, nodes, text } = source;
  const uses = nodes.filter(
    (node) =>
      (node.type === 'identifier' &&
        node.parent?.type === 'selector_expression' &&
        node.field === 'operand') ||
      (node.type === 'package_identifier' && node.parent?.type === 'qualified_type'),
  );
  return imports
    .filter(({ local }) => {
      const own = uses.filter((node) => textOf(node, text) === local);
      return own.length > 0 && !kept.includes(local) && own.every((node) => isIn(node, gone));
    })
    .map(({ node }) => node);
}

/** Changes the imports of a file: one more, and those out that nothing uses. */
export function changeImports(
  source: Source,
  added: string | undefined,
  removed: readonly Node[],
  reason: string,
): readonly Edit[] | Refusal {
  const { root, text } = source;
  const edits: Edit[] = [];
  for (const spec of removed) {
    const parent = spec.parent;
    const span = ownLines(text, spanOf(parent?.type === 'import_declaration' ? parent : spec));
    if (span === undefined) return refuse(spec, 'an import that nothing uses any more shares its line');
    edits.push({ span, text: '', reason });
  }
  if (added === undefined) return edits;
  const declarations = root.children.filter((node) => node.type === 'import_declaration');
  const last = declarations.at(-1) ?? root.children.find((node) => node.type === 'package_clause');
  if (last === undefined) return refuse(root, 'the file has no package clause');
  return [...edits, insertion(text, declarations, last, { added, reason })];
}

function insertion(
  text: string,
  declarations: readonly Node[],
  last: Node,
  { added, reason }: { readonly added: string; readonly reason: string },
): Edit {
  const lineBreak = lineBreakOf(text);
  const block = declarations
    .map((node) => namedChildren(node)[0])
    .find((node) => node?.type === 'import_spec_list');
  const close = block && lineStartAt(text, block.end - 1);
  if (block !== undefined && close !== undefined && text.slice(close, block.end - 1).trim() === '') {
    return { span: { start: close, end: close }, text: `${lineBreak}\t${added}${lineBreak}`, reason };
  }
  const at = nextLineAt(text, lineEndAt(text, last.end));
  return { span: { start: at, end: at }, text: `${lineBreak}import ${added}${lineBreak}`, reason };
}
