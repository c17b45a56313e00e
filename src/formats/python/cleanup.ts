import type { Edit, Span } from '../../model/place.ts';
import { cutItem, ownLines } from '../cut.ts';
import { lineStartAt, nextLineAt } from '../lines.ts';
import { namedChildren, spanOf, textOf, type Node } from '../tree.ts';
import type { Refusal } from './found.ts';
import { importedNames, isLoad, resolve, type Script } from './script.ts';

/** Takes out statements that hold nothing any more. A block that would be empty gets a `pass`. */
export function removeStatements(
  { text }: Script,
  statements: ReadonlySet<Node>,
  reason: string,
): readonly Edit[] | Refusal {
  const edits: Edit[] = [];
  let lines: Span[] = [];
  for (const statement of [...statements].toSorted((a, b) => a.start - b.start)) {
    const block = statement.parent;
    const siblings = block === undefined ? [] : namedChildren(block);
    if (
      block?.type === 'block' &&
      siblings[0] === statement &&
      siblings.every((one) => statements.has(one))
    ) {
      edits.push({ span: spanOf(statement), text: 'pass', reason });
      continue;
    }
    const span = ownLines(text, spanOf(statement));
    if (span === undefined) return { refused: 'it shares its line with other code', at: spanOf(statement) };
    const before = lines.at(-1);
    if (before?.end === span.start) lines = [...lines.slice(0, -1), { start: before.start, end: span.end }];
    else lines.push(span);
  }
  return [...edits, ...lines.map((span) => ({ span: withBlanks(text, span), text: '', reason }))];
}

/** Cuts parameters and arguments out of their lists. */
export function removeItems(
  { text }: Script,
  nodes: readonly Node[],
  reason: string,
): readonly Edit[] | Refusal {
  const edits: Edit[] = [];
  for (const node of nodes) {
    const items = namedChildren(node.parent ?? node);
    const twin = nodes.find((other) => other !== node && other.parent === node.parent);
    if (twin !== undefined) return { refused: 'two of one list would go', at: spanOf(node) };
    const span = cutItem(text, items.map(spanOf), items.indexOf(node));
    if (span !== undefined) edits.push({ span, text: '', reason });
  }
  return edits;
}

/** Takes the blank lines before along where blank lines follow. */
function withBlanks(text: string, { start, end }: Span): Span {
  if (text.slice(end, nextLineAt(text, end)).trim() !== '') return { start, end };
  let from = start;
  while (from > 0) {
    const before = lineStartAt(text, from - 1);
    if (text.slice(before, from).trim() !== '') break;
    from = before;
  }
  return { start: from, end };
}

/** Takes out imports of names that only the removed code used, but those to be kept. */
export function removeImports(
  script: Script,
  removed: readonly Span[],
  kept: readonly string[],
  reason: string,
): readonly Edit[] {
  const { nodes, root, text } = script;
  const isGone = (node: Node): boolean =>
    removed.some((span) => node.start >= span.start && node.end <= span.end);
  const loads = nodes.filter((node) => node.type === 'identifier' && isLoad(node, text));
  const left = (name: string): boolean =>
    loads.some((node) => textOf(node, text) === name && !isGone(node)) ||
    nodes.some((node) => node.type === 'string' && textOf(node, text).slice(1, -1) === name);
  const gone = new Set(
    loads
      .filter((node) => isGone(node) && resolve(script, node)?.node === root)
      .map((node) => textOf(node, text))
      .filter((name) => !left(name) && !kept.includes(name)),
  );
  return nodes.flatMap((node) => {
    if (node.parent !== root || !/^import_(from_)?statement$/.test(node.type)) return [];
    const names = importedNames(node, text);
    const rest = names.filter((one) => !gone.has(one.bound));
    if (rest.length === names.length) return [];
    if (rest.length === 0) {
      const span = ownLines(text, spanOf(node));
      return span === undefined ? [] : [{ span, text: '', reason }];
    }
    if (names.length - rest.length > 1) return [];
    const index = names.findIndex((one) => gone.has(one.bound));
    const span = cutItem(
      text,
      names.map((one) => spanOf(one.node)),
      index,
    );
    return span === undefined ? [] : [{ span, text: '', reason }];
  });
}
