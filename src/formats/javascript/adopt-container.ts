import { child, list, word, type JsNode } from './ast.ts';
import { destinationOf, parameterReads } from './adopt-handed.ts';
import { returnedTo } from './adopt-returned.ts';
import { refuse, type Refused, type Rewrite } from './adopt-rewrite.ts';
import { dropMember } from './adopt-type.ts';
import { outermost } from './adopt-value.ts';
import { exportNames } from './exports.ts';
import { dotted, keyName, propertyName } from './names.ts';
import { fieldReads, referencesTo } from './references.ts';

/** What a call of a function gives, in a path. */
export const called = '()';

/** An expression, or a name in a pattern, that holds the secret below a path of keys; the secret itself where that is empty. */
export interface Held {
  readonly node: JsNode;
  readonly path: readonly string[];
}

type Next = readonly Held[] | Refused;

/** Gives where an object goes that holds the secret below a path of one key or more. */
export function nextOf(rewrite: Rewrite, { node, path }: Held): Next {
  const value = outermost(rewrite, node);
  const parent = rewrite.ast.parents.get(value);
  const place = parent === undefined ? undefined : places[parent.type];
  if (parent === undefined || place === undefined) return asWhole(value);
  return place({ rewrite, parent, value, path });
}

interface Spot {
  readonly rewrite: Rewrite;
  readonly parent: JsNode;
  readonly value: JsNode;
  readonly path: readonly string[];
}

const places: Readonly<Record<string, (spot: Spot) => Next>> = {
  MemberExpression: nextMember,
  OptionalMemberExpression: nextMember,
  VariableDeclarator: nextVariable,
  AssignmentExpression: nextAssigned,
  ObjectProperty: ({ rewrite, parent, path }) => [
    { node: rewrite.ast.parents.get(parent) ?? parent, path: [keyName(parent) ?? '?', ...path] },
  ],
  SpreadElement: nextSpread,
  CallExpression: nextCall,
  NewExpression: nextCall,
  AwaitExpression: ({ parent, path }) => [{ node: parent, path }],
  ReturnStatement: nextReturned,
  ArrowFunctionExpression: nextReturned,
  UnaryExpression: nextQuestion,
  IfStatement: () => [],
  ExportDefaultDeclaration: ({ rewrite, path }) => expose(rewrite, ['default'], path),
  ExportSpecifier: ({ rewrite, parent, path }) => expose(rewrite, [dotted(child(parent, 'exported'))], path),
};

function asWhole(node: JsNode): Refused {
  return refuse(node, `${dotted(node)} is handed on as a whole`);
}

function expose({ exposes }: Rewrite, names: readonly string[], path: readonly string[]): Next {
  exposes.push(...names.map((name) => ({ name, path })));
  return [];
}

function nextMember({ parent, value, path }: Spot): Next {
  if (child(parent, 'object') !== value) return asWhole(value);
  const [first, ...rest] = path;
  const name = propertyName(parent);
  if (first === called) return asWhole(value);
  if (name === undefined) return refuse(parent, `which field of ${dotted(value)} is read here is not known`);
  return name === first ? [{ node: parent, path: rest }] : [];
}

/** A variable, or names out of a pattern. */
function nextVariable({ rewrite, parent, value, path }: Spot): Next {
  const id = child(parent, 'id');
  if (id === undefined) return asWhole(value);
  dropMember(rewrite, id, path);
  return bound(rewrite, { id, init: child(parent, 'init') ?? value, declared: parent }, path);
}

interface Bound {
  readonly id: JsNode;
  readonly init: JsNode;
  readonly declared: JsNode;
}

function bound(rewrite: Rewrite, { id, init, declared }: Bound, path: readonly string[]): Next {
  const { ast, bindings } = rewrite;
  if (id.type === 'ObjectPattern') return taken(rewrite, id, path);
  if (id.type !== 'Identifier' || bindings.init(id) !== init)
    return refuse(id, `${dotted(id)} is assigned more than once`);
  const names = exportNames(ast, declared, word(id, 'name'));
  if (names.length > 0) expose(rewrite, names, path);
  return referencesTo(ast, bindings, init).map((node) => ({ node, path }));
}

