import { child, isWrapper, list, unwrap, word, type JsNode } from './ast.ts';
import { isPassing } from './adopt-passing.ts';
import type { Rewrite } from './adopt-rewrite.ts';
import { dotted, propertyName } from './names.ts';
import { cooked } from './texts.ts';

/** Widens an expression to what has the same value: types, parentheses, defaults, `String(…)`, `.trim()`. */
export function outermost(rewrite: Rewrite, node: JsNode): JsNode {
  const { ast } = rewrite;
  let at = node;
  for (let parent = ast.parents.get(at); parent !== undefined; parent = ast.parents.get(at)) {
    if (isTrim(rewrite, parent, at)) at = ast.parents.get(parent) ?? parent;
    else if (isWrapper(parent) || isSame(rewrite, parent, at)) at = parent;
    else return at;
  }
  return at;
}

function isSame(rewrite: Rewrite, parent: JsNode, at: JsNode): boolean {
  if (parent.type === 'LogicalExpression') return isDefault(rewrite, parent, at);
  if (parent.type === 'CallExpression')
    return dotted(child(parent, 'callee')) === 'String' || isPassing(rewrite, parent, at);
  if (parent.type === 'ConditionalExpression')
    return rewrite.decided.has(parent) && child(parent, 'consequent') === at;
  if (parent.type === 'AssignmentPattern') return false;
  return parent.type === 'TemplateLiteral' && isWholeText(parent);
}

/** `${token}` alone. */
function isWholeText(template: JsNode): boolean {
  return (
    list(template, 'expressions').length === 1 && list(template, 'quasis').every((one) => cooked(one) === '')
  );
}

/** `token || ''`, or one read of the secret after another. */
function isDefault({ bindings, reading }: Rewrite, logical: JsNode, at: JsNode): boolean {
  if (word(logical, 'operator') === '&&') return false;
  const [left, right] = [child(logical, 'left'), child(logical, 'right')];
  if (left === undefined || right === undefined) return false;
  if (at === right) return reading.has(unwrap(left)) || isSameChain(left, reading);
  return reading.has(unwrap(right)) || isPlain(right) || isPlain(bindings.init(right));
}

function isSameChain(node: JsNode, reading: ReadonlySet<JsNode>): boolean {
  const inner = unwrap(node);
  if (inner.type !== 'LogicalExpression') return reading.has(inner);
  const [left, right] = [child(inner, 'left'), child(inner, 'right')];
  return (
    left !== undefined && right !== undefined && isSameChain(left, reading) && isSameChain(right, reading)
  );
}

function isPlain(node: JsNode | undefined): boolean {
  return /^(StringLiteral|NullLiteral)$/.test(node?.type ?? '') || dotted(node) === 'undefined';
}

/** `token.trim()`, `token?.trim()`, `token.toString()`. */
function isTrim({ ast }: Rewrite, member: JsNode, at: JsNode): boolean {
  if (!/^(Optional)?MemberExpression$/.test(member.type) || child(member, 'object') !== at) return false;
  const call = ast.parents.get(member);
  const isCall = /^(Optional)?CallExpression$/.test(call?.type ?? '') && child(call, 'callee') === member;
  return isCall && /^(trim|toString|valueOf)$/.test(propertyName(member) ?? '');
}
