import { field, namedChildren, textOf, type Node } from '../tree.ts';
import { isFunction, type Source } from './source.ts';

/**
 * Gives the struct of this package that an expression surely is one of: a receiver, a parameter, a variable of a
 * declared type, what a literal makes or a function of the package gives back, a field of such a struct.
 */
export function structOf(source: Source, operand: Node | undefined): string | undefined {
  if (operand === undefined) return undefined;
  if (operand.type === 'identifier') return structOfName(source, operand);
  if (operand.type !== 'selector_expression') return structOfValue(source, operand, 0);
  const struct = structOf(source, field(operand, 'operand'));
  return struct === undefined
    ? undefined
    : fieldType(source, struct, textOf(field(operand, 'field'), source.text));
}

function structOfName(source: Source, name: Node): string | undefined {
  const word = textOf(name, source.text);
  const around: Node[] = [];
  for (let at = name.parent; at !== undefined; at = at.parent) {
    if (isFunction(at) || at.parent === undefined) around.push(at);
  }
  for (const scope of around) {
    const types = declaredIn(source, scope, word);
    if (types.length > 0) return types.every((one) => one === types[0]) ? types[0] : undefined;
  }
  return undefined;
}

/** The types that a name is declared with in a function, or at the top of the package. */
function declaredIn(source: Source, scope: Node, word: string): readonly (string | undefined)[] {
  const isTop = scope.parent === undefined;
  return source.nodes.flatMap((node): readonly (string | undefined)[] => {
    if (node.start < scope.start || node.end > scope.end) return [];
    if (isTop && functionAround(node) !== undefined) return [];
    return typesOf(source, node, word);
  });
}

function functionAround(node: Node): Node | undefined {
  for (let at = node.parent; at !== undefined; at = at.parent) if (isFunction(at)) return at;
  return undefined;
}

/** A name's type by one declaration; nothing where the node declares another. */
function typesOf(source: Source, node: Node, word: string): readonly (string | undefined)[] {
  const { text } = source;
  const named = (list: readonly Node[]): number => list.findIndex((one) => textOf(one, text) === word);
  if (/^(parameter_declaration|var_spec|const_spec)$/.test(node.type)) {
    const at = named(node.children.filter((one) => one.field === 'name' && one.named));
    if (at === -1) return [];
    const type = field(node, 'type');
    return [type === undefined ? valueAt(source, field(node, 'value'), at) : nameOfType(type, text)];
  }
  if (node.type === 'short_var_declaration') {
    const at = named(namedChildren(field(node, 'left') ?? node));
    return at === -1 ? [] : [valueAt(source, field(node, 'right'), at)];
  }
  if (node.type !== 'range_clause') return [];
  return named(namedChildren(field(node, 'left') ?? node)) === -1 ? [] : [undefined];
}

/** `cfg, err := load()` takes one of several results. */
function valueAt(source: Source, list: Node | undefined, at: number): string | undefined {
  const values = list === undefined ? [] : namedChildren(list);
  const [only] = values;
  if (only === undefined) return undefined;
  return values.length === 1 ? structOfValue(source, only, at) : structOfValue(source, values[at] ?? only, 0);
}

function structOfValue(source: Source, value: Node, result: number): string | undefined {
  const { text, nodes } = source;
  if (value.type === 'unary_expression' || value.type === 'parenthesized_expression') {
    const inner = namedChildren(value)[0];
    return inner === undefined ? undefined : structOfValue(source, inner, result);
  }
  if (value.type === 'composite_literal') return nameOfType(field(value, 'type'), text);
  const callee = value.type === 'call_expression' ? field(value, 'function') : undefined;
  if (callee?.type !== 'identifier') return undefined;
  const name = textOf(callee, text);
  const made = nodes.find(
    (node) => node.type === 'function_declaration' && textOf(field(node, 'name'), text) === name,
  );
  const type = field(made, 'result');
  if (type?.type !== 'parameter_list') return nameOfType(type, text);
  const each = namedChildren(type).flatMap((one) => {
    const names = one.children.filter((child) => child.field === 'name' && child.named);
    return Array.from({ length: Math.max(names.length, 1) }, () => field(one, 'type'));
  });
  return nameOfType(each[result], text);
}

function fieldType({ nodes, text }: Source, struct: string, name: string): string | undefined {
  const found = nodes.find(
    (node) =>
      node.type === 'field_declaration' &&
      textOf(field(node.parent?.parent?.parent, 'name'), text) === struct &&
      node.children.some((one) => one.field === 'name' && textOf(one, text) === name),
  );
  return nameOfType(field(found, 'type'), text);
}

/** A name, or a pointer to it; a type of another package with its own. */
function nameOfType(type: Node | undefined, text: string): string | undefined {
  const [, name] = /^\*?\s*([A-Za-z_][\w.]*)$/.exec(textOf(type, text)) ?? [];
  return name;
}
