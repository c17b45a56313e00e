import { child, list, spanOf, type Ast, type JsNode } from './ast.ts';
import { adoptGuard } from './adopt-guard.ts';
import { called, nextOf, type Held } from './adopt-container.ts';
import { destinationOf, nameOfParameter, parameterReads, type Destination } from './adopt-handed.ts';
import { adoptHeader, isHeaderPlace } from './adopt-header.ts';
import { refuse, type Refused, type Rewrite } from './adopt-rewrite.ts';
import { returnedTo } from './adopt-returned.ts';
import { adoptClient, isClientToken } from './adopt-sdk.ts';
import { outermost } from './adopt-value.ts';
import { exportNames, wholeModule } from './exports.ts';
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
  ExportSpecifier: followExport,
  ExportDefaultDeclaration: followExport,
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
function followName(rewrite: Rewrite, { declared, id, init, kind }: Name): Refused | undefined {
  const { ast, bindings } = rewrite;
  if (bindings.init(id) !== init) return refuse(id, `${dotted(id)} is assigned more than once`);
  rewrite.exposes.push(...exportNames(ast, declared, dotted(id)).map((name) => ({ name, path: [] })));
  for (const reference of referencesTo(ast, bindings, init)) {
    const refused = follow(rewrite, reference, kind);
    if (refused !== undefined) return refused;
  }
  rewrite.removed.add(declared);
  return undefined;
}

/** A property of an Okta client, or of an object that goes somewhere. */
function followProperty({ rewrite, parent, value, kind }: Spot): Refused | undefined {
  if (kind === 'secret' && isClientToken(rewrite, parent)) return adoptClient(rewrite, parent);
  const object = rewrite.ast.parents.get(parent);
  const key = keyName(parent);
  if (object?.type !== 'ObjectExpression' || key === undefined)
    return refuse(value, 'it is handed on under a name that is not known');
  rewrite.removed.add(parent);
  return followHeld(rewrite, { node: object, path: [key] }, kind);
}

/** Follows an object that holds the secret below a path of keys. */
export function followHeld(rewrite: Rewrite, { node, path }: Held, kind: Kind): Refused | undefined {
  if (path.length === 0) return followRead(rewrite, node, kind);
  const known = rewrite.held.get(node) ?? new Set<string>();
  if (known.has(path.join('.'))) return undefined;
  rewrite.held.set(node, known.add(path.join('.')));
  const next = nextOf(rewrite, { node, path });
  return followAllHeld(rewrite, next, kind);
}

export function followAllHeld(
  rewrite: Rewrite,
  next: readonly Held[] | Refused,
  kind: Kind,
): Refused | undefined {
  if ('refused' in next) return next;
  for (const one of next) {
    const refused = followHeld(rewrite, one, kind);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

/** Follows an expression, or the name that a pattern or an import binds. */
export function followRead(rewrite: Rewrite, node: JsNode, kind: Kind): Refused | undefined {
  const isPattern = rewrite.ast.parents.get(node)?.type === 'ObjectPattern';
  if (!isPattern && !/^Import\w*Specifier$/.test(node.type)) return follow(rewrite, node, kind);
  const value = child(node, isPattern ? 'value' : 'local');
  const id = value?.type === 'AssignmentPattern' ? child(value, 'left') : value;
  if (id?.type !== 'Identifier') return refuse(node, 'it is taken apart');
  return followName(rewrite, { declared: node, id, init: node, kind });
}

/** A field of `this`, assigned once. */
function followAssigned({ rewrite, parent, value, kind }: Spot): Refused | undefined {
  const left = child(parent, 'left');
  const path = dotted(left);
  const statement = rewrite.ast.parents.get(parent);
  const exported = /^(?:module\.exports|exports)(?:\.(\w+))?$/.exec(path);
  if (exported !== null && statement?.type === 'ExpressionStatement') {
    rewrite.removed.add(statement);
    rewrite.exposes.push({ name: exported[1] ?? wholeModule, path: [] });
    return undefined;
  }
  const isField = path.startsWith('this.') && statement?.type === 'ExpressionStatement';
  if (left === undefined || !isField) return refuse(value, `it is assigned to ${path}`);
  if (rewrite.bindings.init(left) !== value) return refuse(value, `${path} is assigned more than once`);
  rewrite.removed.add(statement);
  removeField(rewrite, path);
  return followField(rewrite, path, kind);
}

/** Takes the declarations of a field out. Unless it is private, nothing else may read it. */
function removeField({ ast, removed, openFields }: Rewrite, path: string): void {
  const declared = fieldsNamed(ast, path);
  for (const one of declared) removed.add(one);
  const isPrivate = path.includes('#') || declared.some((one) => one['accessibility'] === 'private');
  if (!isPrivate) openFields.add(path.slice('this.'.length));
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
  const { taken, holder, exported, mentions } = found;
  rewrite.exposes.push(...exported.map((name) => ({ name, path: [called] })));
  for (const one of mentions) rewrite.removed.add(one);
  rewrite.returning.set(holder, (rewrite.returning.get(holder) ?? new Set<JsNode>()).add(parent));
  for (const one of taken) {
    const refused = follow(rewrite, one, kind);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

/** `export { token }`, `export default token`. */
function followExport({ rewrite, parent }: Spot): Refused | undefined {
  const name = parent.type === 'ExportSpecifier' ? dotted(child(parent, 'exported')) : 'default';
  rewrite.removed.add(parent);
  rewrite.exposes.push({ name, path: [] });
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
