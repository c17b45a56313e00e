import { field, namedChildren, textOf, type Node } from '../tree.ts';
import { basesOf } from './calls.ts';
import { importedNames, parameterName, resolve, type Script } from './script.ts';

/** Gives the expression for the request that a node answers: `self`, Flask's `request`, a parameter. */
export function requestOf(script: Script, node: Node): string | undefined {
  for (let at = node.parent; at !== undefined; at = at.parent) {
    if (at.type !== 'function_definition') continue;
    const found = parameterOf(script, at) ?? handlerOf(script, at);
    if (found !== undefined && isSame(script, node, found.split('.')[0] ?? found, at)) return found;
    if (scopeAbove(at) === script.root) return flaskRequest(script, node);
  }
  return undefined;
}

function scopeAbove(node: Node): Node {
  let at = node;
  while (at.parent !== undefined && at.parent.type !== 'function_definition') at = at.parent;
  return at.parent ?? at;
}

/** The name may be rebound between the function that has it and the node. */
function isSame(script: Script, node: Node, name: string, holder: Node): boolean {
  const scope = resolve(script, node, name);
  return scope?.node === holder && scope.counts.get(name) === 1;
}

const frameworks = /^(fastapi|starlette|aiohttp|django|rest_framework|sanic|quart)\b/;

function parameterOf({ nodes, text }: Script, definition: Node): string | undefined {
  const isFramework = nodes.some(
    (node) =>
      /^import_(from_)?statement$/.test(node.type) &&
      frameworks.test(
        textOf(field(node, 'module_name') ?? node.children.find((one) => one.field === 'name'), text),
      ),
  );
  const parameters = namedChildren(field(definition, 'parameters') ?? definition);
  const found = parameters.find((one) => {
    if (/(^|\.)(Http|HTTP)?Request$/.test(textOf(field(one, 'type'), text))) return true;
    return isFramework && textOf(parameterName(one), text) === 'request';
  });
  return found && textOf(parameterName(found), text);
}

function handlerOf(script: Script, definition: Node): string | undefined {
  const { text } = script;
  const block =
    definition.parent?.type === 'decorated_definition' ? definition.parent.parent : definition.parent;
  const owner = block?.parent;
  if (owner?.type !== 'class_definition' || !isRequestHandler(script, owner)) return undefined;
  const first = namedChildren(field(definition, 'parameters') ?? definition)[0];
  const self = first && textOf(parameterName(first), text);
  const isTornado = script.nodes.some(
    (node) => /^import_(from_)?statement$/.test(node.type) && /\btornado\b/.test(textOf(node, text)),
  );
  return self !== undefined && isTornado ? `${self}.request` : self;
}

function isRequestHandler(script: Script, owner: Node, depth = 0): boolean {
  return basesOf(owner, script.text).some((base) => {
    if (base.endsWith('RequestHandler')) return !/(Base|Stream|Datagram)RequestHandler$/.test(base);
    const local = script.nodes.find(
      (node) => node.type === 'class_definition' && textOf(field(node, 'name'), script.text) === base,
    );
    return local !== undefined && depth < 5 && isRequestHandler(script, local, depth + 1);
  });
}

function flaskRequest(script: Script, node: Node): string | undefined {
  for (const one of script.nodes) {
    const isFrom = one.type === 'import_from_statement';
    if (!isFrom && one.type !== 'import_statement') continue;
    for (const { name, bound } of importedNames(one, script.text)) {
      const isRequest =
        isFrom && name === 'request' && textOf(field(one, 'module_name'), script.text) === 'flask';
      if (!isRequest && (isFrom || name !== 'flask')) continue;
      if (isSame(script, node, bound, script.root)) return isRequest ? bound : `${bound}.request`;
    }
  }
  return undefined;
}
