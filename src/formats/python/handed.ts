import { field, namedChildren, textOf, type Node } from '../tree.ts';
import { refuse, type Handed, type Refusal } from './found.ts';
import type { Entering, Given } from '../types.ts';
import {
  argumentsOf,
  classOf,
  dotted,
  importedNames,
  isLoad,
  parameterName,
  resolve,
  scopeNode,
  type ImportedName,
  type Script,
} from './script.ts';

interface Argument {
  readonly call: Node;
  /** The item of the list: the value, or `name=value`. */
  readonly item: Node;
  readonly argument: number | string;
}

/** Says of which call a value is an argument, and which; nothing behind a splat, where that is not certain. */
function argumentOf(top: Node, text: string): Argument | undefined {
  const item = top.parent?.type === 'keyword_argument' ? top.parent : top;
  const call = item.parent?.type === 'argument_list' ? item.parent.parent : undefined;
  if (call?.type !== 'call') return undefined;
  if (item !== top) return { call, item, argument: textOf(field(item, 'name'), text) };
  const args = argumentsOf(call);
  const index = args.indexOf(top);
  return args.slice(0, index).some((one) => one.type.includes('splat'))
    ? undefined
    : { call, item, argument: index };
}

/** Finds the parameter that an argument goes to; nothing where it is no argument, or of code that is elsewhere. */
export function handedTo(script: Script, top: Node): (Handed & { readonly item: Node }) | undefined {
  const given = argumentOf(top, script.text);
  const definition = given && definitionOf(script, given.call);
  const handed = definition && parameterAt(script, definition, given.argument);
  return handed === undefined || given === undefined ? undefined : { ...handed, item: given.item };
}

function parameterAt(script: Script, definition: Node, argument: number | string): Handed | undefined {
  const init = initializer(definition, script.text);
  const own = init === undefined ? [] : parametersOf(init, definition);
  const named = (one: Node): boolean => textOf(parameterName(one), script.text) === argument;
  const index = typeof argument === 'number' ? argument : own.findIndex(named);
  const parameter = own[index];
  if (parameter === undefined || parameter.type.includes('splat')) return undefined;
  return { definition, name: textOf(field(definition, 'name'), script.text), parameter, index };
}

/** Says to which imported function or class an argument goes. */
export function givenOn(script: Script, top: Node): (Given & { readonly item: Node }) | undefined {
  const given = argumentOf(top, script.text);
  if (given === undefined) return undefined;
  const word = dotted(field(given.call, 'function'), script.text);
  const name = word.split('.').at(-1) ?? word;
  const module = importedFrom(script, word);
  const span = { start: given.item.start, end: given.item.end };
  return module === undefined
    ? undefined
    : { name, module, argument: given.argument, span, item: given.item };
}

/** Gives the module of `Client` or `okta_client.Client`, as the file imports it. */
function importedFrom(script: Script, word: string): string | undefined {
  const holder = word.slice(0, Math.max(word.lastIndexOf('.'), 0));
  for (const node of script.nodes) {
    if (!/^import_(from_)?statement$/.test(node.type)) continue;
    const module = textOf(field(node, 'module_name'), script.text);
    for (const one of importedNames(node, script.text)) {
      const found = module === '' ? ofModule(one, holder) : ofName(one, module, { word, holder });
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function ofModule({ name, bound }: ImportedName, holder: string): string | undefined {
  return holder !== '' && (holder === name || holder === bound) ? name : undefined;
}

function ofName(
  { name, bound }: ImportedName,
  module: string,
  { word, holder }: { readonly word: string; readonly holder: string },
): string | undefined {
  if (word === bound) return module;
  return holder === bound ? `${module}${module.endsWith('.') ? '' : '.'}${name}` : undefined;
}

/** Finds the parameter through which another file gives the secret. */
export function enteringAt(script: Script, { name, argument }: Entering): Handed | undefined {
  const definition = script.nodes.find(
    (node) =>
      /^(function|class)_definition$/.test(node.type) &&
      textOf(field(node, 'name'), script.text) === name &&
      isOfModule(script, node),
  );
  return definition && parameterAt(script, definition, argument);
}

/** `def __init__(self, token=os.getenv("T"))`: the default of a parameter of a function or class of the module. */
export function parameterWithDefault(script: Script, top: Node): Handed | Refusal | undefined {
  const parameter = top.parent;
  const isDefault = parameter?.type.endsWith('default_parameter') === true && top.field === 'value';
  const init = isDefault ? parameter.parent?.parent : undefined;
  if (parameter === undefined || init?.type !== 'function_definition') return undefined;
  const isInit = textOf(field(init, 'name'), script.text) === '__init__';
  const definition = (isInit ? classOf(init) : undefined) ?? init;
  if (!isOfModule(script, definition)) return refuse(top, 'it is the default of an inner function');
  return parameterAt(script, definition, textOf(parameterName(parameter), script.text));
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
  return parameter.type.endsWith('default_parameter');
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
    if (at.type.endsWith('statement')) return true;
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
