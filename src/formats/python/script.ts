import { field, namedChildren, textOf, visit, type Node } from '../tree.ts';

/** A parsed file, with all its nodes in the order of the text and what its names stand for. */
export interface Script {
  readonly root: Node;
  readonly text: string;
  readonly nodes: readonly Node[];
  readonly scopes: ReadonlyMap<Node, Scope>;
}

/** The names that one function, class or module binds. */
export interface Scope {
  readonly node: Node;
  /** How often each name is bound. `self.x` counts in its class. */
  readonly counts: Map<string, number>;
  /** What a plain assignment gives to a name. */
  readonly inits: Map<string, Node>;
  readonly globals: Set<string>;
}

/** Collects the nodes and names of a file. */
export function toScript(root: Node, text: string): Script {
  const nodes: Node[] = [];
  visit(root, (node) => void nodes.push(node));
  const scopes = new Map<Node, Scope>();
  const script = { root, text, nodes, scopes };
  for (const node of nodes) {
    if (isScope(node)) {
      scopes.set(node, { node, counts: new Map(), inits: new Map(), globals: new Set() });
    }
  }
  for (const node of nodes) {
    if (!/^(global|nonlocal)_statement$/.test(node.type)) continue;
    for (const name of namedChildren(node)) {
      scopes.get(scopeNode(node))?.globals.add(textOf(name, text));
      count(script, root, textOf(name, text));
    }
  }
  for (const node of nodes) bind(script, node);
  return script;
}

function isScope(node: Node): boolean {
  return /^(module|function_definition|class_definition|lambda)$/.test(node.type);
}

/** Gives the function, class or module that a node stands in. */
export function scopeNode(node: Node): Node {
  let from = node;
  for (let at = node.parent; at !== undefined; from = at, at = at.parent) {
    // The decorators, bases and defaults of a definition belong to what is around it; its parameters' names do not.
    if (isScope(at) && (at.type === 'module' || /^(body|parameters)$/.test(from.field ?? ''))) return at;
  }
  return from;
}

function count(script: Script, scope: Node, name: string): void {
  const counts = script.scopes.get(scope)?.counts;
  counts?.set(name, (counts.get(name) ?? 0) + 1);
}

/** Binds a name where it is seen; names of a class are known as `self.x`. */
function add(script: Script, at: Node, name: string, init?: Node): void {
  const own = scopeNode(at);
  const scope = script.scopes.get(own)?.globals.has(name) === true ? script.root : own;
  const key = own.type === 'class_definition' ? `self.${name}` : name;
  count(script, scope, key);
  if (init !== undefined) script.scopes.get(scope)?.inits.set(key, init);
}

const targets: Readonly<Record<string, string>> = {
  for_statement: 'left',
  for_in_clause: 'left',
  augmented_assignment: 'left',
  named_expression: 'name',
  class_definition: 'name',
  function_definition: 'name',
};

function bind(script: Script, node: Node): void {
  if (node.type === 'assignment') return bindAssignment(script, node);
  if (node.type === 'parameters' || node.type === 'lambda_parameters') {
    for (const one of namedChildren(node)) addAll(script, parameterName(one));
    return;
  }
  if (/^(import_statement|import_from_statement)$/.test(node.type)) {
    for (const { bound } of importedNames(node, script.text)) add(script, node, bound);
    return;
  }
  if (node.type === 'as_pattern_target' || node.type === 'delete_statement') {
    for (const one of namedChildren(node)) addAll(script, one);
    return;
  }
  const target = targets[node.type];
  if (target !== undefined) addAll(script, field(node, target));
}

function bindAssignment(script: Script, node: Node): void {
  const left = field(node, 'left');
  if (left === undefined) return;
  if (left.type === 'identifier') {
    add(script, node, textOf(left, script.text), field(node, 'right'));
  } else if (isOwnField(left, script.text)) {
    const owner = classOf(node);
    const name = `self.${textOf(field(left, 'attribute'), script.text)}`;
    if (owner === undefined) return;
    count(script, owner, name);
    const right = field(node, 'right');
    if (right !== undefined) script.scopes.get(owner)?.inits.set(name, right);
  } else addAll(script, left);
}

function addAll(script: Script, target: Node | undefined): void {
  if (target === undefined) return;
  if (target.type === 'identifier') add(script, target, textOf(target, script.text));
  else if (/pattern|^(tuple|list|expression_list|parenthesized_expression)/.test(target.type)) {
    for (const one of namedChildren(target)) addAll(script, one);
  }
}

