import { child, list, spanOf, type Ast, type JsNode } from './ast.ts';
import { adoptGuard } from './adopt-guard.ts';
import { destinationOf, nameOfParameter, parameterReads, type Destination } from './adopt-handed.ts';
import { adoptHeader, isHeaderPlace } from './adopt-header.ts';
import { refuse, type Refused, type Rewrite } from './adopt-rewrite.ts';
import { returnedTo } from './adopt-returned.ts';
import { adoptClient, isClientToken } from './adopt-sdk.ts';
import { outermost } from './adopt-value.ts';
import { dotted, keyName } from './names.ts';
import { fieldReads, referencesTo } from './references.ts';
import { toText } from './texts.ts';

/** What is followed: the bare secret, or a header value with its scheme. */
type Kind = 'secret' | 'header';

/** Follows the value of an expression to every place that it reaches, and rewrites each. */
export function follow(rewrite: Rewrite, node: JsNode, kind: Kind): Refused | undefined {
  if (rewrite.seen.has(node)) return undefined;
  rewrite.seen.add(node);
  const value = outermost(rewrite, node);
  if (value !== node && rewrite.seen.has(value)) return undefined;
  rewrite.seen.add(value);
  const parent = rewrite.ast.parents.get(value);
  if (parent === undefined) return refuse(node, 'the place where it is read was not understood');
  if (isHeaderPlace(rewrite.ast, value)) return adoptHeader(rewrite, value);
  if (kind === 'secret' && adoptGuard(rewrite, value)) return undefined;
  const place = places[parent.type];
  return place === undefined ? elsewhere(parent, value) : place({ rewrite, parent, value, kind });
}

interface Spot {
  readonly rewrite: Rewrite;
  readonly parent: JsNode;
  readonly value: JsNode;
  readonly kind: Kind;
}

const places: Readonly<Record<string, (spot: Spot) => Refused | undefined>> = {
  TemplateLiteral: followText,
  BinaryExpression: followText,
  VariableDeclarator: followVariable,
  ObjectProperty: followProperty,
  AssignmentExpression: followAssigned,
  ClassProperty: followClassField,
  ClassPrivateProperty: followClassField,
  CallExpression: followArgument,
  NewExpression: followArgument,
  ReturnStatement: followReturned,
  ArrowFunctionExpression: followReturned,
};

/** `SSWS ${token}` is a whole header value; any other text with the secret in it is not understood. */
function followText({ rewrite, value, kind }: Spot): Refused | undefined {
  if (kind === 'header') return refuse(value, 'the header value becomes part of another text');
  let text = value;
  for (let at = rewrite.ast.parents.get(text); at !== undefined; at = rewrite.ast.parents.get(text)) {
    if (at.type !== 'TemplateLiteral' && at.type !== 'BinaryExpression') break;
    text = at;
  }
  const written = toText(text, rewrite.bindings)?.trim() ?? '';
  if (!/^(SSWS|Bearer) \{\}$/i.test(written)) {
    return refuse(value, 'the value becomes part of a text that is no Authorization header');
  }
  return follow(rewrite, text, 'header');
}

/** Follows a variable to each place that reads it, and takes its declaration out. */
function followVariable({ rewrite, parent, value, kind }: Spot): Refused | undefined {
  const id = child(parent, 'id');
  if (id?.type !== 'Identifier') return refuse(value, 'it is taken apart');
  return followName(rewrite, { declared: parent, id, init: value, kind });
}

interface Name {
  readonly declared: JsNode;
  readonly id: JsNode;
  readonly init: JsNode;
  readonly kind: Kind;
}

/** Follows a name that a declaration binds. */
export function followName(rewrite: Rewrite, { declared, id, init, kind }: Name): Refused | undefined {
  const { ast, bindings } = rewrite;
  if (bindings.init(id) !== init) return refuse(id, `${dotted(id)} is assigned more than once`);
  if (isExported(rewrite, declared))
    return refuse(id, `${dotted(id)} is exported, so other files may read it`);
  for (const reference of referencesTo(ast, bindings, init)) {
    const refused = follow(rewrite, reference, kind);
    if (refused !== undefined) return refused;
  }
  rewrite.removed.add(declared);
  return undefined;
}

function isExported({ ast }: Rewrite, node: JsNode): boolean {
  for (let at: JsNode | undefined = node; at !== undefined; at = ast.parents.get(at)) {
    if (at.type.startsWith('Export')) return true;
    if (/^(VariableDeclarator|VariableDeclaration|ObjectPattern|ObjectProperty)$/.test(at.type)) continue;
    return false;
  }
  return false;
}

/** A property of an Okta client, or of an object that the file reads by its path. */
function followProperty({ rewrite, parent, value, kind }: Spot): Refused | undefined {
  if (kind === 'secret' && isClientToken(rewrite, parent)) return adoptClient(rewrite, parent);
  const found = objectPath(rewrite, parent);
  if (found === undefined) return refuse(value, `it is handed on as ${keyName(parent) ?? 'a property'}`);
  const { ast, bindings } = rewrite;
  const { path, root } = found;
  if (isExported(rewrite, root)) return refuse(value, `${path} is exported, so other files may read it`);
  const init = child(root, 'init');
  const reads = new Set(fieldReads(ast, path));
  for (const reference of init === undefined ? [] : referencesTo(ast, bindings, init)) {
    if (!isOnTheWay(rewrite, reference, path, reads))
      return refuse(reference, `${dotted(reference)} is handed on as a whole`);
  }
  for (const read of reads) {
    const refused = follow(rewrite, read, kind);
    if (refused !== undefined) return refused;
  }
  rewrite.removed.add(parent);
  return undefined;
}

