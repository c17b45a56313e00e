import { child, list, spanOf, word, type Ast, type JsNode } from './ast.ts';
import { whyNoAwait } from './adopt-header.ts';
import { helperArguments, type Rewrite } from './adopt-rewrite.ts';
import { referencesTo } from './references.ts';

interface Shared {
  readonly property: JsNode;
  readonly object: JsNode;
  readonly declarator: JsNode;
}

/**
 * Moves the header out of an object that is made once when the file is loaded: each request that takes the object
 * gets a token of its own. Says whether it did; it changes nothing otherwise.
 */
export function adoptShared(rewrite: Rewrite, value: JsNode): boolean {
  const { ast, bindings } = rewrite;
  const shared = whyNoAwait(ast, value) === undefined ? undefined : sharedObject(rewrite, value);
  if (shared === undefined) return false;
  const { property, object, declarator } = shared;
  const reads = referencesTo(ast, bindings, object);
  const isLegal = reads.every((one) => whyNoAwait(ast, one) === undefined && isTaken(ast, one));
  if (reads.length === 0 || !isLegal) return false;
  const isOnly = list(object, 'properties').length === 1;
  for (const read of reads) replaceRead(rewrite, read, headerText(rewrite, property), isOnly);
  rewrite.removed.add(isOnly ? declarator : property);
  rewrite.hasHeader = true;
  return true;
}

/** The constant of this file that holds the header, if it is one. */
function sharedObject({ ast, bindings }: Rewrite, value: JsNode): Shared | undefined {
  const property = ast.parents.get(value);
  const object = property && ast.parents.get(property);
  const declarator = object && ast.parents.get(object);
  if (property?.type !== 'ObjectProperty' || declarator?.type !== 'VariableDeclarator') return undefined;
  const id = child(declarator, 'id');
  if (object === undefined || id?.type !== 'Identifier' || isExported(ast, declarator)) return undefined;
  return bindings.init(id) === object ? { property, object, declarator } : undefined;
}

function headerText(rewrite: Rewrite, property: JsNode): string {
  const key = child(property, 'key') ?? property;
  const name = rewrite.ast.text.slice(key.start, key.end);
  return `${name}: await ${rewrite.agentName}.authorization(${helperArguments(rewrite)})`;
}

function isExported(ast: Ast, declarator: JsNode): boolean {
  const declaration = ast.parents.get(declarator);
  return declaration !== undefined && ast.parents.get(declaration)?.type.startsWith('Export') === true;
}

/** The object is taken as a value, as an argument, or spread into another object. */
function isTaken(ast: Ast, read: JsNode): boolean {
  const parent = ast.parents.get(read);
  if (parent?.type === 'SpreadElement') return ast.parents.get(parent)?.type === 'ObjectExpression';
  if (parent?.type === 'ObjectProperty') return child(parent, 'value') === read;
  return parent?.type === 'CallExpression' && list(parent, 'arguments').includes(read);
}

function replaceRead({ ast, edits }: Rewrite, read: JsNode, header: string, isOnly: boolean): void {
  const reason = 'a short-lived token for each request';
  const name = word(read, 'name');
  const parent = ast.parents.get(read);
  if (parent?.type === 'SpreadElement') {
    edits.push({ span: spanOf(parent), text: isOnly ? header : `...${name}, ${header}`, reason });
    return;
  }
  const object = isOnly ? `{ ${header} }` : `{ ...${name}, ${header} }`;
  const isShorthand = parent?.['shorthand'] === true;
  edits.push({ span: spanOf(read), text: isShorthand ? `${name}: ${object}` : object, reason });
}
