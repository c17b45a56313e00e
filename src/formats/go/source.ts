import { Scopes } from '../scopes.ts';
import { allNodes, field, namedChildren, textOf, type Node, type Tree } from '../tree.ts';

/** A parsed Go file. */
export interface Source {
  readonly text: string;
  readonly root: Node;
  readonly nodes: readonly Node[];
  /** Gives the expression that a name stands for, where that is certain. */
  readonly init: (node: Node) => Node | undefined;
  readonly imports: readonly Imported[];
}

export interface Imported {
  readonly module: string;
  /** The name that it is called by in the file. */
  readonly local: string;
  readonly node: Node;
}

export function toSource(tree: Tree, text: string): Source {
  const nodes = allNodes(tree.root);
  const scopes = scopesOf(nodes, text);
  return {
    text,
    root: tree.root,
    nodes,
    imports: nodes.flatMap((node) => (node.type === 'import_spec' ? [imported(node, text)] : [])),
    init: (node) => scopes.resolve(dotted(node, text), scopesAround(node)),
  };
}

function imported(node: Node, text: string): Imported {
  const module = textOf(field(node, 'path'), text).slice(1, -1);
  const parts = module.split('/').filter((part) => !/^v\d+$/.test(part));
  const local = textOf(field(node, 'name'), text);
  return { module, local: local === '' ? (parts.at(-1) ?? module) : local, node };
}

/** Gives the dotted text of an expression, without arguments: `client.UserAPI.ListUsers().Limit`. */
export function dotted(node: Node | undefined, text: string): string {
  if (node === undefined) return '?';
  switch (node.type) {
    case 'identifier':
    case 'field_identifier':
      return textOf(node, text);
    case 'selector_expression':
      return `${dotted(field(node, 'operand'), text)}.${textOf(field(node, 'field'), text)}`;
    case 'call_expression':
      return `${dotted(field(node, 'function'), text)}()`;
    case 'index_expression':
      return `${dotted(field(node, 'operand'), text)}[]`;
    case 'parenthesized_expression':
    case 'unary_expression':
      return dotted(namedChildren(node)[0], text);
    default:
      return '?';
  }
}

export function isFunction(node: Node): boolean {
  return /^(function_declaration|method_declaration|func_literal)$/.test(node.type);
}

/** Gives the functions around a node and the file, the nearest first. */
export function scopesAround(node: Node): readonly Node[] {
  const found: Node[] = [];
  for (let at: Node | undefined = node.parent; at !== undefined; at = at.parent) {
    if (isFunction(at) || at.parent === undefined) found.push(at);
  }
  return found;
}

function scopesOf(nodes: readonly Node[], text: string): Scopes<Node> {
  const scopes = new Scopes<Node>();
  for (const node of nodes) {
    const [first, ...outer] = scopesAround(node);
    if (first === undefined) continue;
    for (const { name, init, isNew } of bound(node, text)) {
      scopes.bind(first, name, init);
      if (!isNew) for (const scope of outer) scopes.bind(scope, name, undefined);
    }
  }
  return scopes;
}

interface Bound {
  readonly name: string;
  readonly init: Node | undefined;
  readonly isNew: boolean;
}

function bound(node: Node, text: string): readonly Bound[] {
  switch (node.type) {
    case 'short_var_declaration':
    case 'assignment_statement':
      return pairs(node, text, node.type === 'short_var_declaration');
    case 'const_spec':
    case 'var_spec':
      return specs(node, text);
    case 'parameter_declaration':
    case 'range_clause':
      return node.children
        .filter((one) => one.type === 'identifier')
        .map((one) => ({ name: textOf(one, text), init: undefined, isNew: true }));
    default:
      return [];
  }
}

function pairs(node: Node, text: string, isNew: boolean): readonly Bound[] {
  const left = namedChildren(field(node, 'left') ?? node);
  const right = namedChildren(field(node, 'right') ?? node);
  const isOperator = !isNew && !/^:?=$/.test(textOf(field(node, 'operator'), text) || '=');
  return left.map((one, at) => ({
    name: dotted(one, text),
    init: left.length === right.length && !isOperator ? right[at] : undefined,
    isNew,
  }));
}

function specs(node: Node, text: string): readonly Bound[] {
  const names = node.children.filter((one) => one.field === 'name' && one.named);
  const list = field(node, 'value');
  const values = list === undefined ? [] : namedChildren(list);
  return names.map((one, at) => ({
    name: textOf(one, text),
    init: names.length === values.length ? values[at] : undefined,
    isNew: true,
  }));
}

/** Gives each file of a package apart: a text of several files holds one package clause for each. */
export function piecesOf(source: Source): readonly Source[] {
  const { root, nodes, imports } = source;
  const starts = root.children.filter((node) => node.type === 'package_clause').map(({ start }) => start);
  if (starts.length < 2) return [source];
  return starts.map((start, at) => {
    const from = at === 0 ? 0 : start;
    const isIn = (node: Node): boolean => node.start >= from && node.start < (starts[at + 1] ?? Infinity);
    return {
      ...source,
      root: { ...root, children: root.children.filter(isIn) },
      nodes: nodes.filter(isIn),
      imports: imports.filter(({ node }) => isIn(node)),
    };
  });
}
