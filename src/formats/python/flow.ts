import { field, textOf, type Node } from '../tree.ts';
import { refuse, type Flow, type Handed, type Refusal } from './found.ts';
import { dropGuard } from './guard.ts';
import { givenOn, handedTo, parameterWithDefault, readsOf } from './handed.ts';
import { optionWithDefault, type Option } from './option.ts';
import { passesOn } from './reads.ts';
import { clientToken } from './sdk-client.ts';
import { classOf, dotted, isLoad, isOwnField, keyOf, resolve, type Script } from './script.ts';
import { toText } from './texts.ts';

/** Follows a value from where it is read through its variables into a flow; says why where that is not possible. */
export function follow(script: Script, node: Node, flow: Flow): Refusal | undefined {
  const { header, top } = climb(script, node);
  if (header !== undefined) flow.headers.add(header);
  if (header !== undefined) return undefined;
  if (dropGuard(top, script.text, flow)) return undefined;
  const entry = clientToken(script, top);
  if (entry !== undefined) flow.tokens.add(entry);
  return entry === undefined ? followArgument(script, { node, top }, flow) : undefined;
}

interface Climbed {
  readonly node: Node;
  /** The whole expression that is the value. */
  readonly top: Node;
}

function followArgument(script: Script, { node, top }: Climbed, flow: Flow): Refusal | undefined {
  const handed = handedTo(script, top);
  if (handed !== undefined) {
    flow.given.add(handed.item);
    return followParameter(script, handed, flow);
  }
  const given = givenOn(script, top);
  if (given !== undefined) {
    flow.given.add(given.item);
    flow.gives.push(given);
    return undefined;
  }
  const option = optionWithDefault(script, top);
  if (option !== undefined) return 'refused' in option ? option : followOption(script, option, flow);
  const held = parameterWithDefault(script, top);
  if (held === undefined) return followAssignment(script, { node, top }, flow);
  return 'refused' in held ? held : followParameter(script, held, flow);
}

function followAssignment(script: Script, { node, top }: Climbed, flow: Flow): Refusal | undefined {
  const text = toText(top, script);
  const assignment = top.parent;
  const isPlain = text === null || text === '{}';
  if (!isPlain || assignment?.type !== 'assignment' || top.field !== 'right') {
    return refuse(node, whereTo(top, script.text));
  }
  return followBinding(script, assignment, flow);
}

function followOption(script: Script, { statement, flag, reads }: Option, flow: Flow): Refusal | undefined {
  flow.statements.add(statement);
  flow.flags.push(flag);
  for (const read of reads) {
    const problem = follow(script, read, flow);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

export function followParameter(script: Script, handed: Handed, flow: Flow): Refusal | undefined {
  if (flow.parameters.has(handed.parameter)) return undefined;
  flow.parameters.set(handed.parameter, handed);
  const reads = readsOf(script, handed);
  if (!Array.isArray(reads)) return reads as Refusal;
  for (const read of reads) {
    const problem = follow(script, read, flow);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Says where a value goes that is not understood. */
function whereTo(top: Node, text: string): string {
  const holder = top.parent?.type === 'keyword_argument' ? top.parent.parent : top.parent;
  const call = holder?.type === 'argument_list' ? holder.parent : undefined;
  if (call?.type === 'call')
    return `it is given to ${dotted(field(call, 'function'), text)}, which is not in this file`;
  if (top.parent?.type === 'return_statement')
    return 'a function returns it, and who calls it is not followed';
  return 'the value goes to something else than an Authorization header';
}

function climb(script: Script, node: Node): { readonly header: Node | undefined; readonly top: Node } {
  let header: Node | undefined;
  let at = node;
  for (;;) {
    const { parent } = at;
    if (parent === undefined || !(builds(parent, at, script.text) || passesOn(parent, at, script.text)))
      break;
    at = parent;
    if (/^SSWS\s+\{\}$/i.test(toText(at, script) ?? '')) header = at;
    else if (header !== undefined) break;
  }
  return { header, top: at };
}

/** What makes a longer text out of it. */
function builds(node: Node, from: Node, text: string): boolean {
  if (/^(interpolation|string|concatenated_string|binary_operator)$/.test(node.type)) return true;
  if (node.type === 'tuple') return node.parent?.type === 'binary_operator';
  const isFormat = (call: Node | undefined): boolean =>
    /\.format$|^\?\.format$/.test(dotted(field(call, 'function'), text));
  if (node.type === 'keyword_argument') return isFormat(node.parent?.parent);
  if (node.type === 'argument_list') return isFormat(node.parent);
  return node.type === 'call' && from.type === 'argument_list' && isFormat(node);
}

function followBinding(script: Script, assignment: Node, flow: Flow): Refusal | undefined {
  const left = field(assignment, 'left');
  const statement = assignment.parent;
  if (left === undefined || statement?.type !== 'expression_statement') {
    return refuse(assignment, 'the value is assigned in a way that is not understood');
  }
  if (flow.statements.has(statement)) return undefined;
  const refusal = whyNotBound(script, left);
  if (refusal !== undefined) return refusal;
  flow.statements.add(statement);
  for (const read of loadsOf(script, left)) {
    const problem = follow(script, read, flow);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function whyNotBound(script: Script, left: Node): Refusal | undefined {
  const isName = left.type === 'identifier' || isOwnField(left, script.text);
  const scope = isName ? resolve(script, left) : undefined;
  if (scope === undefined) return refuse(left, 'the value is stored where its readers cannot be told');
  const key = keyOf(left, script.text);
  const known = scope.counts.get(key) ?? scope.counts.get(`self.${key}`);
  if (known !== 1) return refuse(left, `${key} is assigned more than once`);
  return isShared(script, left) ? refuse(left, `${key} is also read from elsewhere`) : undefined;
}

/** A field that others read by an object, or a name that the module says it exports. */
function isShared({ nodes, text }: Script, left: Node): boolean {
  const owner = left.type === 'identifier' ? scopedClass(left) : classOf(left);
  const name = textOf(field(left, 'attribute') ?? left, text);
  return nodes.some((node) => {
    if (node.type === 'assignment' && textOf(field(node, 'left'), text) === '__all__') {
      return new RegExp(`["']${name}["']`).test(textOf(node, text));
    }
    if (owner === undefined || node.type !== 'attribute' || textOf(field(node, 'attribute'), text) !== name)
      return false;
    return !isOwnField(node, text) || classOf(node) !== owner;
  });
}

function scopedClass(node: Node): Node | undefined {
  const statement = node.parent?.parent;
  return statement?.parent?.parent?.type === 'class_definition' ? statement.parent.parent : undefined;
}

/** Finds every read of what an identifier or field is bound to. */
function loadsOf(script: Script, left: Node): readonly Node[] {
  const scope = resolve(script, left);
  const owner = left.type === 'identifier' ? scopedClass(left) : undefined;
  const key = owner === undefined ? keyOf(left, script.text) : `self.${textOf(left, script.text)}`;
  return script.nodes.filter((node) => {
    if (node === left || !isLoad(node, script.text)) return false;
    const own = keyOf(node, script.text);
    const isNamed = own === key || (owner !== undefined && `self.${own}` === key);
    return isNamed && resolve(script, node) === scope;
  });
}
