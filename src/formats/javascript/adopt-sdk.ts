import { indentAt, lineBreakOf } from '../lines.ts';
import { list, child, spanOf, type Ast, type JsNode } from './ast.ts';
import { helperArguments, refuse, type Refused, type Rewrite } from './adopt-rewrite.ts';
import { jsImports } from './calls.ts';
import { dotted, keyName } from './names.ts';
import { referencesTo } from './references.ts';
import { names } from './texts.ts';

/** Settings of the client beside the token that would make the rewrite wrong. */
const conflicts =
  /^(requestExecutor|privateKey|cacheMiddleware|cacheStore|defaultCacheMiddlewareResponseBufferSize)$/;

/** Says whether a property is the `token` of an Okta client, directly or in a variable that only makes clients. */
export function isClientToken(rewrite: Rewrite, property: JsNode): boolean {
  const { ast, bindings } = rewrite;
  const object = ast.parents.get(property);
  if (keyName(property) !== 'token' || object?.type !== 'ObjectExpression') return false;
  const holder = ast.parents.get(object);
  if (holder !== undefined && isClient(ast, holder)) return true;
  if (holder?.type !== 'VariableDeclarator') return false;
  const reads = referencesTo(ast, bindings, object);
  return reads.length > 0 && reads.every((one) => isClient(ast, ast.parents.get(one) ?? one));
}

function isClient(ast: Ast, node: JsNode): boolean {
  if (node.type !== 'NewExpression') return false;
  const callee = dotted(child(node, 'callee'));
  const imported = jsImports(ast).flatMap((one) => (one.module === '@okta/okta-sdk-nodejs' ? one.names : []));
  const root = callee.split('.')[0] ?? '';
  const isOurs = imported.includes(root) || takenFrom(ast, imported).includes(root);
  return /(^|\.)\w*Client$/.test(callee) && isOurs;
}

/** `const { Client: OktaClient } = okta` binds what the import holds. */
function takenFrom(ast: Ast, imported: readonly string[]): readonly string[] {
  return ast.nodes.flatMap((node) => {
    const isTaken = node.type === 'VariableDeclarator' && imported.includes(dotted(child(node, 'init')));
    return isTaken ? names(child(node, 'id')) : [];
  });
}

/**
 * Replaces the `token` of an Okta client by a request executor that overwrites the header of each request (tier T2).
 * The client refuses to start without a token, so a placeholder stays; it is never sent.
 */
export function adoptClient(rewrite: Rewrite, property: JsNode): Refused | undefined {
  const { ast, edits, agentName, quote } = rewrite;
  const others = list(ast.parents.get(property), 'properties').filter((one) => one !== property);
  for (const one of others) {
    const name = keyName(one) ?? '';
    const value = child(one, 'value');
    const isOtherMode = name === 'authorizationMode' && value?.['value'] !== 'SSWS';
    if (conflicts.test(name) || isOtherMode) return refuse(one, `the client sets ${name} itself`);
  }
  rewrite.hasClient = true;
  const object = ast.parents.get(property);
  const isOneLine = !ast.text.slice(object?.start ?? property.start, property.start).includes('\n');
  const between = isOneLine ? ' ' : `${lineBreakOf(ast.text)}${indentAt(ast.text, property.start)}`;
  edits.push({
    span: spanOf(property),
    text: `token: ${quote}agent-id${quote},${between}requestExecutor: ${agentName}.oktaRequestExecutor(${helperArguments(rewrite)})`,
    reason: 'a short-lived token for each request, in place of the static one',
  });
  return undefined;
}
