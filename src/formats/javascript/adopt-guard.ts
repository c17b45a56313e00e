import { child, list, spanOf, unwrap, word, type Ast, type JsNode } from './ast.ts';
import type { Rewrite } from './adopt-rewrite.ts';
import { dotted } from './names.ts';

/** Takes out a check that the secret is there: `if (!token) throw …`, one side of `||`, `assert(token)`. */
export function adoptGuard(rewrite: Rewrite, value: JsNode): boolean {
  const { ast } = rewrite;
  const test = testOf(ast, value);
  const parent = ast.parents.get(test);
  if (parent === undefined) return false;
  if (parent.type === 'CallExpression')
    return dropSearch(rewrite, parent, test) || dropAssertion(rewrite, parent, test);
  if (test === value) return false;
  if (parent.type === 'LogicalExpression' && word(parent, 'operator') === '||') {
    return dropSide(rewrite, parent, test);
  }
  if (parent.type !== 'IfStatement' || child(parent, 'test') !== test || !onlyFails(parent)) return false;
  rewrite.removed.add(parent);
  return true;
}

/** `if (output.includes(token)) fail(…)`: there is nothing left that could leak. */
function dropSearch({ ast, removed }: Rewrite, call: JsNode, value: JsNode): boolean {
  const statement = ast.parents.get(call);
  const isSearch = /\.(includes|indexOf)$/.test(dotted(child(call, 'callee')));
  if (!isSearch || list(call, 'arguments')[0] !== value || statement?.type !== 'IfStatement') return false;
  if (child(statement, 'test') !== call || !onlyFails(statement)) return false;
  removed.add(statement);
  return true;
}

function dropAssertion({ ast, removed }: Rewrite, call: JsNode, test: JsNode): boolean {
  const statement = ast.parents.get(call);
  if (!/^(assert|assert\.ok|ok|invariant)$/.test(dotted(child(call, 'callee')))) return false;
  if (statement?.type !== 'ExpressionStatement' || list(call, 'arguments')[0] !== test) return false;
  removed.add(statement);
  return true;
}

/** `!a || !token` keeps its other side. */
function dropSide({ ast, edits }: Rewrite, logical: JsNode, side: JsNode): boolean {
  if (!isGuardOf(ast, logical)) return false;
  const [left, right] = [child(logical, 'left'), child(logical, 'right')];
  if (left === undefined || right === undefined) return false;
  const span =
    side === left ? { start: left.start, end: right.start } : { start: left.end, end: spanOf(right).end };
  edits.push({ span, text: '', reason: 'there is no static secret to check for' });
  return true;
}

function isGuardOf(ast: Ast, node: JsNode): boolean {
  const parent = ast.parents.get(node);
  if (parent?.type === 'LogicalExpression') return isGuardOf(ast, parent);
  return parent?.type === 'IfStatement' && child(parent, 'test') === node && onlyFails(parent);
}

/** `!token`, `token === undefined`, `token === ''`. */
function testOf(ast: Ast, value: JsNode): JsNode {
  const parent = ast.parents.get(value);
  if (parent?.type === 'UnaryExpression' && word(parent, 'operator') === '!') return parent;
  if (parent?.type !== 'BinaryExpression' || !/^={2,3}$/.test(word(parent, 'operator'))) return value;
  const other = child(parent, 'left') === value ? child(parent, 'right') : child(parent, 'left');
  return isEmpty(other) ? parent : value;
}

function isEmpty(node: JsNode | undefined): boolean {
  if (node === undefined) return false;
  return node.type === 'NullLiteral' || dotted(node) === 'undefined' || unwrap(node)['value'] === '';
}

/** The branch does nothing but end. */
function onlyFails(statement: JsNode): boolean {
  if (child(statement, 'alternate') !== undefined) return false;
  const branch = child(statement, 'consequent');
  const body =
    branch?.type === 'BlockStatement' ? list(branch, 'body') : branch === undefined ? [] : [branch];
  return body.length > 0 && body.every((one) => endsOrSays(one));
}

function endsOrSays(statement: JsNode): boolean {
  if (statement.type === 'ThrowStatement') return true;
  const expression = child(statement, 'expression');
  const call = expression?.type === 'AwaitExpression' ? child(expression, 'argument') : expression;
  return /^(fail|die|abort|process\.exit|console\.\w+|\w*[lL]og(ger)?\.\w+)$/.test(
    dotted(child(call, 'callee')),
  );
}
