import { child, list, type JsNode } from './ast.ts';
import { dotted } from './names.ts';

/** Says whether a branch does nothing but end: it throws, gives up, says why, or answers with an error or nothing. */
export function onlyFails(statement: JsNode): boolean {
  if (child(statement, 'alternate') !== undefined) return false;
  const branch = child(statement, 'consequent');
  const body =
    branch?.type === 'BlockStatement' ? list(branch, 'body') : branch === undefined ? [] : [branch];
  return body.length > 0 && body.every((one) => endsOrSays(one));
}

function endsOrSays(statement: JsNode): boolean {
  if (statement.type === 'ThrowStatement') return true;
  const argument = child(statement, 'argument');
  if (statement.type === 'ReturnStatement') return argument === undefined || isFailure(argument);
  return isFailingCall(child(statement, 'expression'));
}

const says =
  /^(fail|die|abort|process\.exit|console\.\w+|\w*[lL]og(ger)?\.\w+|this\.\w*[lL]og(ger)?\.\w+|next|reject|callback|cb|Promise\.reject)$/;

function isFailingCall(expression: JsNode | undefined): boolean {
  const call = expression?.type === 'AwaitExpression' ? child(expression, 'argument') : expression;
  const callee = dotted(child(call, 'callee'));
  // `res.status(500).json(…)`, `ctx.throw(401)`
  return says.test(callee) || /\bstatus\(\)|^ctx\.throw$|\.(sendStatus|error)$/.test(callee);
}

/** Nothing, an error, or an object that speaks of one. */
function isFailure(node: JsNode): boolean {
  if (/^(NullLiteral|UnaryExpression)$/.test(node.type) || dotted(node) === 'undefined') return true;
  if (node['value'] === false) return true;
  if (node.type === 'ArrayExpression') return list(node, 'elements').length === 0;
  if (node.type === 'NewExpression') return dotted(child(node, 'callee')).endsWith('Error');
  if (node.type !== 'ObjectExpression') return isFailingCall(node);
  const keys = list(node, 'properties').map((one) => dotted(child(one, 'key')));
  return keys.length === 0 || keys.some((key) => /^(error|errors|isError|errorMessage)$/.test(key));
}
