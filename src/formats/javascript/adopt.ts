import type { Use } from '../../model/facts.ts';
import type { Adopted, Adoption } from '../types.ts';
import { child, spanOf, type Ast, type JsNode } from './ast.ts';
import { follow, followName } from './adopt-follow.ts';
import { helperNames } from './adopt-import.ts';
import { refuse, toRemovals, type Refused, type Rewrite } from './adopt-rewrite.ts';
import type { EnvRead } from './env-reads.ts';
import type { Bindings } from './texts.ts';

interface Code {
  readonly ast: Ast;
  readonly bindings: Bindings;
  readonly reads: readonly EnvRead[];
}

/**
 * Rewrites what reads the secret: an Okta client gets a request executor (T2), an Authorization header a token of its
 * own (T3). Follows every variable; refuses the whole file where one place is not understood.
 */
export function adoptJavascript(code: Code, uses: readonly Use[], target: Adoption): Adopted {
  const { ast, bindings, reads } = code;
  const names = helperNames(ast, target);
  const rewrite: Rewrite = {
    ast,
    bindings,
    target,
    ...names,
    edits: [],
    removed: new Set(),
    seen: new Set(),
    hasHeader: false,
    hasClient: false,
  };
  for (const use of uses) {
    const read = reads.find((one) => one.span.start === use.span.start && one.name === use.name);
    if (read === undefined) return { refused: 'the place where it is read was not found', at: use.span };
    const refused = followRead(rewrite, read.node);
    if (refused !== undefined) return refused;
  }
  if (!rewrite.hasHeader && !rewrite.hasClient) {
    return { refused: 'no request is made with it in this file', at: uses[0]?.span ?? spanOf(ast.root) };
  }
  const removals = toRemovals(rewrite, 'nothing reads it any more');
  const kept = rewrite.edits.filter(
    ({ span }) => !removals.some((one) => one.span.start <= span.start && one.span.end >= span.end),
  );
  return { tier: rewrite.hasHeader ? 'T3' : 'T2', edits: [...names.edits, ...kept, ...removals] };
}

function followRead(rewrite: Rewrite, node: JsNode): Refused | undefined {
  if (node.type !== 'ObjectProperty') return follow(rewrite, node, 'secret');
  const value = child(node, 'value');
  const id = value?.type === 'AssignmentPattern' ? child(value, 'left') : value;
  if (id?.type !== 'Identifier') return refuse(node, 'it is taken apart');
  return followName(rewrite, { declared: node, id, init: node, kind: 'secret' });
}
