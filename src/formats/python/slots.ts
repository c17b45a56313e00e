import type { Slot } from '../../model/facts.ts';
import { field, namedChildren, spanOf, textOf, type Node } from '../tree.ts';
import type { EnvRead } from './reads.ts';
import { argumentsOf, dotted, type Script } from './script.ts';
import { decode, prefixOf, toText } from './texts.ts';

/** A slot with the literal that it is. */
export interface PythonSlot extends Slot {
  /** The whole string, with its quotes. */
  readonly node: Node;
  /** What its entry is: a pair, an argument, a statement, or only the literal. */
  readonly owner: Node;
}

interface Place {
  readonly path: string;
  readonly name: string | null;
  readonly owner: Node;
}

/** Finds every string literal that is a value, with the name that it is given. */
export function pythonSlots(script: Script, reads: readonly EnvRead[]): readonly PythonSlot[] {
  const read = new Map(reads.map((one) => [one.node, one.name]));
  return script.nodes.flatMap((node) => {
    if (node.type !== 'string' || isNoValue(node, read)) return [];
    const place = placeOf(script, node, read);
    const prefix = prefixOf(node, script.text);
    const parts = node.children.filter((child) => child.type === 'string_content');
    return parts.map((part) => ({
      path: place.path,
      name: place.name,
      value: decode(textOf(part, script.text), prefix),
      span: spanOf(part),
      entry: spanOf(place.owner),
      node,
      owner: place.owner,
    }));
  });
}

/** Docstrings, keys, and the names that a read asks for are no values. */
function isNoValue(node: Node, read: ReadonlyMap<Node, string>): boolean {
  const { parent } = node;
  if (parent === undefined) return true;
  if (parent.type === 'expression_statement') return namedChildren(parent).length === 1;
  if (parent.type === 'pair') return node.field === 'key';
  if (parent.type === 'subscript') return node.field === 'subscript';
  const call = parent.type === 'argument_list' ? parent.parent : undefined;
  return call !== undefined && read.has(call) && argumentsOf(call)[0] === node;
}

const transparent =
  /^(parenthesized_expression|boolean_operator|conditional_expression|binary_operator|concatenated_string|interpolation|string|await)$/;

function placeOf(script: Script, node: Node, read: ReadonlyMap<Node, string>): Place {
  let from = node;
  for (let at = node.parent; at !== undefined; from = at, at = at.parent) {
    const fallback = at.type === 'boolean_operator' ? readIn(field(at, 'left'), read) : undefined;
    if (fallback !== undefined && from.field === 'right')
      return { path: fallback, name: fallback, owner: node };
    if (transparent.test(at.type)) continue;
    if (isTextMethod(at, from, script.text)) continue;
    return places[at.type]?.({ script, at, from, read }) ?? { path: '', name: null, owner: node };
  }
  return { path: '', name: null, owner: node };
}

function readIn(node: Node | undefined, read: ReadonlyMap<Node, string>): string | undefined {
  return node === undefined ? undefined : read.get(node);
}

/** `'…'.format(x)`, `'…'.encode()` */
function isTextMethod(node: Node, from: Node, text: string): boolean {
  if (node.type === 'attribute') {
    return /^(format|encode|strip)$/.test(textOf(field(node, 'attribute'), text));
  }
  return node.type === 'call' && from.field === 'function';
}

interface Spot {
  readonly script: Script;
  readonly at: Node;
  readonly from: Node;
  readonly read: ReadonlyMap<Node, string>;
}

const places: Readonly<Record<string, (spot: Spot) => Place | undefined>> = {
  assignment: assigned,
  named_expression: named,
  default_parameter: named,
  typed_default_parameter: named,
  pair,
  keyword_argument: keyword,
  argument_list: argument,
  list: element,
  tuple: element,
  set: element,
  comparison_operator: compared,
  return_statement: returned,
};

function assigned({ script, at, from }: Spot): Place | undefined {
  if (from.field !== 'right') return undefined;
  const left = field(at, 'left');
  const key = left?.type === 'subscript' ? toText(field(left, 'subscript'), script) : null;
  const base = dotted(left, script.text);
  const path = key === null ? base : `${base.slice(0, -2)}.${key}`;
  const owner = at.parent?.type === 'expression_statement' ? at.parent : at;
  return { path, name: key ?? path.split('.').at(-1) ?? path, owner };
}

function named({ script, at, from }: Spot): Place {
  const name = textOf(field(at, 'name'), script.text);
  return { path: name, name, owner: from };
}

function pair({ script, at, read }: Spot): Place {
  const name = toText(field(at, 'key'), script);
  const outer = at.parent === undefined ? '' : placeOf(script, at.parent, read).path;
  return { path: outer === '' ? (name ?? '') : `${outer}.${name ?? '?'}`, name, owner: at };
}

function keyword({ script, at }: Spot): Place {
  const name = textOf(field(at, 'name'), script.text);
  return { path: `${dotted(field(at.parent?.parent, 'function'), script.text)}(${name})`, name, owner: at };
}

/** `add_header('Authorization', '…')`: the argument before names it; the default of a read bears the read's name. */
function argument({ script, at, from, read }: Spot): Place {
  const args = namedChildren(at);
  const index = args.indexOf(from);
  const asked = at.parent && read.get(at.parent);
  if (asked !== undefined) return { path: asked, name: asked, owner: from };
  const before = args[index - 1];
  const name = before?.type === 'string' ? toText(before, script) : null;
  return {
    path: `${dotted(field(at.parent, 'function'), script.text)}(${name ?? index})`,
    name,
    owner: from,
  };
}

function element({ script, at, from, read }: Spot): Place {
  const outer = placeOf(script, at, read);
  return { path: `${outer.path}[${namedChildren(at).indexOf(from)}]`, name: outer.name, owner: from };
}

function compared({ script, at, from }: Spot): Place {
  const other = namedChildren(at).find((one) => one !== from);
  const path = dotted(other, script.text);
  return { path, name: path.split('.').at(-1) ?? null, owner: from };
}

function returned({ script, at, from }: Spot): Place | undefined {
  for (let up = at.parent; up !== undefined; up = up.parent) {
    if (up.type !== 'function_definition') continue;
    const name = textOf(field(up, 'name'), script.text);
    return { path: name, name, owner: from };
  }
  return undefined;
}
