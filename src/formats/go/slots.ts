import type { Slot } from '../../model/facts.ts';
import { field, namedChildren, spanOf, textOf, type Node } from '../tree.ts';
import type { EnvRead } from './facts.ts';
import { dotted, isFunction, type Source } from './source.ts';
import { literalText } from './texts.ts';

/** A slot with the literal that it is, and what its entry is. */
export interface GoSlot extends Slot {
  readonly literal: Node;
  readonly owner: Node;
}

interface Place {
  readonly path: string;
  readonly name: string | null;
  readonly owner: Node;
}

/** Finds every string literal that is a value, with the name that it is given. */
export function goSlots(source: Source, reads: readonly EnvRead[]): readonly GoSlot[] {
  const reading = new Set(reads.map((one) => one.node));
  return source.nodes.flatMap((literal) => {
    if (!/^(interpreted|raw)_string_literal$/.test(literal.type) || isNoValue(literal, reading)) return [];
    const { path, name, owner } = placeOf(literal, source);
    const span = { start: literal.start + 1, end: literal.end - 1 };
    return [
      { path, name, value: literalText(literal, source.text), span, entry: spanOf(owner), literal, owner },
    ];
  });
}

/** Import paths, tags, keys and the names of variables are no values. */
function isNoValue(node: Node, reading: ReadonlySet<Node>): boolean {
  const { parent } = node;
  if (parent?.type === 'import_spec' || parent?.type === 'field_declaration') return true;
  if (parent?.type === 'literal_element' && parent.field === 'key') return true;
  return parent?.type === 'argument_list' && parent.parent !== undefined && reading.has(parent.parent);
}

const passesThrough = /^(binary_expression|parenthesized_expression|literal_element|expression_list)$/;

function placeOf(literal: Node, source: Source): Place {
  let from = literal;
  for (let at = literal.parent; at !== undefined; from = at, at = at.parent) {
    const isComparison =
      at.type === 'binary_expression' && /^[=!]=$/.test(textOf(field(at, 'operator'), source.text));
    if (isComparison) return compared(at, from, source.text);
    if (passesThrough.test(at.type)) continue;
    return places[at.type]?.({ at, from, literal, source }) ?? { path: '', name: null, owner: literal };
  }
  return { path: '', name: null, owner: literal };
}

interface Spot {
  readonly at: Node;
  readonly from: Node;
  readonly literal: Node;
  readonly source: Source;
}

const places: Readonly<Record<string, (spot: Spot) => Place | undefined>> = {
  short_var_declaration: assigned,
  assignment_statement: assigned,
  const_spec: declared,
  var_spec: declared,
  keyed_element: keyed,
  literal_value: ({ at, from, source }) => ({ ...placeOf(at, source), owner: from }),
  composite_literal: ({ at, source }) => placeOf(at, source),
  argument_list: argument,
  return_statement: returned,
};

function assigned({ at, literal, source }: Spot): Place | undefined {
  const right = namedChildren(field(at, 'right') ?? at);
  const left = namedChildren(field(at, 'left') ?? at);
  const target = left[right.findIndex((one) => one.start <= literal.start && one.end >= literal.end)];
  const path =
    target?.type === 'index_expression' ? indexed(target, source.text) : dotted(target, source.text);
  return { path, name: path.split('.').at(-1) ?? path, owner: right.length === 1 ? at : literal };
}

/** `headers["Authorization"] = …` names it as the key does. */
function indexed(node: Node, text: string): string {
  const key = textOf(field(node, 'index'), text).replaceAll(/^"|"$/g, '');
  return `${dotted(field(node, 'operand'), text)}.${key}`;
}

function declared({ at, source }: Spot): Place {
  const name = textOf(field(at, 'name'), source.text);
  const { parent } = at;
  const isAlone =
    parent !== undefined && parent.type.endsWith('_declaration') && namedChildren(parent).length === 1;
  return { path: name, name, owner: isAlone ? parent : at };
}

function keyed({ at, source }: Spot): Place {
  const key = textOf(field(at, 'key'), source.text).replaceAll(/^"|"$/g, '');
  const outer = at.parent === undefined ? '' : placeOf(at.parent, source).path;
  return { path: outer === '' ? key : `${outer}.${key}`, name: key, owner: at };
}

/** `req.Header.Set("Authorization", "…")`: the argument before names it. */
function argument({ at, from, source }: Spot): Place {
  const args = namedChildren(at);
  const index = args.indexOf(from);
  const before = args[index - 1];
  const name =
    before !== undefined && before.type.endsWith('string_literal') ? literalText(before, source.text) : null;
  return {
    path: `${dotted(field(at.parent, 'function'), source.text)}(${name ?? index})`,
    name,
    owner: from,
  };
}

function compared(node: Node, from: Node, text: string): Place {
  const other = namedChildren(node).find((one) => one !== from);
  const path = dotted(other, text);
  return { path, name: path.split('.').at(-1) ?? null, owner: from };
}

function returned({ at, from, source }: Spot): Place {
  let holder = at.parent;
  while (holder !== undefined && !isFunction(holder)) holder = holder.parent;
  const name = textOf(field(holder, 'name'), source.text);
  return { path: name, name: name === '' ? null : name, owner: from };
}
