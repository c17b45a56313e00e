import { child, list, unwrap, word, type Ast, type JsNode } from './ast.ts';
import { dotted, propertyName, propertyOf } from './names.ts';

/** What names of a file stand for, where that is certain: bound once, never assigned again. */
export interface Bindings {
  /** Gives the expression that a name stands for. */
  init(name: string): JsNode | undefined;
}

/** Collects the names that a file binds exactly once. */
export function bindingsOf(ast: Ast): Bindings {
  const counts = new Map<string, number>();
  const inits = new Map<string, JsNode>();
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const node of ast.nodes) {
    if (node.type === 'AssignmentExpression') count(dotted(child(node, 'left')));
    else if (node.type === 'UpdateExpression') count(dotted(child(node, 'argument')));
    else if (/^Import(Default|Namespace)?Specifier$/.test(node.type)) count(dotted(child(node, 'local')));
    else if (node.type === 'VariableDeclarator') bind(node);
    for (const param of [...list(node, 'params'), child(node, 'param')])
      for (const one of names(param)) count(one);
  }
  function bind(node: JsNode): void {
    const id = child(node, 'id');
    for (const name of names(id)) count(name);
    const init = child(node, 'init');
    if (id?.type === 'Identifier' && init !== undefined) inits.set(word(id, 'name'), init);
  }
  return { init: (name) => (counts.get(name) === 1 ? inits.get(name) : undefined) };
}

/** Names that a pattern binds. */
export function names(pattern: JsNode | undefined): readonly string[] {
  if (pattern === undefined) return [];
  switch (pattern.type) {
    case 'Identifier':
      return [word(pattern, 'name')];
    case 'ObjectPattern':
      return list(pattern, 'properties').flatMap((one) =>
        names(child(one, 'value') ?? child(one, 'argument')),
      );
    case 'ArrayPattern':
      return list(pattern, 'elements').flatMap((one) => names(one));
    case 'AssignmentPattern':
      return names(child(pattern, 'left'));
    case 'RestElement':
      return names(child(pattern, 'argument'));
    case 'TSParameterProperty':
      return names(child(pattern, 'parameter'));
    default:
      return [];
  }
}

const depthLimit = 8;

/** Gives the text of an expression with `{}` for what is dynamic; null where all of it is. */
export function toText(node: JsNode | undefined, bindings: Bindings, depth = 0): string | null {
  if (node === undefined || depth > depthLimit) return null;
  const at = unwrap(node);
  const next: Next = (one) => toText(one, bindings, depth + 1);
  return texts[at.type]?.(at, next, bindings) ?? null;
}

type Next = (node: JsNode | undefined) => string | null;

const texts: Readonly<Record<string, (node: JsNode, next: Next, bindings: Bindings) => string | null>> = {
  StringLiteral: (node) => word(node, 'value'),
  NumericLiteral: (node) => String(node['value']),
  BooleanLiteral: (node) => String(node['value']),
  TemplateLiteral: templateText,
  BinaryExpression: sumText,
  Identifier: (node, next, bindings) => next(bindings.init(word(node, 'name'))),
  MemberExpression: memberText,
  NewExpression: urlText,
  CallExpression: calledText,
};

function templateText(node: JsNode, next: Next): string {
  const quasis = list(node, 'quasis');
  const inner = list(node, 'expressions').map((one) => next(one) ?? '{}');
  return quasis.map((quasi, at) => `${cooked(quasi)}${inner[at] ?? ''}`).join('');
}

export function cooked(quasi: JsNode): string {
  const value = quasi['value'] as { readonly cooked?: string | null; readonly raw?: string } | undefined;
  return value?.cooked ?? value?.raw ?? '';
}

function sumText(node: JsNode, next: Next): string | null {
  if (word(node, 'operator') !== '+') return null;
  const [left, right] = [next(child(node, 'left')), next(child(node, 'right'))];
  return left === null && right === null ? null : `${left ?? '{}'}${right ?? '{}'}`;
}

/** A property of a constant object, or the text of a URL. */
function memberText(node: JsNode, next: Next, bindings: Bindings): string | null {
  const name = propertyName(node);
  const object = child(node, 'object');
  if (object === undefined || name === undefined) return null;
  if (name === 'href') return next(object);
  const held = object.type === 'Identifier' ? bindings.init(word(object, 'name')) : undefined;
  const literal = held === undefined ? undefined : unwrap(held);
  return literal?.type === 'ObjectExpression' ? next(child(propertyOf(literal, name), 'value')) : null;
}

function urlText(node: JsNode, next: Next): string | null {
  if (dotted(child(node, 'callee')) !== 'URL') return null;
  const [path, base] = list(node, 'arguments');
  const text = next(path);
  if (base === undefined || text === null || /^[a-z]+:\/\//i.test(text)) return text;
  const start = next(base)?.replace(/\/+$/, '') ?? '{}';
  return `${start}${text.startsWith('/') ? '' : '/'}${text}`;
}

function calledText(node: JsNode, next: Next): string | null {
  const callee = child(node, 'callee');
  const [first] = list(node, 'arguments');
  if (dotted(callee) === 'String') return next(first);
  if (callee?.type !== 'MemberExpression') return null;
  const name = propertyName(callee);
  if (name === 'concat') {
    const parts = [child(callee, 'object'), ...list(node, 'arguments')].map((one) => next(one));
    return parts.every((part) => part === null) ? null : parts.map((part) => part ?? '{}').join('');
  }
  return name === 'toString' || name === 'trim' ? next(child(callee, 'object')) : null;
}

/** Gives the object literal that an expression is or stands for. */
export function toObject(node: JsNode | undefined, bindings: Bindings, depth = 0): JsNode | undefined {
  if (node === undefined || depth > depthLimit) return undefined;
  const at = unwrap(node);
  if (at.type === 'ObjectExpression') return at;
  if (at.type === 'Identifier') return toObject(bindings.init(word(at, 'name')), bindings, depth + 1);
  const isHeaders = at.type === 'NewExpression' && dotted(child(at, 'callee')) === 'Headers';
  return isHeaders ? toObject(list(at, 'arguments')[0], bindings, depth + 1) : undefined;
}
