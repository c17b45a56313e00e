import { field, namedChildren, textOf, type Node } from '../tree.ts';
import { dotted, type Source } from './source.ts';
import { structOf } from './struct-of.ts';

/** A field of a struct or a parameter of a function that only holds the secret. */
export interface Holder {
  readonly name: string;
  /** The name where it is declared. */
  readonly declared: Node;
  /** What gives it the secret: an element of a literal, an argument, an assignment. */
  readonly given: Node;
  readonly reads: readonly Node[];
  /** Parameters only: whose, and at which place. */
  readonly parameter?: { readonly of: string; readonly index: number };
}

/** Finds what holds a value that is given on; nothing where a part of it is out of sight. */
export function holderOf(source: Source, value: Node): Holder | undefined {
  return fieldOfLiteral(source, value) ?? fieldAssigned(source, value) ?? parameterOf(source, value);
}

function fieldOfLiteral(source: Source, value: Node): Holder | undefined {
  const given = value.parent?.parent;
  const literal = given?.parent?.parent;
  if (given?.type !== 'keyed_element' || literal?.type !== 'composite_literal') return undefined;
  const name = textOf(field(given, 'key'), source.text);
  return fieldHolder(source, { struct: textOf(field(literal, 'type'), source.text), name, given });
}

function fieldAssigned(source: Source, value: Node): Holder | undefined {
  const given = value.parent?.parent;
  if (given?.type !== 'assignment_statement') return undefined;
  const [left, more] = namedChildren(field(given, 'left') ?? given);
  if (left?.type !== 'selector_expression' || more !== undefined) return undefined;
  const struct = structOf(source, field(left, 'operand'));
  const name = textOf(field(left, 'field'), source.text);
  return struct === undefined ? undefined : fieldHolder(source, { struct, name, given });
}

interface Field {
  readonly struct: string;
  readonly name: string;
  readonly given: Node;
}

function fieldHolder(source: Source, { struct, name, given }: Field): Holder | undefined {
  const { nodes, text } = source;
  const declared = nodes.filter(
    (node) => node.type === 'field_identifier' && node.field === 'name' && textOf(node, text) === name,
  );
  const own = declared.find((node) => {
    const spec = node.parent?.parent?.parent?.parent;
    return node.parent?.type === 'field_declaration' && textOf(field(spec, 'name'), text) === struct;
  });
  if (own === undefined || givers(source, struct, name).some((one) => one !== given)) return undefined;
  const all = nodes.filter(
    (node) => node.type === 'selector_expression' && textOf(field(node, 'field'), text) === name,
  );
  const reads = all.filter((node) => !(node.parent?.parent === given && node.parent.field === 'left'));
  const typed = reads.map((node) => ({ node, of: structOf(source, field(node, 'operand')) }));
  // A field of that name in another struct is another field.
  const mine = typed.filter(({ of }) => of === undefined || of === struct).map(({ node }) => node);
  const isCertain = typed.every(({ node, of }) => of !== undefined && (of !== struct || !isWritten(node)));
  return isCertain ? { name, declared: own, given, reads: mine } : undefined;
}

/** Elements of literals that fill a field; of a literal without keys, all of it. */
function givers({ nodes, text }: Source, struct: string, name: string): readonly Node[] {
  return nodes.flatMap((node) => {
    if (node.type !== 'composite_literal' || textOf(field(node, 'type'), text) !== struct) return [];
    const elements = namedChildren(field(node, 'body') ?? node).filter((one) => one.type !== 'comment');
    return elements.filter((one) => one.type !== 'keyed_element' || textOf(field(one, 'key'), text) === name);
  });
}

function isWritten(node: Node): boolean {
  const { parent } = node;
  const isAssigned = parent?.type === 'expression_list' && parent.field === 'left';
  return isAssigned || /^(unary_expression|(inc|dec)_statement)$/.test(parent?.type ?? '');
}

function namesOf(declaration: Node): readonly Node[] {
  return declaration.children.filter((one) => one.field === 'name' && one.named);
}

function rebinds({ nodes, text }: Source, within: Node, word: string): boolean {
  return nodes.some((node) => {
    if (node.start < within.start || node.end > within.end) return false;
    if (/^(var|const)_spec$/.test(node.type)) return namesOf(node).some((one) => textOf(one, text) === word);
    if (!/^(short_var_declaration|assignment_statement|range_clause)$/.test(node.type)) return false;
    return namedChildren(field(node, 'left') ?? node).some((one) => dotted(one, text) === word);
  });
}

function parameterOf(source: Source, value: Node): Holder | undefined {
  const { nodes, text } = source;
  const list = value.parent;
  const definition = list?.type === 'argument_list' ? calledOnce(source, list.parent) : undefined;
  const body = field(definition, 'body');
  const parameters = namedChildren(field(definition, 'parameters') ?? value);
  const index = namedChildren(list ?? value).indexOf(value);
  const declared = parameters.flatMap(namesOf)[index];
  const isPlain = parameters.every((one) => one.type === 'parameter_declaration');
  if (body === undefined || declared === undefined || !isPlain) return undefined;
  const name = textOf(declared, text);
  if (name === '_' || rebinds(source, body, name) || shadows(source, body, name)) return undefined;
  const reads = nodes.filter(
    (node) =>
      node.type === 'identifier' && isWithin(node, body) && textOf(node, text) === name && !isKey(node),
  );
  const of = textOf(field(definition, 'name'), text);
  return { name, declared, given: value, reads, parameter: { of, index } };
}

/** Gives the function of this file that a call is the only mention of. */
function calledOnce({ nodes, text }: Source, call: Node | undefined): Node | undefined {
  const callee = field(call, 'function');
  if (callee?.type !== 'identifier') return undefined;
  const of = textOf(callee, text);
  const mentions = nodes.filter((node) => node.type === 'identifier' && textOf(node, text) === of);
  return mentions.length === 2
    ? mentions.find((node) => node.parent?.type === 'function_declaration')?.parent
    : undefined;
}

function shadows({ nodes, text }: Source, body: Node, name: string): boolean {
  return nodes.some(
    (node) =>
      node.type === 'parameter_declaration' &&
      isWithin(node, body) &&
      namesOf(node).some((one) => textOf(one, text) === name),
  );
}

function isWithin(inner: Node, outer: Node): boolean {
  return inner.start >= outer.start && inner.end <= outer.end;
}

/** `token` in `client{token: value}` is a name, not a read. */
export function isKey(node: Node): boolean {
  return node.field === 'key' || node.parent?.field === 'key';
}

/** Gives the list that an item is one of: an argument, an element, a name beside others, or its whole declaration. */
export function itemOf(node: Node): Node {
  const { parent } = node;
  if (parent === undefined || !/^(parameter|field)_declaration$/.test(parent.type)) return node;
  return namesOf(parent).length > 1 ? node : parent;
}

/** Gives the items that stand beside one. */
export function besides(item: Node): readonly Node[] {
  const { parent } = item;
  if (parent === undefined) return [item];
  return /^(parameter|field)_declaration$/.test(parent.type) ? namesOf(parent) : namedChildren(parent);
}