/** Gives the path of a property below the variable that holds its object. */
function objectPath(
  { ast }: Rewrite,
  property: JsNode,
): { readonly path: string; readonly root: JsNode } | undefined {
  const keys: string[] = [];
  let at: JsNode | undefined = property;
  while (at?.type === 'ObjectProperty') {
    keys.unshift(keyName(at) ?? '?');
    const object = ast.parents.get(at);
    at = object?.type === 'ObjectExpression' ? ast.parents.get(object) : undefined;
  }
  const id = child(at, 'id');
  if (at?.type !== 'VariableDeclarator' || id?.type !== 'Identifier') return undefined;
  return { path: [dotted(id), ...keys].join('.'), root: at };
}

/** A read of another field of the object, or the start of a read of this one. */
function isOnTheWay({ ast }: Rewrite, reference: JsNode, path: string, reads: ReadonlySet<JsNode>): boolean {
  let at = reference;
  for (let parent = ast.parents.get(at); parent !== undefined; parent = ast.parents.get(at)) {
    if (!/^(Optional)?MemberExpression$/.test(parent.type) || child(parent, 'object') !== at) return false;
    at = parent;
    if (reads.has(at) || !path.startsWith(`${dotted(at)}.`)) return dotted(at) !== path || reads.has(at);
  }
  return false;
}

/** A field of `this`, assigned once. */
function followAssigned({ rewrite, parent, value, kind }: Spot): Refused | undefined {
  const left = child(parent, 'left');
  const path = dotted(left);
  const statement = rewrite.ast.parents.get(parent);
  const isField = path.startsWith('this.') && statement?.type === 'ExpressionStatement';
  if (left === undefined || !isField) return refuse(value, `it is assigned to ${path}`);
  if (rewrite.bindings.init(left) !== value) return refuse(value, `${path} is assigned more than once`);
  rewrite.removed.add(statement);
  for (const declared of fieldsNamed(rewrite.ast, path)) rewrite.removed.add(declared);
  return followField(rewrite, path, kind);
}

/** A field of a class with its value. */
function followClassField({ rewrite, parent, kind }: Spot): Refused | undefined {
  const path = `this.${keyName(parent) ?? '?'}`;
  const isShared = fieldsNamed(rewrite.ast, path).length > 1 || parent['static'] === true;
  const isOpen = parent['accessibility'] !== 'private' && !path.startsWith('this.#');
  if (isShared || isOpen) return refuse(parent, `${path} may be read elsewhere`);
  rewrite.removed.add(parent);
  return followField(rewrite, path, kind);
}

/** Follows what a function gives back to each of its calls; the function goes. */
function followReturned({ rewrite, parent, value, kind }: Spot): Refused | undefined {
  const found = returnedTo(rewrite, value);
  if ('refused' in found) return found;
  const { taken, holder } = found;
  rewrite.returning.set(holder, (rewrite.returning.get(holder) ?? new Set<JsNode>()).add(parent));
  for (const one of taken) {
    const refused = follow(rewrite, one, kind);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

/** Follows an argument into the function or class that takes it. */
function followArgument({ rewrite, parent, value, kind }: Spot): Refused | undefined {
  const found = kind === 'secret' ? destinationOf(rewrite, parent, value) : undefined;
  if (found === undefined) return elsewhere(parent, value);
  rewrite.given.add(value);
  rewrite.removed.add(value);
  if ('parameter' in found) return followParameter(rewrite, found);
  rewrite.gives.push({ name: found.name, module: found.module, argument: found.index, span: spanOf(value) });
  return undefined;
}

/** Follows a parameter to its reads; `private token: string` to those of the field. */
export function followParameter(
  rewrite: Rewrite,
  { parameter, holder, name, index }: Extract<Destination, { parameter: JsNode }>,
): Refused | undefined {
  if (rewrite.parameters.has(parameter)) return undefined;
  rewrite.parameters.set(parameter, { name, index });
  rewrite.removed.add(parameter);
  const reads = parameterReads(rewrite.ast, parameter, holder);
  if ('refused' in reads) return reads;
  for (const read of reads) {
    const refused = follow(rewrite, read, 'secret');
    if (refused !== undefined) return refused;
  }
  if (parameter.type !== 'TSParameterProperty') return undefined;
  if (parameter['accessibility'] !== 'private') return refuse(parameter, 'the field may be read elsewhere');
  return followField(rewrite, `this.${dotted(nameOfParameter(parameter))}`, 'secret');
}

function followField(rewrite: Rewrite, path: string, kind: Kind): Refused | undefined {
  for (const read of fieldReads(rewrite.ast, path)) {
    const refused = follow(rewrite, read, kind);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

function fieldsNamed(ast: Ast, path: string): readonly JsNode[] {
  return ast.nodes.filter(
    (node) => /^Class(Private)?Property$/.test(node.type) && `this.${keyName(node) ?? '?'}` === path,
  );
}

function elsewhere(parent: JsNode, value: JsNode): Refused {
  if (/^(Call|New)Expression$/.test(parent.type) && list(parent, 'arguments').includes(value)) {
    return refuse(value, `it is given to ${dotted(child(parent, 'callee'))}`);
  }
  return refuse(value, 'it is used in a way that is not understood');
}
