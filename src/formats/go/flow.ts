import type { Span } from '../../model/place.ts';
import { above, field, namedChildren, spanOf, textOf, type Node } from '../tree.ts';
import { holderOf, isKey, itemOf, type Holder } from './handed.ts';
import { clientToken } from './sdk-client.ts';
import { dotted, isFunction, type Source } from './source.ts';
import { toText } from './texts.ts';

/** A statement `req.Header.Set("Authorization", …)`. */
export interface Site {
  readonly statement: Node;
  /** The outgoing request. */
  readonly request: Node;
}

/** Where the value of a secret goes. */
export interface Flow {
  readonly sites: Map<Node, Site>;
  /** Declarations and checks that go with the value. */
  readonly statements: Set<Node>;
  /** Fields and parameters that held it, with what gave it to them. */
  readonly items: Map<Node, Holder | undefined>;
  /** Values given to a client of Okta's SDK, with the setting that takes them. */
  readonly tokens: Map<Node, Node>;
}

export interface Refusal {
  readonly refused: string;
  readonly at: Span;
}

export function refuse(node: Node, refused: string): Refusal {
  return { refused, at: spanOf(node) };
}

const header = /^SSWS\s+\{\}$/i;

/** Follows a value from where it is read through its variables into a flow; says why where that is not possible. */
export function follow(source: Source, node: Node, flow: Flow): Refusal | undefined {
  const top = climb(source, node);
  const guard = guardOf(source, top);
  if (guard !== undefined) {
    flow.statements.add(guard);
    return undefined;
  }
  const client = clientToken(source, top);
  if (client !== undefined) {
    flow.tokens.set(top, client);
    return undefined;
  }
  const text = toText(top, source);
  const isHeader = text !== null && header.test(text);
  const site = isHeader ? siteOf(source, top) : undefined;
  if (site !== undefined) {
    flow.sites.set(site.statement, site);
    return undefined;
  }
  if (text !== null && text !== '{}' && !isHeader) {
    return refuse(node, 'the value goes to something else than an Authorization header');
  }
  return followBinding(source, top, flow);
}

/** Gives the whole expression that a value becomes. */
function climb(source: Source, node: Node): Node {
  let at = node;
  while (at.parent !== undefined && builds(at.parent, source.text)) at = at.parent;
  return at.type === 'argument_list' ? (namedChildren(at).find((one) => contains(one, node)) ?? node) : at;
}

function builds(node: Node, text: string): boolean {
  if (node.type === 'parenthesized_expression') return true;
  if (node.type === 'binary_expression') return textOf(field(node, 'operator'), text) === '+';
  const call = node.type === 'argument_list' ? node.parent : node;
  if (call?.type !== 'call_expression') return false;
  return /^(fmt\.Sprintf?|strings\.Trim\w*|string)$/.test(dotted(field(call, 'function'), text));
}

function contains(outer: Node, inner: Node): boolean {
  return outer.start <= inner.start && outer.end >= inner.end;
}

function siteOf({ text, ...source }: Source, value: Node): Site | undefined {
  const list = value.parent;
  const call = list?.parent;
  const callee = field(call, 'function');
  if (list?.type !== 'argument_list' || call?.parent?.type !== 'expression_statement') return undefined;
  if (!/\.Header\.(Set|Add)$/.test(dotted(callee, text))) return undefined;
  const [name, given] = namedChildren(list);
  if (given !== value || toText(name, { text, ...source })?.toLowerCase() !== 'authorization')
    return undefined;
  const request = field(field(callee, 'operand'), 'operand');
  return request === undefined ? undefined : { statement: call.parent, request };
}

/** `if token == "" { log.Fatal(…) }` says nothing once there is no such value. */
function guardOf({ text }: Source, node: Node): Node | undefined {
  const call = node.parent?.parent;
  const test =
    call !== undefined && dotted(field(call, 'function'), text) === 'len' ? call.parent : node.parent;
  if (test?.type !== 'binary_expression' || !/==\s*(""|``|0)$/.test(textOf(test, text))) return undefined;
  return onlyLeaves(test.parent, text) ? test.parent : undefined;
}

function onlyLeaves(node: Node | undefined, text: string): boolean {
  if (node?.type !== 'if_statement' || field(node, 'alternative') !== undefined) return false;
  const body = namedChildren(field(node, 'consequence') ?? node)[0];
  const last = body && namedChildren(body).at(-1);
  return last !== undefined && leaves(last, text);
}