/** The names that a pattern takes out of an object on the way to the secret. */
export function taken(rewrite: Rewrite, pattern: JsNode, path: readonly string[]): Next {
  const [first, ...rest] = path;
  const property = list(pattern, 'properties').find((one) => keyName(one) === first);
  const more = list(pattern, 'properties').find((one) => one.type === 'RestElement');
  if (property === undefined)
    return more === undefined ? [] : refuse(more, 'it is among the rest of an object');
  if (rest.length === 0) return [{ node: property, path: [] }];
  const value = child(property, 'value');
  const id = value?.type === 'AssignmentPattern' ? child(value, 'left') : value;
  if (id === undefined) return refuse(property, 'it is taken apart');
  return bound(rewrite, { id, init: property, declared: property }, rest);
}

/** A field of `this`, assigned once, or what a module exports. */
function nextAssigned({ rewrite, parent, value, path }: Spot): Next {
  const left = child(parent, 'left');
  if (left === undefined || child(parent, 'right') !== value) return asWhole(value);
  const name = dotted(left);
  const exported = /^(module\.exports|exports)(?:\.(\w+))?$/.exec(name);
  if (exported !== null) {
    const [first = '', ...rest] = exported[2] === undefined ? path : [exported[2], ...path];
    return expose(rewrite, [first], rest);
  }
  if (!name.startsWith('this.') || rewrite.bindings.init(left) !== value)
    return refuse(value, `it is assigned to ${name}`);
  return fieldReads(rewrite.ast, name).map((node) => ({ node, path }));
}

function nextSpread({ rewrite, parent, value, path }: Spot): Next {
  const object = rewrite.ast.parents.get(parent);
  return object?.type === 'ObjectExpression' ? [{ node: object, path }] : asWhole(value);
}

/** A call of a function that gives the secret, or an argument that holds it. */
function nextCall({ rewrite, parent, value, path }: Spot): Next {
  const [first, ...rest] = path;
  if (child(parent, 'callee') === value)
    return first === called ? [{ node: parent, path: rest }] : asWhole(value);
  const found = first === called ? undefined : destinationOf(rewrite, parent, value);
  if (found === undefined)
    return refuse(value, `${dotted(value)} is given to ${dotted(child(parent, 'callee'))}`);
  rewrite.given.add(value);
  if ('parameter' in found) return parameterHolds(rewrite, found, path);
  rewrite.gives.push({
    name: found.name,
    module: found.module,
    argument: path.join('.'),
    index: found.index,
    span: { start: parent.start, end: parent.end },
  });
  return [];
}

/** A parameter that is an object with the secret in it. */
export function parameterHolds(
  rewrite: Rewrite,
  { parameter, holder, name, index }: Parameter,
  path: readonly string[],
): Next {
  if (rewrite.parameters.has(parameter)) return [];
  rewrite.parameters.set(parameter, { name, index, path });
  const plain = parameter.type === 'AssignmentPattern' ? (child(parameter, 'left') ?? parameter) : parameter;
  dropMember(rewrite, plain, path);
  if (plain.type === 'ObjectPattern') return taken(rewrite, plain, path);
  const reads = parameterReads(rewrite.ast, parameter, holder);
  if ('refused' in reads) return reads;
  const field = parameter.type === 'TSParameterProperty' ? fieldOf(rewrite, parameter) : [];
  return [...reads, ...field].map((node) => ({ node, path }));
}

interface Parameter {
  readonly parameter: JsNode;
  readonly holder: JsNode;
  readonly name: string;
  readonly index: number;
}

function fieldOf({ ast }: Rewrite, parameter: JsNode): readonly JsNode[] {
  return fieldReads(ast, `this.${dotted(child(parameter, 'parameter'))}`);
}

/** What a function gives back goes to its calls, of which other files may have some. */
function nextReturned({ rewrite, value, path }: Spot): Next {
  const found = returnedTo(rewrite, value);
  if ('refused' in found) return found;
  dropMember(rewrite, found.holder, path);
  if (found.exported.length > 0) expose(rewrite, found.exported, [called, ...path]);
  return found.taken.map((node) => ({ node, path }));
}

/** `!config` asks nothing about what is in it. */
function nextQuestion({ parent, value }: Spot): Next {
  return /^(!|typeof)$/.test(word(parent, 'operator')) ? [] : asWhole(value);
}
