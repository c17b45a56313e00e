import { child, list, spanOf, word, type Ast, type JsNode } from './ast.ts';
import { headersAround, type Rewrite } from './adopt-rewrite.ts';
import { whyNoAwait } from './adopt-lift.ts';
import { canWait, waitFor } from './adopt-wait.ts';
import { keyName, propertyName } from './names.ts';
import { referencesTo } from './references.ts';

interface Shared {
  readonly property: JsNode;
  readonly headers: JsNode;
  /** The property of the options that holds the headers, where the constant is one of options. */
  readonly within: JsNode | undefined;
  readonly declarator: JsNode;
  readonly root: JsNode;
}

/** A read of the constant: of the headers, or of the options around them. */
interface Read {
  readonly node: JsNode;
  readonly isOptions: boolean;
}

/**
 * Moves the header out of an object of headers, or of options, that is made where no token can be waited for: each
 * request that takes the object gets a token of its own. Says whether it did; it changes nothing otherwise.
 */
export function adoptShared(rewrite: Rewrite, value: JsNode): boolean {
  const { ast } = rewrite;
  const shared = whyNoAwait(ast, value) === undefined ? undefined : sharedObject(rewrite, value);
  if (shared === undefined) return false;
  const reads = readsOf(rewrite, shared);
  const isLegal = reads.every((one) => isTaken(ast, one) && canWait(rewrite, one.node));
  if (reads.length === 0 || !isLegal) return false;
  const isOnly = list(shared.headers, 'properties').length === 1;
  for (const read of reads) replaceRead(rewrite, read, { shared, isOnly });
  rewrite.removed.add(isOnly ? wholeOf(shared) : shared.property);
  return true;
}

function wholeOf({ within, root, declarator }: Shared): JsNode {
  return within === undefined || list(root, 'properties').length === 1 ? declarator : within;
}

/** The constant of this file that holds the header, if it is one. */
function sharedObject(rewrite: Rewrite, value: JsNode): Shared | undefined {
  const { ast } = rewrite;
  const found = headersAround(rewrite, value);
  const holder = found && ast.parents.get(found.headers);
  if (found === undefined || holder === undefined) return undefined;
  const within = holder.type === 'ObjectProperty' && keyName(holder) === 'headers' ? holder : undefined;
  const root = within === undefined ? found.headers : (ast.parents.get(within) ?? found.headers);
  const declarator = ast.parents.get(root);
  return declarator !== undefined && isConstant(rewrite, declarator, root)
    ? { ...found, within, declarator, root }
    : undefined;
}

function isConstant({ ast, bindings }: Rewrite, declarator: JsNode, object: JsNode): boolean {
  const id = child(declarator, 'id');
  if (declarator.type !== 'VariableDeclarator' || id?.type !== 'Identifier') return false;
  return !isExported(ast, declarator) && bindings.init(id) === object;
}

/** Each read that gives the headers on; a read of another field does not. */
function readsOf({ ast, bindings }: Rewrite, { root, within }: Shared): readonly Read[] {
  return referencesTo(ast, bindings, root).flatMap((node): readonly Read[] => {
    const parent = ast.parents.get(node);
    const isMember = parent?.type === 'MemberExpression' && child(parent, 'object') === node;
    if (!isMember) return [{ node, isOptions: within !== undefined }];
    const name = propertyName(parent)?.toLowerCase();
    if (within === undefined) return name === 'authorization' ? [{ node, isOptions: false }] : [];
    return name === 'headers' ? [{ node: parent, isOptions: false }] : [];
  });
}

function isExported(ast: Ast, declarator: JsNode): boolean {
  const declaration = ast.parents.get(declarator);
  return declaration !== undefined && ast.parents.get(declaration)?.type.startsWith('Export') === true;
}

/** The object is taken as a value, as an argument, or spread into another object. */
function isTaken(ast: Ast, { node, isOptions }: Read): boolean {
  const parent = ast.parents.get(node);
  if (parent?.type === 'SpreadElement') {
    const object = ast.parents.get(parent);
    const items = list(object, 'properties').slice(list(object, 'properties').indexOf(parent));
    const isOverwritten = isOptions && items.some((one) => keyName(one) === 'headers');
    return object?.type === 'ObjectExpression' && !isOverwritten;
  }
  if (parent?.type === 'ObjectProperty') return child(parent, 'value') === node && !isOptions;
  return parent?.type === 'CallExpression' && list(parent, 'arguments').includes(node);
}

function replaceRead(
  rewrite: Rewrite,
  { node, isOptions }: Read,
  { shared, isOnly }: { readonly shared: Shared; readonly isOnly: boolean },
): void {
  const { ast, edits } = rewrite;
  const value = waitFor(rewrite, node);
  if (typeof value !== 'string') return;
  const key = child(shared.property, 'key') ?? shared.property;
  const name = ast.text.slice(node.start, node.end);
  const header = `${ast.text.slice(key.start, key.end)}: ${value}`;
  const field = isOptions ? `headers: { ${isOnly ? '' : `...${name}.headers, `}${header} }` : header;
  const reason = 'a short-lived token for each request';
  const parent = ast.parents.get(node);
  const isKept = isOptions ? list(shared.root, 'properties').length > 1 || !isOnly : !isOnly;
  const own = isKept ? `...${name}, ${field}` : field;
  if (parent?.type === 'SpreadElement') {
    edits.push({ span: spanOf(parent), text: own, reason });
    return;
  }
  const isShorthand = parent?.['shorthand'] === true;
  const object = `{ ${own} }`;
  edits.push({
    span: spanOf(node),
    text: isShorthand ? `${word(node, 'name')}: ${object}` : object,
    reason,
  });
}
