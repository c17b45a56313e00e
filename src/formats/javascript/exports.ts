import { child, type Ast, type JsNode } from './ast.ts';
import { dotted, keyName } from './names.ts';
import { isRead } from './references.ts';

/** What a CommonJS file exports as a whole. */
export const wholeModule = 'module.exports';

const within =
  /^(VariableDeclarator|VariableDeclaration|ObjectPattern|ObjectProperty|FunctionDeclaration|ArrowFunctionExpression|FunctionExpression)$/;

/** Gives the names under which a file exports what a declaration binds, in the declaration itself. */
export function exportNames(ast: Ast, declared: JsNode, name: string): readonly string[] {
  for (let at: JsNode | undefined = declared; at !== undefined; at = ast.parents.get(at)) {
    if (at.type === 'ExportNamedDeclaration') return [name];
    if (at.type === 'ExportDefaultDeclaration') return ['default'];
    if (at.type === 'AssignmentExpression') return exportOf(at) ?? [];
    if (!within.test(at.type)) break;
  }
  return [];
}

function exportOf(assignment: JsNode): readonly string[] | undefined {
  const left = /^(?:module\.)?exports(?:\.(\w+))?$/.exec(dotted(child(assignment, 'left')));
  return left === null ? undefined : [left[1] ?? wholeModule];
}

/** A place that exports a name of the file: `export { x as y }`, `module.exports = { x }`, `exports.y = x`. */
export interface ExportMention {
  readonly name: string;
  readonly read: JsNode;
  /** What goes where the name goes. */
  readonly node: JsNode;
}

/** Finds each place that exports a name of the file. */
export function exportMentions(ast: Ast, name: string): readonly ExportMention[] {
  return ast.nodes.flatMap((read) => {
    const isName = read.type === 'Identifier' && dotted(read) === name && isRead(ast, read);
    const parent = ast.parents.get(read);
    if (!isName || parent === undefined) return [];
    if (parent.type === 'ExportSpecifier')
      return [{ name: dotted(child(parent, 'exported')), read, node: parent }];
    if (parent.type === 'ExportDefaultDeclaration') return [{ name: 'default', read, node: parent }];
    return assigned(ast, read, parent);
  });
}

function assigned(ast: Ast, read: JsNode, parent: JsNode): readonly ExportMention[] {
  const isProperty = parent.type === 'ObjectProperty';
  const holder = isProperty ? ast.parents.get(ast.parents.get(parent) ?? parent) : parent;
  const [whole] = holder?.type === 'AssignmentExpression' ? (exportOf(holder) ?? []) : [];
  if (holder === undefined || whole === undefined) return [];
  if (!isProperty) return [{ name: whole, read, node: ast.parents.get(holder) ?? holder }];
  return whole === wholeModule ? [{ name: keyName(parent) ?? '?', read, node: parent }] : [];
}
