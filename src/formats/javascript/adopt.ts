import type { Use } from '../../model/facts.ts';
import type { Edit } from '../../model/place.ts';
import type { Adopted, Adoption, Entering } from '../types.ts';
import { child, spanOf, type Ast, type JsNode } from './ast.ts';
import { follow, followName, followParameter } from './adopt-follow.ts';
import { enteringAt, nameOfParameter, whyKept } from './adopt-handed.ts';
import { helperNames } from './adopt-import.ts';
import { dropReturning } from './adopt-returned.ts';
import { refuse, toRemovals, type Refused, type Rewrite } from './adopt-rewrite.ts';
import type { EnvRead } from './env-reads.ts';
import { dotted } from './names.ts';
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
export function adoptJavascript(
  code: Code,
  uses: readonly Use[],
  target: Adoption,
  entering: readonly Entering[] = [],
): Adopted {
  const names = helperNames(code.ast, target);
  const { agentName, quote } = names;
  const rewrite = newRewrite(code, uses, { target, agentName, quote });
  const given = { uses, reads: code.reads, entering };
  const refused = followAll(rewrite, given) ?? whyKept(rewrite) ?? dropReturning(rewrite);
  if (refused !== undefined) return refused;
  const removals = toRemovals(rewrite, 'nothing reads it any more');
  const kept = rewrite.edits.filter((edit) => !isWithin(edit, [...removals, ...rewrite.edits]));
  if (kept.length + removals.length === 0) {
    return { refused: 'no request is made with it in this file', at: uses[0]?.span ?? spanOf(code.ast.root) };
  }
  const asks = rewrite.hasHeader || rewrite.hasClient;
  return {
    tier: rewrite.hasHeader ? 'T3' : asks ? 'T2' : null,
    edits: [...(asks ? names.edits : []), ...kept, ...removals],
    changed: [...rewrite.parameters].map(([parameter, { name, index }]) => ({
      name,
      index,
      parameter: dotted(nameOfParameter(parameter)),
    })),
    dropped: changedMethods(rewrite),
    gives: rewrite.gives,
  };
}

function newRewrite(
  { ast, bindings, reads }: Code,
  uses: readonly Use[],
  names: Pick<Rewrite, 'target' | 'agentName' | 'quote'>,
): Rewrite {
  return {
    ast,
    bindings,
    ...names,
    edits: [],
    removed: new Set(),
    seen: new Set(),
    parameters: new Map(),
    given: new Set(),
    gives: [],
    lifted: new Map(),
    chained: new Map(),
    decided: new Set(),
    returning: new Map(),
    reading: new Set(uses.flatMap((use) => readOf(reads, use)?.node ?? [])),
    hasHeader: false,
    hasClient: false,
  };
}

/** A method that became asynchronous is another one to its callers. */
function changedMethods({ lifted }: Rewrite): readonly string[] {
  const names = [...lifted.values()].filter((name) => name.startsWith('this.') && !name.includes('#'));
  return names.map((name) => name.slice('this.'.length));
}

/** An edit of a text that another one replaces whole says nothing. */
function isWithin(edit: Edit, all: readonly Edit[]): boolean {
  const { start, end } = edit.span;
  return all.some(({ span }) => {
    const isWider = span.end - span.start > end - start;
    const isInside = span.start <= start && (start === end ? span.end > end : span.end >= end);
    return isWider && isInside;
  });
}

function followAll(
  rewrite: Rewrite,
  {
    uses,
    reads,
    entering,
  }: {
    readonly uses: readonly Use[];
    readonly reads: readonly EnvRead[];
    readonly entering: readonly Entering[];
  },
): Refused | undefined {
  for (const use of uses) {
    const read = readOf(reads, use);
    if (read === undefined) return { refused: 'the place where it is read was not found', at: use.span };
    const refused = followRead(rewrite, read.node);
    if (refused !== undefined) return refused;
  }
  for (const one of entering) {
    const found = enteringAt(rewrite.ast, one);
    if (found === undefined || !('parameter' in found))
      return refuse(rewrite.ast.root, `${one.name} takes no such parameter here`);
    const refused = followParameter(rewrite, found);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

function readOf(reads: readonly EnvRead[], use: Use): EnvRead | undefined {
  return reads.find((one) => one.span.start === use.span.start && one.name === use.name);
}

function followRead(rewrite: Rewrite, node: JsNode): Refused | undefined {
  if (node.type !== 'ObjectProperty') return follow(rewrite, node, 'secret');
  const value = child(node, 'value');
  const id = value?.type === 'AssignmentPattern' ? child(value, 'left') : value;
  if (id?.type !== 'Identifier') return refuse(node, 'it is taken apart');
  return followName(rewrite, { declared: node, id, init: node, kind: 'secret' });
}
