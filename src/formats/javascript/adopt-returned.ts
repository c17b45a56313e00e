import { above, child, isFunction, list, type JsNode } from './ast.ts';
import { callsOf, nameOf } from './adopt-lift.ts';
import { refuse, type Refused, type Rewrite } from './adopt-rewrite.ts';
import { keyName } from './names.ts';
import { fieldReads } from './references.ts';

/** Where what a function gives back is taken. */
export interface Returned {
  readonly taken: readonly JsNode[];
  /** The function, which is left without any use. */
  readonly holder: JsNode;
}

/**
 * Finds each place that takes what a function gives back: the calls of a function of this file, the reads of a getter.
 */
export function returnedTo({ ast }: Rewrite, value: JsNode): Returned | Refused {
  const holder = above(ast, value, isFunction);
  if (holder === undefined) return refuse(value, 'it is given back, and to whom is not known');
  if (holder['kind'] === 'get') {
    const path = `this.${keyName(holder) ?? '?'}`;
    return { taken: fieldReads(ast, path), holder };
  }
  const name = nameOf(ast, holder);
  const calls = name === undefined ? undefined : callsOf(ast, name);
  if (calls === undefined || calls.length === 0)
    return refuse(value, 'it is given back by a function whose calls are not all in this file');
  if (holder['async'] !== true) return { taken: calls, holder };
  const awaited = calls.map((call) => ast.parents.get(call));
  const taken = awaited.flatMap((one) => (one?.type === 'AwaitExpression' ? [one] : []));
  return taken.length === calls.length
    ? { taken, holder }
    : refuse(value, 'it is given back as a promise, and one of them is not awaited');
}

/** Takes the functions out that only gave the secret back. Says where one does more. */
export function dropReturning({ ast, removed, returning }: Rewrite): Refused | undefined {
  for (const [holder, given] of returning) {
    const body = child(holder, 'body');
    const statements = body?.type === 'BlockStatement' ? list(body, 'body') : [];
    const more = statements.find((one) => !given.has(one) && !isGone(removed, one));
    if (more !== undefined) return refuse(more, 'the function that gives it back does more than that');
    removed.add(
      /^(ClassMethod|ClassPrivateMethod|FunctionDeclaration)$/.test(holder.type)
        ? holder
        : (ast.parents.get(holder) ?? holder),
    );
  }
  return undefined;
}

function isGone(removed: ReadonlySet<JsNode>, statement: JsNode): boolean {
  if (removed.has(statement)) return true;
  if (statement.type !== 'VariableDeclaration') return false;
  return list(statement, 'declarations').every((one) => {
    const pattern = child(one, 'id');
    const isTaken =
      pattern?.type === 'ObjectPattern' && list(pattern, 'properties').every((p) => removed.has(p));
    return removed.has(one) || isTaken;
  });
}
