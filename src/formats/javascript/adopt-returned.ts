import { above, child, isFunction, list, type JsNode } from './ast.ts';
import { callsOf, nameOf } from './adopt-lift.ts';
import { refuse, type Refused, type Rewrite } from './adopt-rewrite.ts';
import { exportMentions, exportNames } from './exports.ts';
import { dotted, keyName } from './names.ts';
import { fieldReads } from './references.ts';

/** Where what a function gives back is taken. */
export interface Returned {
  readonly taken: readonly JsNode[];
  readonly holder: JsNode;
  /** The names by which other files may call it, and where they are given. */
  readonly exported: readonly string[];
  readonly mentions: readonly JsNode[];
}

/**
 * Finds each place that takes what a function gives back: the calls of a function of this file, the reads of a getter.
 */
export function returnedTo({ ast }: Rewrite, value: JsNode): Returned | Refused {
  const holder = above(ast, value, isFunction);
  if (holder === undefined) return refuse(value, 'it is given back, and to whom is not known');
  if (holder['kind'] === 'get') {
    const path = `this.${keyName(holder) ?? '?'}`;
    return { taken: fieldReads(ast, path), holder, exported: [], mentions: [] };
  }
  const declared = holder.type === 'FunctionDeclaration' ? holder : (ast.parents.get(holder) ?? holder);
  const name = nameOf(ast, holder) ?? dotted(child(declared, 'id'));
  const mentions = exportMentions(ast, name);
  const exported = [...exportNames(ast, declared, name), ...mentions.map((one) => one.name)];
  const calls = name === '' ? undefined : callsOf(ast, name, new Set(mentions.map((one) => one.read)));
  if (calls === undefined || calls.length + exported.length === 0)
    return refuse(value, 'it is given back by a function of which not all calls are known');
  const found = { holder, exported, mentions: mentions.map((one) => one.node) };
  if (holder['async'] !== true) return { ...found, taken: calls };
  const awaited = calls.map((call) => ast.parents.get(call));
  const taken = awaited.flatMap((one) => (one?.type === 'AwaitExpression' ? [one] : []));
  return taken.length === calls.length
    ? { ...found, taken }
    : refuse(value, 'it is given back as a promise, and one of them is not awaited');
}

/** Takes the functions out that only gave the secret back. Says where one does more. */
export function dropReturning({ ast, removed, returning }: Rewrite): Refused | undefined {
  for (const [holder, given] of returning) {
    const body = child(holder, 'body');
    const statements = body?.type === 'BlockStatement' ? list(body, 'body') : [];
    const more = statements.find((one) => !given.has(one) && !isGone(removed, one));
    if (more !== undefined) return refuse(more, 'the function that gives it back does more than that');
    const isOwn = /^(ClassMethod|ClassPrivateMethod|FunctionDeclaration)$/.test(holder.type);
    removed.add(isOwn ? holder : (ast.parents.get(holder) ?? holder));
  }
  return undefined;
}

function isGone(removed: ReadonlySet<JsNode>, statement: JsNode): boolean {
  if (removed.has(statement)) return true;
  if (statement.type !== 'VariableDeclaration') return false;
  return list(statement, 'declarations').every((one) => {
    const pattern = child(one, 'id');
    const names = pattern?.type === 'ObjectPattern' ? list(pattern, 'properties') : [];
    return removed.has(one) || (names.length > 0 && names.every((name) => removed.has(name)));
  });
}
