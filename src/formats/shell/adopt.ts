import type { Use } from '../../model/facts.ts';
import type { Edit, Span } from '../../model/place.ts';
import { above, field, spanOf, textOf, visit, type Node } from '../tree.ts';
import type { Adopted, Adoption } from '../types.ts';
import { foreignLoad } from './loads.ts';

interface Script {
  readonly root: Node;
  readonly text: string;
}

/**
 * Turns `SSWS $NAME` into `Bearer $NAME`: the token comes by `agent-id exec`, under the same name (tier T1). Refuses
 * where the value goes to something else than a header.
 */
export function adoptShell(script: Script, uses: readonly Use[], target: Adoption): Adopted {
  const load = foreignLoad(script.root, script.text);
  if (load !== undefined)
    return { refused: 'variables are loaded here from outside of the repository, and may hold it', at: load };
  const edits: Edit[] = [];
  let headers = 0;
  for (const span of readsOf(script, uses)) {
    const node = nodeAt(script.root, span);
    if (node === undefined) return { refused: 'the place where it is read was not found', at: span };
    const scheme = schemeBefore(script.text, span);
    if (scheme !== undefined) {
      headers += 1;
      if (scheme.word !== 'Bearer') {
        edits.push({
          span: scheme.span,
          text: 'Bearer',
          reason: `the token of ${target.agent} is a bearer token`,
        });
      }
    } else if (!isHarmless(node, script.text)) {
      return { refused: 'the value goes to something else than an Authorization header', at: span };
    }
  }
  const at = uses[0]?.span ?? spanOf(script.root);
  return headers === 0
    ? { refused: 'this script builds no Authorization header out of it', at }
    : { tier: 'T1', edits };
}

/** The uses themselves, and the reads of variables that they are assigned to. */
function readsOf({ root, text }: Script, uses: readonly Use[]): readonly Span[] {
  const plain = uses.filter((use) => schemeBefore(text, use.span) === undefined);
  const renamed = new Set(plain.flatMap((use) => (use.binding === undefined ? [] : [use.binding])));
  for (const use of uses) renamed.delete(use.name);
  const found = new Map(uses.map((use) => [use.span.start, use.span]));
  visit(root, (node) => {
    if (node.type !== 'simple_expansion' && node.type !== 'expansion') return;
    const name = textOf(
      node.children.find((child) => child.type === 'variable_name'),
      text,
    );
    if (renamed.has(name)) found.set(node.start, spanOf(node));
  });
  return [...found.values()];
}

function nodeAt(root: Node, span: Span): Node | undefined {
  let found: Node | undefined;
  visit(root, (node) => {
    if (node.start === span.start && node.end === span.end && node.type.endsWith('expansion')) found ??= node;
    return node.start <= span.start && node.end >= span.end;
  });
  return found;
}

function schemeBefore(
  text: string,
  { start }: Span,
): { readonly word: string; readonly span: Span } | undefined {
  const match = /(SSWS|Bearer)([ \t]+)$/i.exec(text.slice(Math.max(0, start - 40), start));
  const [all, word] = match ?? [];
  if (all === undefined || word === undefined) return undefined;
  const from = start - all.length;
  return { word, span: { start: from, end: from + word.length } };
}

/** Tests, `: "${X:?…}"` and plain assignments hand the value to nobody. */
function isHarmless(node: Node, text: string): boolean {
  if (above(node, (one) => one.type === 'test_command') !== undefined) return true;
  const holder = above(node, (one) => one.type === 'command' || one.type === 'variable_assignment');
  if (holder?.type === 'variable_assignment') return holder.parent?.type !== 'command';
  return textOf(field(holder, 'name'), text) === ':';
}
