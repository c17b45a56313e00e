import { child, isFunction, list, word, type Ast, type JsNode } from './ast.ts';
import { free, takenNames } from './adopt-import.ts';
import type { Rewrite } from './adopt-rewrite.ts';
import { jsImports } from './calls.ts';
import { dotted } from './names.ts';

const clients =
  /^(axios|node-fetch|cross-fetch|isomorphic-fetch|undici|got|ky|request-promise|request-promise-native)$/;
const verb = /^(get|post|put|patch|delete|head|options|request|fetch)$/;

/**
 * Finds the request whose arguments hold a place, where code only goes on with its promise: it may as well start once
 * the token is there.
 */
export function requestAround({ ast }: Rewrite, node: JsNode): JsNode | undefined {
  for (let at = ast.parents.get(node); at !== undefined && !isFunction(at); at = ast.parents.get(at)) {
    if (at.type !== 'CallExpression' || !isRequest(ast, at)) continue;
    return isChained(ast, at) && isSteady(ast, at) ? at : undefined;
  }
  return undefined;
}

/** Lets a request wait for its token, and gives the name that the token's header has in its arguments. */
export function chainRequest(rewrite: Rewrite, request: JsNode, call: string): string {
  const { ast, edits, chained } = rewrite;
  const known = chained.get(request);
  if (known !== undefined) return known;
  const name = free('authorization', takenNames(ast));
  const reason = 'the request waits for a short-lived token';
  edits.push(
    { span: { start: request.start, end: request.start }, text: `${call}.then((${name}) => `, reason },
    { span: { start: request.end, end: request.end }, text: ')', reason },
  );
  chained.set(request, name);
  return name;
}

/** A call of `fetch`, or of a library that answers with a promise. */
function isRequest(ast: Ast, call: JsNode): boolean {
  const [root = '', method, ...more] = dotted(child(call, 'callee')).split('.');
  if (more.length > 0 || (method !== undefined && !verb.test(method))) return false;
  const module = jsImports(ast).find((one) => one.names.includes(root))?.module;
  if (module !== undefined) return clients.test(module);
  const isOwn = ast.nodes.some((node) => isDeclarationOf(node, root));
  return root === 'fetch' && method === undefined && !isOwn;
}

function isDeclarationOf(node: JsNode, name: string): boolean {
  return /^(FunctionDeclaration|VariableDeclarator)$/.test(node.type) && dotted(child(node, 'id')) === name;
}

function isChained(ast: Ast, call: JsNode): boolean {
  const parent = ast.parents.get(call);
  if (parent === undefined) return false;
  if (/^(ReturnStatement|ExpressionStatement|ArrowFunctionExpression)$/.test(parent.type)) return true;
  const name = dotted(child(parent, 'property'));
  const next = ast.parents.get(parent);
  const isMember = parent.type === 'MemberExpression' && child(parent, 'object') === call;
  return isMember && /^(then|catch|finally)$/.test(name) && child(next, 'callee') === parent;
}

/** Whether the arguments are the same a moment later, and may stand in a function of their own. */
function isSteady(ast: Ast, call: JsNode): boolean {
  const changing = new Set(
    ast.nodes.flatMap((node) => {
      const target = child(node, node.type === 'AssignmentExpression' ? 'left' : 'argument');
      const isChange = /^(AssignmentExpression|UpdateExpression)$/.test(node.type);
      return isChange && target?.type === 'Identifier' ? [word(target, 'name')] : [];
    }),
  );
  const inner = ast.nodes.filter((node) => node.start >= call.start && node.end <= call.end);
  return inner.every(
    (node) =>
      !/^(AwaitExpression|YieldExpression)$/.test(node.type) &&
      !(node.type === 'Identifier' && changing.has(word(node, 'name'))),
  );
}

/** Gives the library of which a call makes a client, with its settings first. */
export function makerOf(ast: Ast, call: JsNode): 'axios' | 'got' | undefined {
  const [root = '', method, ...more] = dotted(child(call, 'callee')).split('.');
  if (call.type !== 'CallExpression' || more.length > 0 || list(call, 'arguments').length === 0)
    return undefined;
  const module = jsImports(ast).find((one) => one.names.includes(root))?.module;
  if (module === 'axios' && method === 'create') return 'axios';
  return module === 'got' && method === 'extend' ? 'got' : undefined;
}
