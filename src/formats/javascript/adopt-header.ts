import { list, spanOf, child, word, type Ast, type JsNode } from './ast.ts';
import { adoptDefault, adoptInstance } from './adopt-instance.ts';
import type { Refused, Rewrite } from './adopt-rewrite.ts';
import { adoptShared } from './adopt-shared.ts';
import { waitFor } from './adopt-wait.ts';
import { keyName, propertyName } from './names.ts';

/** Says whether the value of an expression becomes an Authorization header here. */
export function isHeaderPlace(ast: Ast, node: JsNode): boolean {
  const parent = ast.parents.get(node);
  if (parent === undefined) return false;
  if (parent.type === 'ObjectProperty')
    return isAuthorization(keyName(parent)) && child(parent, 'value') === node;
  if (parent.type === 'AssignmentExpression') {
    const left = child(parent, 'left');
    return child(parent, 'right') === node && isAuthorization(left && propertyName(left));
  }
  const items = list(parent, parent.type === 'ArrayExpression' ? 'elements' : 'arguments');
  const before = items[items.indexOf(node) - 1];
  return before?.type === 'StringLiteral' && isAuthorization(word(before, 'value'));
}

function isAuthorization(name: string | undefined): boolean {
  return name?.toLowerCase() === 'authorization';
}

/**
 * Replaces a whole header value by a call of the helper (tier T3): for each request of a client that is made once, at
 * each place that takes an object of headers, else where it stands.
 */
export function adoptHeader(rewrite: Rewrite, value: JsNode): Refused | undefined {
  const made = adoptDefault(rewrite, value) ?? adoptInstance(rewrite, value);
  if (made !== undefined) return made === true ? undefined : made;
  if (adoptShared(rewrite, value)) return undefined;
  const text = waitFor(rewrite, value);
  if (typeof text !== 'string') return text;
  const isShorthand = rewrite.ast.parents.get(value)?.['shorthand'] === true;
  rewrite.edits.push({
    span: spanOf(value),
    text: isShorthand ? `${word(value, 'name')}: ${text}` : text,
    reason: 'a short-lived token in place of the static one',
  });
  return undefined;
}
