import { field, namedChildren, textOf, type Node } from '../tree.ts';
import { refuse, type Refusal, type Site } from './flow.ts';
import { dotted, isFunction, type Source } from './source.ts';

/** What a rewritten statement needs from around it. */
export interface Context {
  /** The request being answered; undefined where there is none in sight. */
  readonly inbound: string | undefined;
  /** What to do with an error, one line each. */
  readonly exit: readonly string[];
}

interface Parameter {
  readonly name: string;
  readonly type: string;
}

/** Finds the request that a function answers, and how the function tells an error. */
export function contextOf(source: Source, site: Site): Context | Refusal {
  const { text } = source;
  const around = functionsAround(site.statement);
  const [nearest] = around;
  if (nearest === undefined) return refuse(site.statement, 'it stands in no function');
  if (!isOutgoing(source, site.request, around)) {
    return refuse(site.request, 'it is not certain that this is the request that is sent');
  }
  const exit = exitOf(source, nearest);
  if (exit === undefined) return refuse(site.statement, 'this function has no way to tell an error');
  const handler = around.find((one) => inboundOf(parametersOf(one, text)) !== undefined);
  const inbound = handler && inboundOf(parametersOf(handler, text));
  const root = inbound?.split('.')[0];
  if (root !== undefined && isRebound(source, root, site.statement, around)) {
    return refuse(site.statement, `${root} is not the request any more`);
  }
  return { inbound, exit };
}

function functionsAround(node: Node): readonly Node[] {
  const found: Node[] = [];
  for (let at = node.parent; at !== undefined; at = at.parent) if (isFunction(at)) found.push(at);
  return found;
}

function parametersOf(node: Node, text: string): readonly Parameter[] {
  const list = field(node, 'parameters');
  return (list === undefined ? [] : namedChildren(list)).flatMap((one) => {
    const type = textOf(field(one, 'type'), text);
    const names = one.children.filter((child) => child.field === 'name' && child.named);
    return names.map((name) => ({ name: textOf(name, text), type })).filter(({ name }) => name !== '_');
  });
}

/** A `*http.Request` is one being answered only beside a `ResponseWriter`; a round tripper has one to send. */
function inboundOf(parameters: readonly Parameter[]): string | undefined {
  const named = (type: RegExp): string | undefined => parameters.find((one) => type.test(one.type))?.name;
  const gin = named(/^\*gin\.Context$/);
  if (gin !== undefined) return `${gin}.Request`;
  const echo = named(/^echo\.Context$/);
  if (echo !== undefined) return `${echo}.Request()`;
  return parameters.some((one) => one.type === 'http.ResponseWriter')
    ? named(/^\*http\.Request$/)
    : undefined;
}

function isRebound({ nodes, text }: Source, name: string, at: Node, around: readonly Node[]): boolean {
  return nodes.some((node) => {
    if (node.type !== 'short_var_declaration' || node.start > at.start) return false;
    const isNear = around.some((one) => one.start <= node.start && one.end >= node.end);
    return isNear && namedChildren(field(node, 'left') ?? node).some((one) => textOf(one, text) === name);
  });
}

function isOutgoing({ nodes, text }: Source, request: Node, around: readonly Node[]): boolean {
  if (request.type !== 'identifier') return false;
  const name = textOf(request, text);
  if (
    around.some((one) => parametersOf(one, text).some((p) => p.name === name && p.type === '*http.Request'))
  ) {
    return true;
  }
  return nodes.some((node) => {
    if (!/^(short_var_declaration|assignment_statement)$/.test(node.type)) return false;
    const first = namedChildren(field(node, 'left') ?? node)[0];
    const made = namedChildren(field(node, 'right') ?? node)[0];
    const isNew = /^http\.NewRequest(WithContext)?$|\.(Clone|WithContext)$/;
    return textOf(first, text) === name && isNew.test(dotted(field(made, 'function'), text));
  });
}

function exitOf(source: Source, node: Node): readonly string[] | undefined {
  const { text } = source;
  const results = resultsOf(node, text);
  if (results.length > 0) {
    const zeros = results.slice(0, -1).map(zeroOf);
    if (results.at(-1) !== 'error' || zeros.includes(undefined)) return undefined;
    return [`return ${[...zeros, 'err'].join(', ')}`];
  }
  const parameters = parametersOf(node, text);
  const writer = parameters.find((one) => one.type === 'http.ResponseWriter')?.name;
  if (writer !== undefined) return [`http.Error(${writer}, err.Error(), http.StatusBadGateway)`, 'return'];
  const gin = parameters.find((one) => one.type === '*gin.Context')?.name;
  if (gin !== undefined) return [`${gin}.String(502, "%s", err.Error())`, `${gin}.Abort()`, 'return'];
  const isMain = node.type === 'function_declaration' && textOf(field(node, 'name'), text) === 'main';
  const hasLog = source.imports.some(({ module, local }) => module === 'log' && local === 'log');
  return isMain && hasLog ? ['log.Fatal(err)'] : undefined;
}

function resultsOf(node: Node, text: string): readonly string[] {
  const result = field(node, 'result');
  if (result === undefined) return [];
  if (result.type !== 'parameter_list') return [textOf(result, text)];
  return namedChildren(result).flatMap((one) => {
    const names = one.children.filter((child) => child.field === 'name' && child.named);
    const type = textOf(field(one, 'type'), text);
    return names.length === 0 ? [type] : names.map(() => type);
  });
}

/** Gives the zero value of a type that is known by its name alone. */
function zeroOf(type: string): string | undefined {
  if (/^(\*|\[\]|map\[|chan\b|func\b)|^(any|error|interface\s*\{\s*\})$/.test(type)) return 'nil';
  if (type === 'string') return '""';
  if (type === 'bool') return 'false';
  return /^(u?int(8|16|32|64|ptr)?|byte|rune|float(32|64))$/.test(type) ? '0' : undefined;
}
