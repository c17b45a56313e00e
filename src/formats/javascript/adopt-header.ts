import { above, child, isFunction, list, spanOf, word, type Ast, type JsNode } from './ast.ts';
import { helperArguments, refuse, type Refused, type Rewrite } from './adopt-rewrite.ts';
import { keyName, propertyName } from './names.ts';

/** Says whether the value of an expression becomes an Authorization header here. */
export function isHeaderPlace(ast: Ast, node: JsNode): boolean {
  const parent = ast.parents.get(node);
  if (parent === undefined) return false;
  if (parent.type === 'ObjectProperty')
    return isAuthorization(keyName(parent)) && child(parent, 'value') === node;
  if (parent.type === 'AssignmentExpression') {
    const left = child(parent, 'left');
    return child(parent, 'right') === node && isAuthorization(left && propertyName(left));
  }
  const items = list(parent, parent.type === 'ArrayExpression' ? 'elements' : 'arguments');
  const before = items[items.indexOf(node) - 1];
  return before?.type === 'StringLiteral' && isAuthorization(word(before, 'value'));
}

function isAuthorization(name: string | undefined): boolean {
  return name?.toLowerCase() === 'authorization';
}

/** Replaces a whole header value by a call of the helper (tier T3). */
export function adoptHeader(rewrite: Rewrite, value: JsNode): Refused | undefined {
  const problem = whyNoAwait(rewrite.ast, value);
  const holder = above(rewrite.ast, value, isFunction);
  const isLifted = holder !== undefined && rewrite.lifted.has(holder);
  if (problem !== undefined && !isLifted) return refuse(value, problem);
  rewrite.hasHeader = true;
  const call = `await ${rewrite.agentName}.authorization(${helperArguments(rewrite)})`;
  const isShorthand = rewrite.ast.parents.get(value)?.['shorthand'] === true;
  rewrite.edits.push({
    span: spanOf(value),
    text: isShorthand ? `${word(value, 'name')}: ${call}` : call,
    reason: 'a short-lived token in place of the static one',
  });
  return undefined;
}

/** Says why a token cannot be awaited at a place. Code never becomes asynchronous that was not. */
export function whyNoAwait(ast: Ast, node: JsNode): string | undefined {
  const holder = above(ast, node, (one) => isFunction(one) || /^(ClassProperty|StaticBlock)$/.test(one.type));
  if (holder === undefined) {
    const isAwaited = above(ast, node, (one) => one.type === 'AwaitExpression') !== undefined;
    if (ast.isModule && isAwaited) return undefined;
    return 'the header is made once, when the file is loaded, and would outlive a five-minute token';
  }
  if (!isFunction(holder) || holder['async'] !== true) return 'the function around it is not asynchronous';
  const isParameter = list(holder, 'params').some((one) => one.start <= node.start && one.end >= node.end);
  return isParameter ? 'a default of a parameter cannot wait for a token' : undefined;
}
