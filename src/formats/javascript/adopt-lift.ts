import { above, child, isFunction, list, word, type Ast, type JsNode } from './ast.ts';
import type { Rewrite } from './adopt-rewrite.ts';
import { dotted, keyName } from './names.ts';
import { isRead } from './references.ts';

const DEEPEST = 4;

/**
 * Makes the function around a header asynchronous, where each of its calls is in this file and can wait for it. Says
 * whether it did; it changes nothing otherwise.
 */
export function liftAround(rewrite: Rewrite, node: JsNode): boolean {
  const functions = new Map<JsNode, readonly JsNode[]>();
  if (!collect(rewrite.ast, node, functions, 0)) return false;
  for (const [lifted, calls] of functions) {
    if (rewrite.lifted.has(lifted)) continue;
    rewrite.lifted.set(lifted, nameOf(rewrite.ast, lifted) ?? '');
    makeAsync(rewrite, lifted);
    for (const call of calls) awaitCall(rewrite, call);
  }
  return true;
}

/** Says whether `liftAround` would. */
export function canLift(ast: Ast, node: JsNode): boolean {
  return collect(ast, node, new Map(), 0);
}

/** Says why a token cannot be awaited at a place as the code stands. */
export function whyNoAwait(ast: Ast, node: JsNode): string | undefined {
  const holder = above(ast, node, (one) => isFunction(one) || /^(ClassProperty|StaticBlock)$/.test(one.type));
  if (holder === undefined) {
    const isAwaited = above(ast, node, (one) => one.type === 'AwaitExpression') !== undefined;
    if (ast.isModule && isAwaited) return undefined;
    return 'the header is made once, when the file is loaded, and would outlive a five-minute token';
  }
  if (!isFunction(holder) || holder['async'] !== true) return 'the function around it is not asynchronous';
  const isParameter = list(holder, 'params').some((one) => one.start <= node.start && one.end >= node.end);
  return isParameter ? 'a default of a parameter cannot wait for a token' : undefined;
}

/** Collects what must become asynchronous for a place to wait. */
function collect(ast: Ast, node: JsNode, found: Map<JsNode, readonly JsNode[]>, depth: number): boolean {
  if (whyNoAwait(ast, node) === undefined) return true;
  const holder = above(ast, node, isFunction);
  if (holder === undefined || depth > DEEPEST) return false;
  if (found.has(holder)) return true;
  const isDefault = list(holder, 'params').some((one) => one.start <= node.start && one.end >= node.end);
  const name = nameOf(ast, holder);
  if (isDefault || name === undefined || holder['generator'] === true || holder['async'] === true)
    return false;
  const calls = callsOf(ast, name);
  if (calls === undefined || calls.length === 0) return false;
  found.set(holder, calls);
  return calls.every((call) => collect(ast, call, found, depth + 1));
}

/** `this.headers` of a method, the plain name of a function. */
export function nameOf(ast: Ast, holder: JsNode): string | undefined {
  if (/^Class(Private)?Method$/.test(holder.type)) return methodName(holder);
  const declared = holder.type === 'FunctionDeclaration' ? holder : ast.parents.get(holder);
  const id = child(declared, 'id');
  if (declared === undefined || id?.type !== 'Identifier') return undefined;
  const statement = declared === holder ? holder : ast.parents.get(declared);
  return statement === undefined || isExported(ast, statement) ? undefined : dotted(id);
}

function methodName(method: JsNode): string | undefined {
  const key = keyName(method);
  const isPlain = method['kind'] === 'method' && method['static'] !== true;
  return isPlain && key !== undefined ? `this.${key}` : undefined;
}

function isExported(ast: Ast, node: JsNode): boolean {
  return ast.parents.get(node)?.type.startsWith('Export') === true;
}

/** Gives all calls of a function; nothing where it is also used otherwise. */
export function callsOf(
  ast: Ast,
  name: string,
  exported: ReadonlySet<JsNode> = new Set(),
): readonly JsNode[] | undefined {
  const last = name.split('.').at(-1) ?? name;
  const isMethod = name.startsWith('this.');
  const mentions = ast.nodes.filter((node) => {
    if (!isMethod) return node.type === 'Identifier' && word(node, 'name') === name && isRead(ast, node);
    return /^(Optional)?MemberExpression$/.test(node.type) && dotted(node).split('.').at(-1) === last;
  });
  const calls: JsNode[] = [];
  for (const mention of mentions.filter((one) => !exported.has(one))) {
    const call = ast.parents.get(mention);
    if (call?.type !== 'CallExpression' || child(call, 'callee') !== mention) {
      // Another object may have a field of this name: `options.headers`.
      if (isMethod && dotted(mention) !== name) continue;
      return undefined;
    }
    if (isMethod && dotted(mention) !== name) return undefined;
    calls.push(call);
  }
  return calls;
}

function makeAsync({ ast, edits }: Rewrite, holder: JsNode): void {
  const reason = 'it waits for a short-lived token';
  const key = holder.type.endsWith('Method') ? child(holder, 'key') : undefined;
  const start = key === undefined ? holder.start : key.start;
  edits.push({ span: { start, end: start }, text: 'async ', reason });
  const annotation = child(holder, 'returnType');
  const type = annotation && child(annotation, 'typeAnnotation');
  if (type === undefined) return;
  const text = ast.text.slice(type.start, type.end);
  edits.push({ span: { start: type.start, end: type.end }, text: `Promise<${text}>`, reason });
}

function awaitCall({ ast, edits }: Rewrite, call: JsNode): void {
  const reason = 'it waits for a short-lived token';
  const parent = ast.parents.get(call);
  if (parent?.type === 'AwaitExpression') return;
  const isPlain =
    /^(ObjectProperty|VariableDeclarator|ReturnStatement|AssignmentExpression|SpreadElement|ExpressionStatement)$/.test(
      parent?.type ?? '',
    );
  const isArgument =
    /^(Call|New)Expression$/.test(parent?.type ?? '') && list(parent, 'arguments').includes(call);
  const [open, close] = isPlain || isArgument ? ['await ', ''] : ['(await ', ')'];
  edits.push({ span: { start: call.start, end: call.start }, text: open, reason });
  if (close !== '') edits.push({ span: { start: call.end, end: call.end }, text: close, reason });
}
