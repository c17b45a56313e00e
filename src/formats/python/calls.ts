import type { Arg, Call, Import } from '../../model/facts.ts';
import type { Span } from '../../model/place.ts';
import { field, namedChildren, spanOf, textOf, type Node } from '../tree.ts';
import { argumentsOf, dotted, importedNames, type Script } from './script.ts';
import { toDictionary, toText } from './texts.ts';

/** Finds the calls of a file, with their arguments as flat names and texts. */
export function pythonCalls(script: Script): readonly Call[] {
  return script.nodes
    .filter((node) => node.type === 'call')
    .map((node) => ({
      callee: dotted(field(node, 'function'), script.text),
      args: argumentsOf(node).flatMap((one) => toArgs(one, null, script)),
      span: spanOf(node),
    }));
}

function toArgs(node: Node, name: string | null, script: Script, depth = 0): readonly Arg[] {
  const span = spanOf(node);
  if (depth > 6) return [{ name, text: null, span }];
  const under = (key: string): string => (name === null ? key : `${name}.${key}`);
  if (/^(keyword_argument|pair)$/.test(node.type)) {
    const value = field(node, 'value');
    return value === undefined ? [] : toArgs(value, under(keyOfEntry(node, script)), script, depth + 1);
  }
  if (/^(dictionary_splat|list_splat)$/.test(node.type)) {
    const held = toDictionary(namedChildren(node)[0], script);
    return held === undefined ? [{ name, text: null, span }] : toArgs(held, name, script, depth + 1);
  }
  const held = toDictionary(node, script);
  if (held !== undefined) {
    const entries = held.type === 'call' ? argumentsOf(held) : namedChildren(held);
    return entries.flatMap((one) => toArgs(one, name, script, depth + 1));
  }
  if (/^(list|tuple)$/.test(node.type)) {
    return namedChildren(node).flatMap((one) => toArgs(one, name, script, depth + 1));
  }
  return [{ name, text: toText(node, script), span }];
}

function keyOfEntry(node: Node, script: Script): string {
  if (node.type !== 'pair') return textOf(field(node, 'name'), script.text);
  return toText(field(node, 'key'), script) ?? '?';
}

/** Finds what a file imports, with the names that it binds. */
export function pythonImports({ nodes, text }: Script): readonly Import[] {
  return nodes.flatMap((node) => {
    const span = spanOf(node);
    const names = importedNames(node, text);
    if (node.type === 'import_statement') {
      return names.map(({ name, bound }) => ({ module: name, names: [bound], span }));
    }
    if (node.type !== 'import_from_statement') return [];
    const module = textOf(field(node, 'module_name'), text);
    const isAll = node.children.some((one) => one.type === 'wildcard_import');
    return [{ module, names: isAll ? ['*'] : names.map(({ bound }) => bound), span }];
  });
}

/** Finds where a file answers requests: handler classes, routes, cloud functions. */
export function pythonListens({ nodes, text }: Script): readonly Span[] {
  return nodes
    .filter((node) => isHandlerClass(node, text) || isRoute(node, text) || isHandler(node, text))
    .map(spanOf);
}

/** Lists the dotted names of the classes that a class is built on. */
export function basesOf(node: Node, text: string): readonly string[] {
  const list = field(node, 'superclasses');
  return list === undefined ? [] : namedChildren(list).map((one) => dotted(one, text));
}

function isHandlerClass(node: Node, text: string): boolean {
  return (
    node.type === 'class_definition' &&
    basesOf(node, text).some((base) => /(RequestHandler|APIView|MethodView|ViewSet)$/.test(base))
  );
}

function isRoute(node: Node, text: string): boolean {
  const call = node.type === 'decorator' ? namedChildren(node)[0] : node.type === 'call' ? node : undefined;
  if (call?.type !== 'call') return false;
  const callee = dotted(field(call, 'function'), text);
  if (node.type === 'decorator') {
    return /\.(route|api_route|get|post|put|patch|delete|websocket)$/.test(callee);
  }
  return /\.(add_url_rule|add_route|add_api_route|add_get|add_post)$|(^|\.)make_server$/.test(callee);
}

function isHandler(node: Node, text: string): boolean {
  return (
    node.type === 'function_definition' &&
    node.parent?.type === 'module' &&
    /^(lambda_)?handler$/.test(textOf(field(node, 'name'), text))
  );
}
