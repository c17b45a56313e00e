import { Scopes } from '../scopes.ts';
import { child, isFunction, list, unwrap, word, type Ast, type JsNode } from './ast.ts';
import { dotted, propertyName, propertyOf } from './names.ts';

/** What names of a file stand for, where that is certain: bound once, never assigned again. */
export interface Bindings {
  /** Gives the expression that a name or a field of `this` stands for. */
  init(node: JsNode): JsNode | undefined;
}

/** Collects what the scopes of a file bind. */
export function bindingsOf(ast: Ast): Bindings {
  const scopes = new Scopes<JsNode>();
  for (const node of ast.nodes) {
    const scope = isFunction(node) ? node : (scopesAround(ast, node)[0] ?? ast.root);
    for (const { name, init } of bound(node)) scopes.bind(scope, name, init);
    if (node.type === 'AssignmentExpression') bindAssigned(ast, scopes, node);
  }
  return { init: (node) => scopes.resolve(dotted(node), scopesAround(ast, node)) };
}

interface Bound {
  readonly name: string;
  readonly init: JsNode | undefined;
}

function bound(node: JsNode): readonly Bound[] {
  if (node.type === 'VariableDeclarator') return declared(node);
  const isImport = /^Import(Default|Namespace)?Specifier$/.test(node.type);
  if (isImport) return names(child(node, 'local')).map((name) => ({ name, init: node }));
  return [...list(node, 'params'), caught(node)].flatMap((one) => fromPattern(one));
}

function caught(node: JsNode): JsNode | undefined {
  return node.type === 'CatchClause' ? child(node, 'param') : undefined;
}

function declared(node: JsNode): readonly Bound[] {
  const id = child(node, 'id');
  if (id?.type === 'Identifier') return [{ name: word(id, 'name'), init: child(node, 'init') }];
  return fromPattern(id);
}

/** A name out of a pattern stands for its property there. */
function fromPattern(pattern: JsNode | undefined): readonly Bound[] {
  if (pattern?.type === 'AssignmentPattern') return fromPattern(child(pattern, 'left'));
  if (pattern?.type !== 'ObjectPattern') return names(pattern).map((name) => ({ name, init: undefined }));
  return list(pattern, 'properties').flatMap((property) => {
    const value = child(property, 'value');
    const at = value?.type === 'AssignmentPattern' ? child(value, 'left') : value;
    if (at?.type === 'ObjectPattern') return fromPattern(at);
    const bindsAs = at?.type === 'Identifier' ? property : undefined;
    return names(at ?? child(property, 'argument')).map((name) => ({ name, init: bindsAs }));
  });
}

/** An assignment may reach a variable of any scope around it; a field is the same in all of them. */
function bindAssigned(ast: Ast, scopes: Scopes<JsNode>, node: JsNode): void {
  const left = child(node, 'left');
  const name = dotted(left);
  if (left?.type !== 'Identifier') {
    scopes.bind(ast.root, name, word(node, 'operator') === '=' ? child(node, 'right') : undefined);
    return;
  }
  for (const scope of scopesAround(ast, node)) scopes.bind(scope, name, undefined);
}

function scopesAround(ast: Ast, node: JsNode): readonly JsNode[] {
  const found: JsNode[] = [];
  for (let at = ast.parents.get(node); at !== undefined; at = ast.parents.get(at)) {
    if (isFunction(at)) found.push(at);
  }
  return [...found, ast.root];
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
  Identifier: (node, next, bindings) => next(bindings.init(node)),
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
  const field = bindings.init(node);
  if (field !== undefined) return next(field);
  if (name === 'href') return next(object);
  const held = object.type === 'Identifier' ? bindings.init(object) : undefined;
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
  if (at.type === 'Identifier') return toObject(bindings.init(at), bindings, depth + 1);
  const isHeaders = at.type === 'NewExpression' && dotted(child(at, 'callee')) === 'Headers';
  return isHeaders ? toObject(list(at, 'arguments')[0], bindings, depth + 1) : undefined;
}
