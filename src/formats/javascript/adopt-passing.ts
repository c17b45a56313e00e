import { child, list, unwrap, type Ast, type JsNode } from './ast.ts';
import { functionNamed, nameOfParameter } from './adopt-handed.ts';
import { dotted, propertyName } from './names.ts';
import type { Bindings } from './texts.ts';

/**
 * Says whether a call gives back what stands at one place of its arguments, checked or trimmed: `orThrow(token, 'none')`.
 * The function is of this file, and does nothing else.
 */
export function isPassing(
  { ast, bindings }: { readonly ast: Ast; readonly bindings: Bindings },
  call: JsNode,
  at: JsNode,
): boolean {
  const holder = functionOf(ast, call);
  const parameter = list(holder, 'params')[list(call, 'arguments').indexOf(at)];
  const id = parameter && nameOfParameter(parameter);
  if (holder === undefined || id?.type !== 'Identifier') return false;
  const own = { name: dotted(id), bindings };
  const body = child(holder, 'body');
  return body?.type === 'BlockStatement' ? onlyPasses(ast, body, own) : isSame(body, own);
}

function functionOf(ast: Ast, call: JsNode): JsNode | undefined {
  const callee = child(call, 'callee');
  const holder = callee?.type === 'Identifier' ? functionNamed(ast, dotted(callee)) : undefined;
  const isPlain =
    holder?.type !== 'ClassMethod' && holder?.['async'] !== true && holder?.['generator'] !== true;
  return isPlain ? holder : undefined;
}

function onlyPasses(ast: Ast, body: JsNode, own: Own): boolean {
  const inner = ast.nodes.filter((node) => node.start >= body.start && node.end <= body.end);
  const given = inner.flatMap((node) => (node.type === 'ReturnStatement' ? [child(node, 'argument')] : []));
  return (
    inner.every((node) => plain.test(node.type) && !(dotted(node) === own.name && goesOn(ast, node))) &&
    given.some((one) => isSame(one, own)) &&
    given.every((one) => isSame(one, own) || isNothing(one))
  );
}

/** What a function may consist of that only checks and trims. */
const plain =
  /^(BlockStatement|IfStatement|ReturnStatement|ThrowStatement|VariableDeclaration|VariableDeclarator|Identifier|StringLiteral|TemplateLiteral|TemplateElement|NullLiteral|BooleanLiteral|LogicalExpression|BinaryExpression|UnaryExpression|CallExpression|NewExpression|MemberExpression|OptionalMemberExpression|OptionalCallExpression|ConditionalExpression|TS\w+)$/;

interface Own {
  readonly name: string;
  readonly bindings: Bindings;
}

/** An argument of something that may keep it. */
function goesOn(ast: Ast, node: JsNode): boolean {
  const call = ast.parents.get(node);
  const isArgument = list(call, 'arguments').includes(node);
  return isArgument && !/^(String|Boolean)$/.test(dotted(child(call, 'callee')));
}

/** The parameter itself, as text, trimmed, or with a default; or a constant that is. */
function isSame(node: JsNode | undefined, own: Own, depth = 0): boolean {
  if (node === undefined || depth > 6) return false;
  const at = unwrap(node);
  const next = (one: JsNode | undefined): boolean => isSame(one, own, depth + 1);
  if (at.type === 'Identifier') return dotted(at) === own.name || next(own.bindings.init(at));
  if (at.type === 'LogicalExpression') return next(child(at, 'left')) && isNothing(child(at, 'right'));
  return /^(Optional)?CallExpression$/.test(at.type) && next(textOf(at));
}

/** What `String(…)` and `….trim()` make a text of. */
function textOf(call: JsNode): JsNode | undefined {
  const callee = child(call, 'callee');
  if (dotted(callee) === 'String') return list(call, 'arguments')[0];
  const isTrim = callee !== undefined && /^(trim|toString)$/.test(propertyName(callee) ?? '');
  return isTrim ? child(callee, 'object') : undefined;
}

function isNothing(node: JsNode | undefined): boolean {
  if (node === undefined || node.type === 'NullLiteral') return true;
  return dotted(node) === 'undefined' || unwrap(node)['value'] === '';
}
