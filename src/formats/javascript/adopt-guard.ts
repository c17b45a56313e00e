import { child, list, unwrap, word, type Ast, type JsNode } from './ast.ts';
import { onlyFails } from './adopt-fails.ts';
import type { Rewrite } from './adopt-rewrite.ts';
import { dotted } from './names.ts';

/**
 * Takes out a question whether the secret is there: `if (!token) throw …` goes, `token ? a : b` becomes `a`, any other
 * one is answered with yes, as the identity is always there. Says whether it was such a question.
 */
export function adoptGuard(rewrite: Rewrite, value: JsNode): boolean {
  const { ast } = rewrite;
  const { test, isThere } = testOf(ast, value);
  const parent = ast.parents.get(test);
  if (parent === undefined) return false;
  if (parent.type === 'CallExpression' && test === value)
    return (
      dropSearch(rewrite, parent, test) || dropCall(rewrite, parent, test) || answer(rewrite, test, true)
    );
  if (!isThere && (dropSide(rewrite, parent, test) || dropIf(rewrite, parent, test))) return true;
  return isThere
    ? keepBranch(rewrite, parent, test) || answer(rewrite, test, true)
    : answer(rewrite, test, false);
}

interface Test {
  readonly test: JsNode;
  /** What the question asks: whether the secret is there, or whether it is missing. */
  readonly isThere: boolean;
}

/** `!token`, `token === undefined`, `token !== ''`, `typeof token === 'undefined'`. */
function testOf(ast: Ast, value: JsNode): Test {
  const at = isUnary(ast.parents.get(value), 'typeof') ? (ast.parents.get(value) ?? value) : value;
  const parent = ast.parents.get(at);
  if (parent !== undefined && isUnary(parent, '!')) return { test: parent, isThere: false };
  const operator = word(parent, 'operator');
  if (parent?.type !== 'BinaryExpression' || !/^[!=]={1,2}$/.test(operator))
    return { test: value, isThere: true };
  const other = child(parent, 'left') === at ? child(parent, 'right') : child(parent, 'left');
  const isEmptiness = at === value ? isEmpty(other) : other?.['value'] === 'undefined';
  return isEmptiness ? { test: parent, isThere: operator.startsWith('!') } : { test: value, isThere: true };
}

function isUnary(node: JsNode | undefined, operator: string): boolean {
  return node?.type === 'UnaryExpression' && word(node, 'operator') === operator;
}

function isEmpty(node: JsNode | undefined): boolean {
  if (node === undefined) return false;
  return node.type === 'NullLiteral' || dotted(node) === 'undefined' || unwrap(node)['value'] === '';
}

function dropIf({ removed }: Rewrite, statement: JsNode, test: JsNode): boolean {
  if (statement.type !== 'IfStatement' || child(statement, 'test') !== test || !onlyFails(statement))
    return false;
  removed.add(statement);
  return true;
}

/** `if (output.includes(token)) fail(…)`: there is nothing left that could leak. */
function dropSearch(rewrite: Rewrite, call: JsNode, value: JsNode): boolean {
  const isSearch = /\.(includes|indexOf)$/.test(dotted(child(call, 'callee')));
  if (!isSearch || list(call, 'arguments')[0] !== value) return false;
  const parent = rewrite.ast.parents.get(call);
  return parent !== undefined && (dropSide(rewrite, parent, call) || dropIf(rewrite, parent, call));
}

/** `assert(token)`, `console.log(token)`. */
function dropCall({ ast, removed }: Rewrite, call: JsNode, test: JsNode): boolean {
  const statement = ast.parents.get(call);
  const callee = dotted(child(call, 'callee'));
  const isAssertion = /^(assert|assert\.ok|ok|invariant)$/.test(callee);
  const isLog = /^console\.\w+$/.test(callee) && list(call, 'arguments').length === 1;
  if (!isAssertion && !isLog) return false;
  if (statement?.type !== 'ExpressionStatement' || list(call, 'arguments')[0] !== test) return false;
  removed.add(statement);
  return true;
}

/** `!a || !token` keeps its other side. */
function dropSide({ ast, edits }: Rewrite, logical: JsNode, side: JsNode): boolean {
  if (logical.type !== 'LogicalExpression' || word(logical, 'operator') !== '||') return false;
  if (!isGuardOf(ast, logical)) return false;
  edits.push({
    span:
      side === child(logical, 'left')
        ? { start: logical.start, end: behindOperator(ast, logical) }
        : { start: beforeOperator(ast, logical), end: logical.end },
    text: '',
    reason: 'there is no static secret to check for',
  });
  return true;
}

function isGuardOf(ast: Ast, node: JsNode): boolean {
  const parent = ast.parents.get(node);
  if (parent?.type === 'LogicalExpression') return isGuardOf(ast, parent);
  return parent?.type === 'IfStatement' && child(parent, 'test') === node && onlyFails(parent);
}

/** Parentheses belong to neither side. */
function behindOperator({ text }: Ast, logical: JsNode): number {
  const right = child(logical, 'right')?.start ?? logical.end;
  const between = text.slice(child(logical, 'left')?.end ?? right, right);
  return right - (/[(\s]*$/.exec(between)?.[0].trimStart().length ?? 0);
}

function beforeOperator({ text }: Ast, logical: JsNode): number {
  const left = child(logical, 'left')?.end ?? logical.start;
  const between = text.slice(left, child(logical, 'right')?.start ?? left);
  return left + (/^[)\s]*/.exec(between)?.[0].trimEnd().length ?? 0);
}

/** `token ? a : b` becomes `a`, `token && a` too. */
function keepBranch({ ast, edits, decided }: Rewrite, parent: JsNode, test: JsNode): boolean {
  const reason = 'the identity is always there';
  if (parent.type === 'LogicalExpression' && word(parent, 'operator') === '&&') {
    if (child(parent, 'left') !== test) return false;
    edits.push({ span: { start: parent.start, end: behindOperator(ast, parent) }, text: '', reason });
    return true;
  }
  const [kept, other] = [child(parent, 'consequent'), child(parent, 'alternate')];
  if (parent.type !== 'ConditionalExpression' || child(parent, 'test') !== test) return false;
  if (kept === undefined || other === undefined) return false;
  decided.add(parent);
  edits.push(
    { span: { start: parent.start, end: kept.start }, text: '', reason },
    { span: { start: kept.end, end: parent.end }, text: '', reason },
  );
  return true;
}

/** Writes the answer where only truth counts. */
function answer({ ast, edits }: Rewrite, test: JsNode, isTrue: boolean): boolean {
  if (!isBoolean(test) && !isAsked(ast, test)) return false;
  edits.push({
    span: { start: test.start, end: test.end },
    text: String(isTrue),
    reason: 'the identity is always there',
  });
  return true;
}

function isBoolean(test: JsNode): boolean {
  return test.type === 'BinaryExpression' || isUnary(test, '!');
}

/** Whether only the truth of a value counts at its place. */
function isAsked(ast: Ast, node: JsNode): boolean {
  const parent = ast.parents.get(node);
  if (parent === undefined) return false;
  if (/^(IfStatement|ConditionalExpression)$/.test(parent.type)) return child(parent, 'test') === node;
  if (parent.type === 'CallExpression') return dotted(child(parent, 'callee')) === 'Boolean';
  if (parent.type === 'LogicalExpression') return word(parent, 'operator') !== '??' && isAsked(ast, parent);
  return isUnary(parent, '!');
}
