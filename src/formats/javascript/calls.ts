import type { Arg, Call, Import } from '../../model/facts.ts';
import type { Span } from '../../model/place.ts';
import { child, isFunction, list, spanOf, word, type Ast, type JsNode } from './ast.ts';
import { dotted, keyName, propertyName } from './names.ts';
import { names, toObject, toText, type Bindings } from './texts.ts';

/** Finds the calls of a file, with their arguments as flat names and texts. */
export function jsCalls(ast: Ast, bindings: Bindings): readonly Call[] {
  return ast.nodes.flatMap((node) => {
    if (!/^(CallExpression|OptionalCallExpression|NewExpression)$/.test(node.type)) return [];
    const callee = dotted(child(node, 'callee'));
    const args = list(node, 'arguments').flatMap((one) => toArgs(one, null, bindings));
    return [{ callee: node.type === 'NewExpression' ? `new ${callee}` : callee, args, span: spanOf(node) }];
  });
}

function toArgs(node: JsNode, name: string | null, bindings: Bindings, depth = 0): readonly Arg[] {
  const span = spanOf(node);
  if (depth > 6) return [{ name, text: null, span }];
  if (node.type === 'SpreadElement') {
    const object = toObject(child(node, 'argument'), bindings);
    return object === undefined ? [{ name, text: null, span }] : toArgs(object, name, bindings, depth + 1);
  }
  const object = toObject(node, bindings);
  if (object !== undefined) {
    return list(object, 'properties').flatMap((property) => {
      if (property.type === 'SpreadElement') return toArgs(property, name, bindings, depth + 1);
      const key = keyName(property) ?? '?';
      const path = name === null ? key : `${name}.${key}`;
      const value = child(property, 'value');
      if (value === undefined) return [{ name: path, text: null, span: spanOf(property) }];
      return toArgs(value, path, bindings, depth + 1);
    });
  }
  if (node.type === 'ArrayExpression') {
    return list(node, 'elements').flatMap((one) => toArgs(one, name, bindings, depth + 1));
  }
  return [{ name, text: toText(node, bindings), span }];
}

/** Finds what a file imports, with the names that it binds. */
export function jsImports(ast: Ast): readonly Import[] {
  return ast.nodes.flatMap((node) => {
    const module = moduleOf(node);
    if (module === undefined || module === '') return [];
    return [{ module, names: importedNames(ast, node), span: spanOf(node) }];
  });
}

function moduleOf(node: JsNode): string | undefined {
  if (/^(ImportDeclaration|ExportAllDeclaration|ExportNamedDeclaration)$/.test(node.type)) {
    return word(child(node, 'source'), 'value');
  }
  if (node.type === 'ImportExpression') return word(child(node, 'source'), 'value');
  if (node.type !== 'CallExpression' || !/^(require|import)$/.test(dotted(child(node, 'callee'))))
    return undefined;
  return word(list(node, 'arguments')[0], 'value');
}

function importedNames(ast: Ast, node: JsNode): readonly string[] {
  if (node.type === 'ImportDeclaration') {
    return list(node, 'specifiers').map((one) => dotted(child(one, 'local')));
  }
  let at = ast.parents.get(node);
  while (at?.type === 'AwaitExpression' || at?.type === 'MemberExpression') at = ast.parents.get(at);
  return at?.type === 'VariableDeclarator' ? names(child(at, 'id')) : [];
}

const verbs = /^(get|post|put|patch|delete|all|use|route)$/;

/** Finds where a file answers requests: servers, routes, exported handlers. */
export function jsListens(ast: Ast): readonly Span[] {
  return ast.nodes.filter((node) => isServer(node) || isRoute(node) || isHandler(ast, node)).map(spanOf);
}

function isServer(node: JsNode): boolean {
  if (node.type !== 'CallExpression') return false;
  const callee = dotted(child(node, 'callee'));
  if (/^(Bun|Deno)\.serve$|^serve$/.test(callee)) return true;
  if (/(^|\.)(createServer|createSecureServer)$/.test(callee)) return true;
  const [first] = list(node, 'arguments');
  return callee === 'addEventListener' && word(first, 'value') === 'fetch';
}

/** `app.get('/path', handler)`: a path first, a function or its name last. */
function isRoute(node: JsNode): boolean {
  const callee = child(node, 'callee');
  if (node.type !== 'CallExpression' || callee?.type !== 'MemberExpression') return false;
  if (!verbs.test(propertyName(callee) ?? '')) return false;
  const args = list(node, 'arguments');
  const [first, last] = [args[0], args.at(-1)];
  if (first?.type !== 'StringLiteral' || !/^[/*]/.test(word(first, 'value'))) return false;
  return last !== undefined && last !== first && (isFunction(last) || isNamedHandler(callee, last));
}

function isNamedHandler(callee: JsNode, last: JsNode): boolean {
  const router = /^(app|router|server|fastify|api|\w*[rR]outer)$/;
  return last.type === 'Identifier' && router.test(dotted(child(callee, 'object')));
}

/** `export async function handler`, `exports.handler =`, `export function GET`. */
function isHandler(ast: Ast, node: JsNode): boolean {
  if (node.type === 'AssignmentExpression') {
    return /^(module\.)?exports\.handler$/.test(dotted(child(node, 'left')));
  }
  const isDeclared = node.type === 'FunctionDeclaration' || node.type === 'VariableDeclarator';
  const name = dotted(child(node, 'id'));
  if (!isDeclared || !/^(handler|GET|POST|PUT|PATCH|DELETE)$/.test(name)) return false;
  const parent = ast.parents.get(node);
  const holder =
    node.type === 'VariableDeclarator' && parent !== undefined ? ast.parents.get(parent) : parent;
  return holder?.type === 'ExportNamedDeclaration';
}