/** Gives the name of a parameter, without its type and default. */
export function parameterName(node: Node): Node | undefined {
  if (node.type === 'identifier') return node;
  const name = field(node, 'name') ?? namedChildren(node)[0];
  return name === undefined || name === node
    ? undefined
    : name.type === 'identifier'
      ? name
      : parameterName(name);
}

/** Says whether a node is `self.x` or `cls.x`. */
export function isOwnField(node: Node, text: string): boolean {
  return node.type === 'attribute' && /^(self|cls)$/.test(textOf(field(node, 'object'), text));
}

export function classOf(node: Node): Node | undefined {
  for (let at = node.parent; at !== undefined; at = at.parent) if (at.type === 'class_definition') return at;
  return undefined;
}

/** Finds the scope whose name an identifier or `self.x` reads. */
export function resolve(script: Script, node: Node, name = keyOf(node, script.text)): Scope | undefined {
  if (name.startsWith('self.')) {
    const owner = classOf(node);
    const scope = owner && script.scopes.get(owner);
    return scope?.counts.has(name) === true ? scope : undefined;
  }
  for (const at of scopesAround(node)) {
    const scope = script.scopes.get(at);
    const isOwnClass = at.type === 'class_definition' && at === scopeNode(node);
    if (scope?.counts.has(isOwnClass ? `self.${name}` : name) === true) {
      return scope.globals.has(name) ? script.scopes.get(script.root) : scope;
    }
  }
  return undefined;
}

function scopesAround(node: Node): readonly Node[] {
  const found = [scopeNode(node)];
  for (let at = found[0]; at?.parent !== undefined; at = scopeNode(at)) found.push(scopeNode(at));
  return found;
}

/** Gives the name under which a scope knows an identifier or a field. */
export function keyOf(node: Node, text: string): string {
  return isOwnField(node, text) ? `self.${textOf(field(node, 'attribute'), text)}` : textOf(node, text);
}

/** Gives the expression that a name stands for, where it is bound once. */
export function initOf(script: Script, node: Node): Node | undefined {
  const scope = resolve(script, node);
  const name = keyOf(node, script.text);
  const key = scope?.counts.has(name) === true ? name : `self.${name}`;
  return scope?.counts.get(key) === 1 ? scope.inits.get(key) : undefined;
}

/** Gives the dotted text of an expression, without arguments. */
export function dotted(node: Node | undefined, text: string): string {
  if (node === undefined) return '';
  switch (node.type) {
    case 'identifier':
    case 'dotted_name':
    case 'relative_import':
      return textOf(node, text);
    case 'attribute':
      return `${dotted(field(node, 'object'), text)}.${textOf(field(node, 'attribute'), text)}`;
    case 'call':
      return `${dotted(field(node, 'function'), text)}()`;
    case 'subscript':
      return `${dotted(field(node, 'value'), text)}[]`;
    case 'await':
    case 'parenthesized_expression':
      return dotted(namedChildren(node)[0], text);
    default:
      return '?';
  }
}

export interface ImportedName {
  readonly name: string;
  /** What the file calls it. */
  readonly bound: string;
  readonly node: Node;
}

/** Lists what an import binds. */
export function importedNames(node: Node, text: string): readonly ImportedName[] {
  return node.children
    .filter((child) => child.field === 'name')
    .map((child) => {
      const name = textOf(field(child, 'name') ?? child, text);
      const alias = textOf(field(child, 'alias'), text);
      const own = node.type === 'import_statement' ? (name.split('.')[0] ?? name) : name;
      return { name, bound: alias === '' ? own : alias, node: child };
    });
}

/** Lists the real arguments of a call. */
export function argumentsOf(call: Node): readonly Node[] {
  const list = field(call, 'arguments');
  return list === undefined ? [] : list.type === 'argument_list' ? namedChildren(list) : [list];
}

/** Says whether a node is an identifier or a field that is read, not bound and no mere name. */
export function isLoad(node: Node, text: string): boolean {
  if (node.type !== 'identifier') return isOwnField(node, text) && node.field !== 'left';
  if (/^(attribute|name|left|alias)$/.test(node.field ?? '') && node.parent?.type !== 'binary_operator')
    return false;
  return !/^(dotted_name|parameters|lambda_parameters|as_pattern_target|global_statement)$/.test(
    node.parent?.type ?? '',
  );
}