function leaves(node: Node, text: string): boolean {
  if (node.type === 'return_statement') return true;
  const call = node.type === 'expression_statement' ? namedChildren(node)[0] : undefined;
  return /^(log\.Fatal\w*|log\.Panic\w*|panic|os\.Exit)$/.test(dotted(field(call, 'function'), text));
}

function followBinding(source: Source, value: Node, flow: Flow): Refusal | undefined {
  const bound = declarationOf(value);
  if (bound === undefined) return followHolder(source, value, flow);
  const { name, statement } = bound;
  if (flow.statements.has(statement)) return undefined;
  const problem = whyNotBound(source, bound, value);
  if (problem !== undefined) return problem;
  if (statement.field === 'initializer') return followHead(source, bound, value, flow);
  flow.statements.add(statement);
  return followReads(source, name, value, flow);
}

/** Follows a value into a field or a parameter, and on from each read of it. */
function followHolder(source: Source, value: Node, flow: Flow): Refusal | undefined {
  const holder = holderOf(source, value);
  if (holder === undefined)
    return refuse(value, 'the value goes to something else than an Authorization header');
  const item = itemOf(holder.declared);
  if (flow.items.has(item)) return undefined;
  flow.items.set(item, holder);
  if (holder.given.type === 'assignment_statement') flow.statements.add(holder.given);
  else flow.items.set(holder.given, undefined);
  for (const read of holder.reads) {
    const refusal = follow(source, read, flow);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function whyNotBound(source: Source, { name, statement }: Declaration, value: Node): Refusal | undefined {
  const word = textOf(name, source.text);
  if (source.init(name) !== value) return refuse(name, `${word} is assigned more than once`);
  const isExported = /^[A-Z]/.test(word) && above(statement, isFunction) === undefined;
  return isExported ? refuse(name, 'other packages may read this variable') : undefined;
}

function followReads(source: Source, name: Node, value: Node, flow: Flow): Refusal | undefined {
  for (const read of readsOf(source, name, value)) {
    const refusal = follow(source, read, flow);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** `if token := …; token == "" { … }` goes whole, or not at all. */
function followHead(
  source: Source,
  { name, statement }: Declaration,
  value: Node,
  flow: Flow,
): Refusal | undefined {
  const own: Flow = { sites: new Map(), statements: new Set(), items: new Map(), tokens: new Map() };
  const refusal = followReads(source, name, value, own);
  const holder = statement.parent;
  if (refusal !== undefined) return refusal;
  if (
    holder === undefined ||
    own.sites.size + own.items.size + own.tokens.size > 0 ||
    !own.statements.has(holder)
  ) {
    return refuse(value, 'the value is bound in the head of a statement');
  }
  flow.statements.add(holder);
  return undefined;
}

export interface Declaration {
  readonly name: Node;
  readonly statement: Node;
}

/** Gives what declares one name with one value: `token := …`, `var token = …`. */
export function declarationOf(value: Node): Declaration | undefined {
  const list = value.parent;
  if (list?.type !== 'expression_list' || namedChildren(list).length !== 1) return undefined;
  const holder = list.parent;
  if (holder === undefined) return undefined;
  const [name, more] = namesOf(holder, list);
  if (name?.type !== 'identifier' || more !== undefined) return undefined;
  return { name, statement: wholeDeclaration(holder) };
}

function namesOf(holder: Node, list: Node): readonly Node[] {
  if (/^(var|const)_spec$/.test(holder.type)) return specNames(holder);
  const isGiven = holder.type === 'short_var_declaration' && list.field === 'right';
  return isGiven ? namedChildren(field(holder, 'left') ?? holder) : [];
}

function specNames(spec: Node): readonly Node[] {
  return spec.children.filter((one) => one.field === 'name' && one.named);
}

function wholeDeclaration(spec: Node): Node {
  let at = spec;
  while (at.parent !== undefined && /^(var|const)_(spec_list|declaration)$/.test(at.parent.type)) {
    if (namedChildren(at.parent).length > 1) break;
    at = at.parent;
  }
  return at;
}

/** Finds every read of a name that stands for a value. */
export function readsOf({ init, nodes, text }: Source, name: Node, value: Node): readonly Node[] {
  const word = textOf(name, text);
  return nodes.filter(
    (node) =>
      node.type === 'identifier' &&
      node !== name &&
      !isKey(node) &&
      textOf(node, text) === word &&
      init(node) === value,
  );
}
