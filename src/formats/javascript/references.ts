import { child, type Ast, type JsNode } from './ast.ts';
import { dotted } from './names.ts';
import type { Bindings } from './texts.ts';

/** Finds where a name that stands for an expression is read. */
export function referencesTo(ast: Ast, bindings: Bindings, init: JsNode): readonly JsNode[] {
  return ast.nodes.filter(
    (node) => node.type === 'Identifier' && isRead(ast, node) && bindings.init(node) === init,
  );
}

/** Finds where a field is read by its whole path: `config.okta.token`, `this.token`. */
export function fieldReads(ast: Ast, path: string): readonly JsNode[] {
  return ast.nodes.filter((node) => {
    if (!/^(Optional)?MemberExpression$/.test(node.type) || dotted(node) !== path) return false;
    const parent = ast.parents.get(node);
    return parent?.type !== 'AssignmentExpression' || child(parent, 'left') !== node;
  });
}

/** Says whether an identifier is read: keys, declarations and types read nothing. */
export function isRead(ast: Ast, node: JsNode): boolean {
  const parent = ast.parents.get(node);
  if (parent === undefined) return false;
  const isTyped = parent.type.startsWith('TS') && !/^TS(As|NonNull|Satisfies)Expression$/.test(parent.type);
  if (isTyped || /^(Import\w*Specifier|LabeledStatement|RestElement)$/.test(parent.type)) return false;
  if (parent.type.endsWith('MemberExpression'))
    return child(parent, 'property') !== node || parent['computed'] === true;
  if (/(Property|Method)$/.test(parent.type)) return isReadOfProperty(ast, parent, node);
  if (parent.type === 'VariableDeclarator') return child(parent, 'id') !== node;
  if (parent.type === 'AssignmentPattern') return child(parent, 'right') === node;
  if (parent.type === 'AssignmentExpression') return child(parent, 'left') !== node;
  return !/Function|ArrayPattern/.test(parent.type) || child(parent, 'body') === node;
}

function isReadOfProperty(ast: Ast, property: JsNode, node: JsNode): boolean {
  if (child(property, 'key') === node && property['computed'] !== true) return false;
  return ast.parents.get(property)?.type !== 'ObjectPattern';
}
