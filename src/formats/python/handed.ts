import { field, namedChildren, textOf, type Node } from '../tree.ts';
import { isLoad, refuse, type Refusal } from './flow.ts';
import type { Entering, Given } from '../types.ts';
import {
  argumentsOf,
  classOf,
  dotted,
  importedNames,
  parameterName,
  resolve,
  scopeNode,
  type Script,
} from './script.ts';

/** A parameter of a function of this file, or of a class's `__init__`, that takes a value. */
export interface Handed {
  /** The function or class, by the name that its callers say. */
  readonly definition: Node;
  readonly name: string;
  readonly parameter: Node;
  /** Place among the arguments that a call gives. */
  readonly index: number;
}

/** Finds the parameter that an argument goes to; nothing where it is no argument, or of code that is elsewhere. */
export function handedTo(script: Script, top: Node): Handed | Refusal | undefined {
  const keyword = top.parent?.type === 'keyword_argument' ? top.parent : undefined;
  const list = (keyword ?? top).parent;
  const call = list?.type === 'argument_list' ? list.parent : undefined;
  if (call?.type !== 'call' || list === undefined) return undefined;
  const definition = definitionOf(script, call);
  const init = definition && initializer(definition, script.text);
  if (definition === undefined || init === undefined) return undefined;
  const own = parametersOf(init, definition);
  const place = namedChildren(list).indexOf(top);
  const name = textOf(field(keyword, 'name'), script.text);
  const index =
    keyword === undefined ? place : own.findIndex((one) => textOf(parameterName(one), script.text) === name);
  const before = namedChildren(list).slice(0, Math.max(place, 0));
  const parameter = own[index];
  const isSplat = (node: Node): boolean => /splat/.test(node.type);
  if (parameter === undefined || isSplat(parameter) || before.some(isSplat)) {
    return refuse(
      top,
      `which parameter of ${textOf(field(definition, 'name'), script.text)} takes it is not certain`,
    );
  }
  return { definition, name: textOf(field(definition, 'name'), script.text), parameter, index };
}

/** Says to which imported function or class an argument goes. */
export function givenOn(script: Script, top: Node): Given | undefined {
  const keyword = top.parent?.type === 'keyword_argument' ? top.parent : undefined;
  const list = (keyword ?? top).parent;
  const call = list?.type === 'argument_list' ? list.parent : undefined;
  const callee = call?.type === 'call' ? field(call, 'function') : undefined;
  if (list === undefined || callee === undefined) return undefined;
  const index = namedChildren(list).indexOf(top);
  const argument = keyword === undefined ? index : textOf(field(keyword, 'name'), script.text);
  const before = namedChildren(list).slice(0, Math.max(index, 0));
  if (before.some((one) => /splat|keyword/.test(one.type))) return undefined;
  const word = dotted(callee, script.text);
  for (const node of script.nodes) {
    if (!/^import_(from_)?statement$/.test(node.type)) continue;
    const isFrom = node.type === 'import_from_statement';
    for (const { name, bound } of importedNames(node, script.text)) {
      const module = isFrom ? textOf(field(node, 'module_name'), script.text) : name;
      const span = { start: (keyword ?? top).start, end: (keyword ?? top).end };
      if (isFrom && word === bound) return { name, module, argument, span };
      const inner = word.startsWith(`${isFrom ? bound : name}.`) ? word.split('.').at(-1) : undefined;
      if (inner === undefined || word.includes('?') || word.includes('(')) continue;
      const whole = isFrom ? `${module}${module.endsWith('.') ? '' : '.'}${name}` : name;
      if (word === `${isFrom ? bound : name}.${inner}`) return { name: inner, module: whole, argument, span };
    }
  }
  return undefined;
}

/** Finds the parameter through which another file gives the secret. */
export function enteringAt(script: Script, { name, argument }: Entering): Handed | undefined {
  const definition = script.nodes.find(
    (node) =>
      /^(function|class)_definition$/.test(node.type) &&
      textOf(field(node, 'name'), script.text) === name &&
      isOfModule(script, node),
  );
  const init = definition && initializer(definition, script.text);
  if (definition === undefined || init === undefined) return undefined;
  const own = parametersOf(init, definition);
  const index =
    typeof argument === 'number'
      ? argument
      : own.findIndex((one) => textOf(parameterName(one), script.text) === argument);
  const parameter = own[index];
  if (parameter === undefined || /splat/.test(parameter.type)) return undefined;
  return { definition, name, parameter, index };
}

/** `def __init__(self, token=os.getenv("T"))`: the default of a parameter of a function or class of the module. */
export function parameterWithDefault(script: Script, top: Node): Handed | Refusal | undefined {
  const parameter = top.parent;
  if (!/^(typed_)?default_parameter$/.test(parameter?.type ?? '') || top.field !== 'value') return undefined;
  const init = parameter?.parent?.parent;
  if (parameter === undefined || init?.type !== 'function_definition') return undefined;
  const owner = classOf(init);
  const isInit = textOf(field(init, 'name'), script.text) === '__init__';
  const definition = isInit && owner !== undefined ? owner : init;
  if (!isOfModule(script, definition)) return refuse(top, 'a function within another takes it as a default');
  const index = parametersOf(init, definition).indexOf(parameter);
  return { definition, name: textOf(field(definition, 'name'), script.text), parameter, index };
}

