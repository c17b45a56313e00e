import type { Use } from '../../model/facts.ts';
import type { Edit } from '../../model/place.ts';
import type { Adopted, Adoption, Entering, Imported } from '../types.ts';
import { spanOf, type Ast } from './ast.ts';
import { followAllHeld, followParameter, followRead } from './adopt-follow.ts';
import { parameterHolds, type Held } from './adopt-container.ts';
import { dropFromNamed } from './adopt-type.ts';
import { jsImports } from './calls.ts';
import { importedAs, type ImportedAs } from './imported.ts';
import { referencesTo } from './references.ts';
import { enteringAt, nameOfParameter, whyKept } from './adopt-handed.ts';
import { helperNames } from './adopt-import.ts';
import { dropReturning } from './adopt-returned.ts';
import { refuse, toRemovals, type Refused, type Rewrite } from './adopt-rewrite.ts';
import type { EnvRead } from './env-reads.ts';
import { dotted, keyName, propertyName } from './names.ts';
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
  entering: readonly (Entering | Imported)[] = [],
): Adopted {
  const names = helperNames(code.ast, target);
  const { agentName, quote } = names;
  const rewrite = newRewrite(code, uses, { target, agentName, quote });
  const given = { uses, reads: code.reads, entering };
  const refused = followAll(rewrite, given) ?? whyKept(rewrite) ?? whyRead(rewrite) ?? dropReturning(rewrite);
  if (refused !== undefined) return refused;
  const removals = toRemovals(rewrite, 'nothing reads it any more');
  const kept = rewrite.edits.filter((edit) => !isWithin(edit, [...removals, ...rewrite.edits]));
  const hasNew = kept.length + removals.length > 0;
  if (!hasNew && uses.length > 0) {
    return { refused: 'no request is made with it in this file', at: uses[0]?.span ?? spanOf(code.ast.root) };
  }
  return toAdopted(rewrite, { helper: names.edits, edits: [...kept, ...removals] });
}

function toAdopted(
  rewrite: Rewrite,
  { helper, edits }: { readonly helper: readonly Edit[]; readonly edits: readonly Edit[] },
): Adopted {
  const { hasHeader, hasClient, parameters, gives, exposes } = rewrite;
  return {
    tier: hasHeader ? 'T3' : hasClient ? 'T2' : null,
    edits: [...(hasHeader || hasClient ? helper : []), ...edits],
    changed: [...parameters].map(([parameter, { name, index, path }]) => ({
      name,
      index: path === undefined ? index : Infinity,
      parameter: path?.join('.') ?? dotted(nameOfParameter(parameter)),
    })),
    dropped: [...changedMethods(rewrite), ...[...rewrite.openFields].map((name) => `.${name}`)],
    gives,
    exposes,
    types: foreignTypes(rewrite),
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
    exposes: [],
    types: [],
    held: new Map(),
    openFields: new Set(),
    lifted: new Map(),
    chained: new Map(),
    decided: new Set(),
    returning: new Map(),
    reading: new Set(uses.flatMap((use) => readOf(reads, use)?.node ?? [])),
    hasHeader: false,
    hasClient: false,
  };
}

/** A field that goes must not be read through another name than `this`. */
function whyRead({ ast, openFields, seen, removed }: Rewrite): Refused | undefined {
  for (const node of openFields.size === 0 ? [] : ast.nodes) {
    const name = /^(Optional)?MemberExpression$/.test(node.type)
      ? propertyName(node)
      : ast.parents.get(node)?.type === 'ObjectPattern'
        ? keyName(node)
        : undefined;
    const isOther = name !== undefined && openFields.has(name) && !dotted(node).startsWith('this.');
    if (isOther && !seen.has(node) && !removed.has(node))
      return refuse(node, `this may read the field ${name}, which would be gone`);
  }
  return undefined;
}

function foreignTypes({ ast, types }: Rewrite): readonly Imported[] {
  return types.flatMap(({ name, path }) => {
    const module = jsImports(ast).find((one) => one.names.includes(name))?.module;
    return module === undefined ? [] : [{ module, name, path }];
  });
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
    readonly entering: readonly (Entering | Imported)[];
  },
): Refused | undefined {
  for (const use of uses) {
    const read = readOf(reads, use);
    if (read === undefined) return { refused: 'the place where it is read was not found', at: use.span };
    const refused = followRead(rewrite, read.node, 'secret');
    if (refused !== undefined) return refused;
  }
  for (const one of entering) {
    const refused = 'argument' in one ? followEntering(rewrite, one) : followImported(rewrite, one);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

function readOf(reads: readonly EnvRead[], use: Use): EnvRead | undefined {
  return reads.find((one) => one.span.start === use.span.start && one.name === use.name);
}

function followEntering(rewrite: Rewrite, entering: Entering): Refused | undefined {
  const found = enteringAt(rewrite.ast, entering);
  if (found === undefined || !('parameter' in found))
    return refuse(rewrite.ast.root, `${entering.name} takes no such parameter here`);
  if (typeof entering.argument === 'number') return followParameter(rewrite, found);
  return followAllHeld(rewrite, parameterHolds(rewrite, found, entering.argument.split('.')), 'secret');
}

/** What is imported and lost the secret; a type of this file loses its key. */
function followImported(rewrite: Rewrite, { module, name, path }: Imported): Refused | undefined {
  if (module === null) {
    dropFromNamed(rewrite, name, path);
    return undefined;
  }
  const found = importedAs(rewrite.ast, { module, name, path });
  if ('refused' in found) return found;
  return followAllHeld(
    rewrite,
    found.flatMap((one) => importedReads(rewrite, one)),
    'secret',
  );
}

function importedReads({ ast, bindings }: Rewrite, { node, path }: ImportedAs): readonly Held[] {
  if (path.length === 0 || !/^Import\w*Specifier$/.test(node.type)) return [{ node, path }];
  return referencesTo(ast, bindings, node).map((read) => ({ node: read, path }));
}
