import type { Entering } from '../types.ts';
import { child, isFunction, list, word, type Ast, type JsNode } from './ast.ts';
import { refuse, type Handed, type Refused, type Rewrite } from './adopt-rewrite.ts';
import { jsImports } from './calls.ts';
import { dotted, keyName } from './names.ts';
import { isRead } from './references.ts';

/** Where an argument goes: a parameter of this file, or code of another. */
export type Destination =
  | { readonly parameter: JsNode; readonly holder: JsNode; readonly name: string; readonly index: number }
  | { readonly module: string; readonly name: string; readonly index: number };

/** Finds what takes an argument; nothing where that is not certain. */
export function destinationOf({ ast }: Rewrite, call: JsNode, value: JsNode): Destination | undefined {
  const args = list(call, 'arguments');
  const index = args.indexOf(value);
  const callee = child(call, 'callee');
  if (index === -1 || args.slice(0, index).some((one) => one.type === 'SpreadElement')) return undefined;
  const name = dotted(callee);
  if (callee?.type === 'Identifier') {
    const holder = functionNamed(ast, name);
    const parameter = list(holder, 'params')[index];
    if (holder !== undefined && parameter !== undefined) return { parameter, holder, name, index };
  }
  const last = name.split('.').at(-1) ?? name;
  const module = moduleOf(ast, name.split('.')[0] ?? name);
  return module === undefined ? undefined : { module, name: last, index };
}

function moduleOf(ast: Ast, local: string): string | undefined {
  return jsImports(ast).find((one) => one.names.includes(local))?.module;
}

/** Finds the parameter through which another file gives the secret. */
export function enteringAt(ast: Ast, { name, argument, index }: Entering): Destination | undefined {
  const holder = functionNamed(ast, name);
  const place = typeof argument === 'number' ? argument : index;
  const parameter = place === undefined ? undefined : list(holder, 'params')[place];
  if (holder === undefined || parameter === undefined || place === undefined) return undefined;
  return { parameter, holder, name, index: place };
}

/** The function of a name; of a class its constructor. */
export function functionNamed(ast: Ast, name: string): JsNode | undefined {
  const found = ast.nodes.filter(
    (node) =>
      /^(FunctionDeclaration|ClassDeclaration|VariableDeclarator)$/.test(node.type) &&
      dotted(child(node, 'id')) === name,
  );
  const [only, more] = found;
  if (only === undefined || more !== undefined) return undefined;
  if (only.type === 'FunctionDeclaration') return only;
  if (only.type === 'VariableDeclarator') {
    const init = child(only, 'init');
    return init !== undefined && isFunction(init) ? init : undefined;
  }
  return list(child(only, 'body'), 'body').find((one) => one['kind'] === 'constructor');
}

/** The identifier that a parameter binds; `private token: string` binds a field as well. */
export function nameOfParameter(parameter: JsNode): JsNode | undefined {
  if (parameter.type === 'Identifier') return parameter;
  if (parameter.type === 'AssignmentPattern') return child(parameter, 'left');
  return parameter.type === 'TSParameterProperty'
    ? nameOfParameter(child(parameter, 'parameter') ?? parameter)
    : undefined;
}

/** Finds each read of a parameter, or says why it cannot go. */
export function parameterReads(ast: Ast, parameter: JsNode, holder: JsNode): readonly JsNode[] | Refused {
  const id = nameOfParameter(parameter);
  if (id?.type !== 'Identifier') return refuse(parameter, 'it is taken apart as a parameter');
  const name = word(id, 'name');
  const own = ast.nodes.filter(
    (node) =>
      node.type === 'Identifier' &&
      word(node, 'name') === name &&
      node !== id &&
      node.start >= holder.start &&
      node.end <= holder.end,
  );
  const bound = own.find((node) => isBound(ast, node));
  if (bound !== undefined) return refuse(bound, `${name} is assigned more than once`);
  return own.filter((node) => isRead(ast, node));
}

function isBound(ast: Ast, node: JsNode): boolean {
  const parent = ast.parents.get(node);
  if (parent === undefined) return false;
  if (parent.type === 'VariableDeclarator') return child(parent, 'id') === node;
  if (parent.type === 'AssignmentExpression') return child(parent, 'left') === node;
  return isFunction(parent) && list(parent, 'params').includes(node);
}

/** Says why a parameter stays: something else gives it another value, or holds the function itself. */
export function whyKept(rewrite: Rewrite): Refused | undefined {
  const { ast, parameters } = rewrite;
  for (const handed of parameters.values()) {
    for (const node of ast.nodes) {
      if (node.type !== 'Identifier' || word(node, 'name') !== handed.name || !isRead(ast, node)) continue;
      const refused = whyCalled(rewrite, node, handed);
      if (refused !== undefined) return refused;
    }
  }
  return undefined;
}

function whyCalled(
  { ast, given }: Rewrite,
  node: JsNode,
  { name, index, path }: Handed,
): Refused | undefined {
  const parent = ast.parents.get(node);
  if (parent === undefined || isExport(ast, parent)) return undefined;
  const isCall = /^(Call|New)Expression$/.test(parent.type) && child(parent, 'callee') === node;
  if (!isCall) return refuse(node, `${name} is used here as a value, so who calls it cannot be told`);
  const argument = list(parent, 'arguments')[index];
  if (argument === undefined || given.has(argument) || lacks(argument, path)) return undefined;
  return refuse(argument, `${name} gets another token here`);
}

/** An object without the key of the secret. */
function lacks(argument: JsNode, path: readonly string[] | undefined): boolean {
  if (path === undefined || argument.type !== 'ObjectExpression') return false;
  return list(argument, 'properties').every(
    (one) => one.type !== 'SpreadElement' && keyName(one) !== path[0],
  );
}

/** `export { X }`, `module.exports = X`, `module.exports = { X }`, `export default X`: other files are looked at too. */
function isExport(ast: Ast, parent: JsNode): boolean {
  if (parent.type.startsWith('Export') || parent.type === 'ClassDeclaration') return true;
  const holder =
    parent.type === 'ObjectProperty' ? ast.parents.get(ast.parents.get(parent) ?? parent) : parent;
  return (
    holder?.type === 'AssignmentExpression' && /^(module\.)?exports\b/.test(dotted(child(holder, 'left')))
  );
}