/** Finds each read of a parameter, or says why it cannot be taken out. */
export function readsOf(script: Script, { parameter, definition }: Handed): readonly Node[] | Refusal {
  const name = parameterName(parameter);
  const holder = parameter.parent?.parent;
  const scope = holder && script.scopes.get(holder);
  const word = textOf(name, script.text);
  if (name === undefined || scope === undefined || scope.counts.get(word) !== 1) {
    return refuse(parameter, `${word} is assigned more than once`);
  }
  if (definition.parent?.type === 'decorated_definition') {
    return refuse(definition, 'a decorator may call it in its own way');
  }
  return script.nodes.filter(
    (node) =>
      node.type === 'identifier' &&
      textOf(node, script.text) === word &&
      !(node.start >= (parameter.parent?.start ?? 0) && node.end <= (parameter.parent?.end ?? 0)) &&
      isLoad(node, script.text) &&
      resolve(script, node) === scope,
  );
}

/** Says why a parameter cannot go: something else gives it another value, or holds the function itself. */
export function whyKept(script: Script, handed: Handed, given: ReadonlySet<Node>): Refusal | undefined {
  for (const node of script.nodes) {
    if (!isMention(script, node, handed)) continue;
    const callee = node.parent?.type === 'attribute' ? node.parent : node;
    const call = callee.parent;
    if (call?.type !== 'call' || callee.field !== 'function') {
      return refuse(node, `${handed.name} is used here as a value, so who calls it cannot be told`);
    }
    const argument = argumentFor(call, handed, script.text);
    if (argument === undefined ? !hasDefault(handed) : !given.has(argument)) {
      return refuse(argument ?? call, `${handed.name} gets another token here`);
    }
  }
  return undefined;
}

function hasDefault({ parameter }: Handed): boolean {
  return /default_parameter$/.test(parameter.type);
}

function argumentFor(call: Node, { index, parameter }: Handed, text: string): Node | undefined {
  const args = argumentsOf(call);
  const name = textOf(parameterName(parameter), text);
  const named = args.find(
    (one) => one.type === 'keyword_argument' && textOf(field(one, 'name'), text) === name,
  );
  if (named !== undefined) return named;
  const splat = args.find((one) => /splat/.test(one.type));
  const found = args[index];
  return found?.type === 'keyword_argument' ? splat : (found ?? splat);
}

/** A name of the function or class that is neither its definition nor a type. */
function isMention(script: Script, node: Node, { definition, name }: Handed): boolean {
  if (node.type !== 'identifier' || textOf(node, script.text) !== name) return false;
  if (node.parent === definition || !isCode(node)) return false;
  if (node.field === 'attribute')
    return isMethod(definition) && /^(self|cls)$/.test(dotted(field(node.parent, 'object'), script.text));
  return isLoad(node, script.text) && resolve(script, node)?.node === scopeNode(definition);
}

function isCode(node: Node): boolean {
  for (let at: Node | undefined = node; at !== undefined; at = at.parent) {
    if (at.type === 'type' || at.field === 'return_type') return false;
    if (/statement$/.test(at.type)) return true;
  }
  return true;
}

function definitionOf(script: Script, call: Node): Node | undefined {
  const callee = field(call, 'function');
  const { text } = script;
  const isOwn = callee?.type === 'attribute' && /^(self|cls)$/.test(dotted(field(callee, 'object'), text));
  const name = textOf(isOwn ? field(callee, 'attribute') : callee, text);
  const owner = isOwn ? classOf(call) : undefined;
  if (callee === undefined || (!isOwn && callee.type !== 'identifier')) return undefined;
  const found = script.nodes.filter(
    (node) =>
      /^(function|class)_definition$/.test(node.type) &&
      textOf(field(node, 'name'), text) === name &&
      (isOwn ? isMethod(node) && classOf(node) === owner : isOfModule(script, node)),
  );
  return found.length === 1 ? found[0] : undefined;
}

function isOfModule(script: Script, definition: Node): boolean {
  return scopeNode(definition) === script.root;
}

function isMethod(node: Node): boolean {
  return scopeNode(node).type === 'class_definition';
}

function initializer(definition: Node, text: string): Node | undefined {
  if (definition.type === 'function_definition') return definition;
  return namedChildren(field(definition, 'body') ?? definition).find(
    (one) => one.type === 'function_definition' && textOf(field(one, 'name'), text) === '__init__',
  );
}

/** The parameters that a caller fills: without `self`. */
function parametersOf(init: Node, definition: Node): readonly Node[] {
  const all = namedChildren(field(init, 'parameters') ?? init);
  return definition !== init || isMethod(init) ? all.slice(1) : all;
}
