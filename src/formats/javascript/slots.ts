import type { Slot } from '../../model/facts.ts';
import { child, isFunction, isWrapper, list, spanOf, word, type Ast, type JsNode } from './ast.ts';
import type { EnvRead } from './env-reads.ts';
import { dotted, keyName } from './names.ts';
import { cooked } from './texts.ts';

/** A slot with the literal that it is. */
export interface JsSlot extends Slot {
  readonly node: JsNode;
  /** What its entry is: a property, a statement, or only the literal. */
  readonly owner: JsNode;
}

interface Place {
  readonly path: string;
  readonly name: string | null;
  readonly owner: JsNode;
}

/** Finds every string literal that is a value, with the name that it is given. */
export function jsSlots(ast: Ast, reads: readonly EnvRead[]): readonly JsSlot[] {
  const read = new Map(reads.map((one) => [one.node, one.name]));
  return ast.nodes.flatMap((node) => {
    const isQuasi = node.type === 'TemplateElement' && node.end > node.start;
    if ((node.type !== 'StringLiteral' && !isQuasi) || isNoValue(ast, node)) return [];
    const place = placeOf(ast, node, read);
    const span = isQuasi ? spanOf(node) : { start: node.start + 1, end: node.end - 1 };
    const value = isQuasi ? cooked(node) : word(node, 'value');
    return [
      {
        path: place.path,
        name: place.name,
        value,
        span,
        entry: spanOf(place.owner),
        node,
        owner: place.owner,
      },
    ];
  });
}

/** Module names, keys and types are no values. */
function isNoValue(ast: Ast, node: JsNode): boolean {
  const parent = ast.parents.get(node);
  if (parent === undefined) return true;
  if (
    /^(Import|Export)\w*Declaration$|^(TSLiteralType|ImportAttribute|TSExternalModuleReference|ImportExpression)$/.test(
      parent.type,
    )
  ) {
    return true;
  }
  if (/Property$|Method$|^TS\w*Signature$|^TSEnumMember$/.test(parent.type) && child(parent, 'key') === node)
    return true;
  if (parent.type.endsWith('MemberExpression')) return child(parent, 'property') === node;
  return parent.type === 'CallExpression' && /^(require|import)$/.test(dotted(child(parent, 'callee')));
}

function placeOf(ast: Ast, node: JsNode, read: ReadonlyMap<JsNode, string>): Place {
  let from = node;
  let fallbackFor: string | undefined;
  for (let at = ast.parents.get(node); at !== undefined; from = at, at = ast.parents.get(at)) {
    fallbackFor ??= at.type === 'LogicalExpression' ? read.get(child(at, 'left') ?? at) : undefined;
    if (passesThrough(at)) continue;
    const place = places[at.type]?.({ ast, at, from, read });
    if (place === undefined) break;
    return fallbackFor === undefined ? place : { path: fallbackFor, name: fallbackFor, owner: node };
  }
  return { path: fallbackFor ?? '', name: fallbackFor ?? null, owner: node };
}

function passesThrough(node: JsNode): boolean {
  if (
    isWrapper(node) ||
    /^(LogicalExpression|ConditionalExpression|TemplateLiteral|AwaitExpression)$/.test(node.type)
  ) {
    return true;
  }
  return node.type === 'BinaryExpression' && word(node, 'operator') === '+';
}

interface Spot {
  readonly ast: Ast;
  readonly at: JsNode;
  readonly from: JsNode;
  readonly read: ReadonlyMap<JsNode, string>;
}

const places: Readonly<Record<string, (spot: Spot) => Place | undefined>> = {
  VariableDeclarator: ({ ast, at }) => variable(ast, at),
  AssignmentExpression: ({ ast, at }) => assigned(ast, at),
  ObjectProperty: property,
  ClassProperty: ({ at }) => ({ path: keyName(at) ?? '', name: keyName(at) ?? null, owner: at }),
  AssignmentPattern: ({ at, from }) => ({ ...onlyNamed(child(at, 'left')), owner: from }),
  CallExpression: ({ at, from }) => argument(at, from),
  OptionalCallExpression: ({ at, from }) => argument(at, from),
  NewExpression: ({ at, from }) => argument(at, from),
  ArrayExpression: element,
  BinaryExpression: ({ at, from }) => compared(at, from),
  JSXAttribute: ({ at, from }) => ({ ...onlyNamed(child(at, 'name')), owner: from }),
  ReturnStatement: ({ ast, at, from }) => ({ ...returned(ast, at), owner: from }),
};

function onlyNamed(node: JsNode | undefined): Pick<Place, 'path' | 'name'> {
  return { path: dotted(node), name: dotted(node) };
}

function variable(ast: Ast, node: JsNode): Place {
  const name = dotted(child(node, 'id'));
  const declaration = ast.parents.get(node);
  const isAlone = list(declaration, 'declarations').length === 1;
  return { path: name, name: name === '?' ? null : name, owner: isAlone ? (declaration ?? node) : node };
}

function assigned(ast: Ast, node: JsNode): Place {
  const path = dotted(child(node, 'left'));
  const statement = ast.parents.get(node);
  return {
    path,
    name: path.split('.').at(-1) ?? path,
    owner: statement?.type === 'ExpressionStatement' ? statement : node,
  };
}

function property({ ast, at: node, read }: Spot): Place {
  const name = keyName(node) ?? null;
  const object = ast.parents.get(node);
  const outer = object === undefined ? '' : placeOf(ast, object, read).path;
  return { path: outer === '' ? (name ?? '') : `${outer}.${name ?? '?'}`, name, owner: node };
}

/** `headers.set('Authorization', '…')`: the argument before names it. */
function argument(call: JsNode, from: JsNode): Place | undefined {
  const args = list(call, 'arguments');
  const at = args.indexOf(from);
  if (at === -1) return undefined;
  const before = args[at - 1];
  const name = before?.type === 'StringLiteral' ? word(before, 'value') : null;
  const callee = dotted(child(call, 'callee'));
  return { path: `${callee}(${name ?? at})`, name, owner: from };
}

function element({ ast, at: node, from, read }: Spot): Place {
  const outer = placeOf(ast, node, read);
  return { path: `${outer.path}[${list(node, 'elements').indexOf(from)}]`, name: outer.name, owner: from };
}

function compared(node: JsNode, from: JsNode): Place {
  const other = child(node, 'left') === from ? child(node, 'right') : child(node, 'left');
  const path = dotted(other);
  return { path, name: path.split('.').at(-1) ?? null, owner: from };
}

function returned(ast: Ast, node: JsNode): Pick<Place, 'path' | 'name'> {
  for (let at = ast.parents.get(node); at !== undefined; at = ast.parents.get(at)) {
    if (!isFunction(at)) continue;
    const name = dotted(child(at, 'id') ?? child(at, 'key'));
    return { path: name, name: name === '' || name === '?' ? null : name };
  }
  return { path: '', name: null };
}
