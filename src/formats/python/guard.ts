import { field, namedChildren, textOf, type Node } from '../tree.ts';
import type { Flow } from './found.ts';
import { dotted } from './script.ts';

/**
 * Takes out a check that the secret is there: `if not TOKEN: raise …` and `assert TOKEN` whole, of `a or not TOKEN` the
 * one side.
 */
export function dropGuard(
  node: Node,
  text: string,
  flow: Pick<Flow, 'statements' | 'sides' | 'given'>,
): boolean {
  if (isOneOfAll(node, text)) {
    flow.given.add(node);
    return true;
  }
  let at = node;
  while (at.parent !== undefined && isTest(at.parent, text)) at = at.parent;
  const { parent } = at;
  if (parent?.type === 'assert_statement' && namedChildren(parent)[0] === at) flow.statements.add(parent);
  else if (at === node || parent === undefined) return false;
  else if (parent.type === 'boolean_operator') return dropSide(parent, at, text, flow);
  else if (at.field !== 'condition' || !onlyLeaves(parent, text)) return false;
  else flow.statements.add(parent);
  return true;
}

/** `if not all([url, token]): raise …` asks for one thing less. */
function isOneOfAll(node: Node, text: string): boolean {
  const list = node.parent;
  if (list?.type !== 'list' || namedChildren(list).length < 2) return false;
  const call = list.parent?.parent;
  const not = call?.parent;
  const isAll = call?.type === 'call' && dotted(field(call, 'function'), text) === 'all';
  return isAll && not?.type === 'not_operator' && not.field === 'condition' && onlyLeaves(not.parent, text);
}

function dropSide(operator: Node, side: Node, text: string, flow: Pick<Flow, 'sides'>): boolean {
  const [left, right] = [field(operator, 'left'), field(operator, 'right')];
  if (left === undefined || right === undefined || !isOrOfGuard(operator, text)) return false;
  flow.sides.push(
    side === left ? { start: left.start, end: right.start } : { start: left.end, end: right.end },
  );
  return true;
}

function isOrOfGuard(node: Node, text: string): boolean {
  if (textOf(field(node, 'operator'), text) !== 'or') return false;
  const { parent } = node;
  if (parent?.type === 'boolean_operator' || parent?.type === 'parenthesized_expression')
    return isOrOfGuard(parent.type === 'boolean_operator' ? parent : (parent.parent ?? parent), text);
  return node.field === 'condition' && onlyLeaves(parent, text);
}

function onlyLeaves(node: Node | undefined, text: string): boolean {
  if (node?.type !== 'if_statement' || node.children.some((one) => one.field === 'alternative')) return false;
  const last = namedChildren(field(node, 'consequence') ?? node).at(-1);
  return last !== undefined && leaves(last, text);
}

function isTest(node: Node, text: string): boolean {
  if (node.type === 'not_operator') return true;
  return node.type === 'comparison_operator' && /(\bis|==)\s*(None|""|'')$/.test(textOf(node, text));
}

function leaves(node: Node, text: string): boolean {
  if (/^(raise|return|continue)_statement$/.test(node.type)) return true;
  const call = node.type === 'expression_statement' ? namedChildren(node)[0] : undefined;
  return (
    call !== undefined && /^(sys\.exit|exit|quit|os\._exit)$/.test(dotted(field(call, 'function'), text))
  );
}
