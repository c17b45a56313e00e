import type { Use } from '../../model/facts.ts';
import type { Edit, Span } from '../../model/place.ts';
import { field, namedChildren, spanOf, textOf, type Node } from '../tree.ts';
import type { Adopted, Adoption, Entering } from '../types.ts';
import { indentAt, lineBreakOf } from '../lines.ts';
import { removeImports, removeItems, removeStatements } from './cleanup.ts';
import { follow, followParameter } from './flow.ts';
import type { Flow, Refusal } from './found.ts';
import { enteringAt, whyKept } from './handed.ts';
import { isKept, rewriteKept, type HelperCall } from './kept-header.ts';
import { importHelper } from './helper-import.ts';
import type { EnvRead } from './reads.ts';
import { requestOf } from './request.ts';
import { parameterName, type Script } from './script.ts';

interface Source {
  readonly script: Script;
  readonly reads: readonly EnvRead[];
  readonly listens: readonly Span[];
}

/**
 * Puts a call of the helper where code builds `SSWS <secret>`, and takes out what only held the secret (tier T3).
 * Refuses where the value goes elsewhere, or where it is not clear for whose request the code works.
 */
export function adoptPython(
  source: Source,
  uses: readonly Use[],
  target: Adoption,
  entering: readonly Entering[] = [],
): Adopted {
  const flow = followAll(source, uses, entering);
  return 'refused' in flow ? flow : rewrite(source, flow, target);
}

function rewrite(source: Source, flow: Flow, target: Adoption): Adopted {
  const { script } = source;
  const asks = flow.headers.size + flow.tokens.size > 0;
  const reason = `${target.agent} asks for a token of its own`;
  const helper = asks ? importHelper(script, target, reason) : { name: '', modules: [], edits: [] };
  const unused = `${reason}; this is not used any more`;
  const asked = askedFor(source, flow, target, { helper: helper.name, reason });
  if ('refused' in asked) return asked;
  const statements = removeStatements(script, flow.statements, unused);
  if ('refused' in statements) return statements;
  const items = removeItems(script, [...flow.parameters.keys(), ...flow.given], unused);
  if ('refused' in items) return items;
  const sides = flow.sides.map((span) => ({ span, text: '', reason: unused }));
  const gone = [
    ...flow.headers,
    ...flow.tokens,
    ...flow.statements,
    ...flow.parameters.keys(),
    ...flow.given,
  ];
  const removed = [...gone.map(spanOf), ...flow.sides];
  const imports = removeImports(script, removed, helper.modules, unused);
  const cut = [...items, ...sides].filter((one) => !statements.some((two) => isWithin(one.span, two.span)));
  return {
    tier: flow.headers.size > 0 ? 'T3' : asks ? 'T2' : null,
    gives: flow.gives,
    dropped: [...droppedNames(script, flow), ...flow.flags],
    edits: [...helper.edits, ...asked, ...statements, ...cut, ...imports],
    changed: [...flow.parameters.values()].map(({ name, index, parameter }) => ({
      name,
      index,
      parameter: textOf(parameterName(parameter), script.text),
    })),
  };
}

/** Follows the secret from every place where it comes in. */
function followAll(source: Source, uses: readonly Use[], entering: readonly Entering[]): Flow | Refusal {
  const { script } = source;
  const flow: Flow = {
    headers: new Set(),
    statements: new Set(),
    sides: [],
    tokens: new Set(),
    parameters: new Map(),
    given: new Set(),
    flags: [],
    gives: [],
  };
  for (const use of uses) {
    const read = source.reads.find((one) => one.span.start === use.span.start);
    if (read === undefined) return { refused: 'the place where it is read was not found', at: use.span };
    const refusal = follow(script, read.node, flow);
    if (refusal !== undefined) return refusal;
  }
  for (const one of entering) {
    const handed = enteringAt(script, one);
    if (handed === undefined)
      return { refused: `${one.name} takes no such parameter here`, at: spanOf(script.root) };
    const refusal = followParameter(script, handed, flow);
    if (refusal !== undefined) return refusal;
  }
  for (const handed of flow.parameters.values()) {
    const kept = whyKept(script, handed, flow.given);
    if (kept !== undefined) return kept;
  }
  return flow;
}

/** Module-level names that went, which other files may import. */
function droppedNames(script: Script, flow: Flow): readonly string[] {
  return [...flow.statements].flatMap((statement) => {
    const assignment = statement.parent === script.root ? namedChildren(statement)[0] : undefined;
    const left = assignment?.type === 'assignment' ? field(assignment, 'left') : undefined;
    return left?.type === 'identifier' ? [textOf(left, script.text)] : [];
  });
}

function isWithin(inner: Span, outer: Span): boolean {
  return outer.start <= inner.start && outer.end >= inner.end;
}

/** Puts calls of the helper where headers are built and clients are made. */
function askedFor(
  source: Source,
  flow: Flow,
  target: Adoption,
  { helper, reason }: { readonly helper: string; readonly reason: string },
): readonly Edit[] | Refusal {
  const edits: Edit[] = [];
  for (const node of flow.headers) {
    if (isKept(source.script, node) && source.listens.length === 0) {
      const call: HelperCall = (name, more) => keptCall(target, `${helper}.${name}`, more);
      const kept = rewriteKept(source.script, node, { call, reason });
      if ('refused' in kept) return kept;
      edits.push(...kept);
      continue;
    }
    const text = toCall(source, node, target, `${helper}.authorization`);
    if (typeof text !== 'string') return text;
    edits.push({ span: spanOf(node), text, reason });
  }
  for (const entry of flow.tokens) {
    const call = toCall(source, entry, target, `${helper}.okta_request_executor`);
    if (typeof call !== 'string') return call;
    const { text } = source.script;
    const quote = text.charAt(entry.start);
    const isOneLine = !text.slice(entry.parent?.start ?? 0, entry.start).includes('\n');
    const between = isOneLine ? ' ' : `${lineBreakOf(text)}${indentAt(text, entry.start)}`;
    // The client refuses to start without a token; this one is never sent.
    const word = (name: string): string => `${quote}${name}${quote}`;
    const written = `${word('token')}: ${word('agent-id')},${between}${word('requestExecutor')}: ${call}`;
    edits.push({ span: spanOf(entry), text: written, reason });
  }
  return edits;
}

function keptCall(target: Adoption, callee: string, more?: string): string {
  const args = [...wordsOf(target, callee), ...(more === undefined ? [] : [more]), ...asItself(target)];
  return `${callee}(${args.join(', ')})`;
}

/** Agent, resource and scopes, as a call of the helper gives them. */
function wordsOf(target: Adoption, callee: string): readonly string[] {
  const { agent, resource, scopes, own } = target;
  const module = callee.slice(0, callee.lastIndexOf('.'));
  const otherwise = own?.otherwise ?? null;
  const process = `${module}.own(${otherwise === null ? '' : JSON.stringify(otherwise)})`;
  const list = `[${scopes.map((scope) => JSON.stringify(scope)).join(', ')}]`;
  return [
    own === undefined ? JSON.stringify(agent) : process,
    JSON.stringify(resource),
    scopes.length === 0 ? 'None' : list,
  ];
}

function asItself({ actsFor, own }: Adoption): readonly string[] {
  if (own?.mixed === true) return ['as_itself=None'];
  return actsFor === 'itself' ? ['as_itself=True'] : [];
}

function toCall(source: Source, node: Node, target: Adoption, callee: string): string | Refusal {
  const words = wordsOf(target, callee);
  const written = (...more: readonly string[]): string =>
    `${callee}(${[...words, ...more, ...asItself(target)].join(', ')})`;
  if (target.actsFor === 'itself') return written();
  const request = callee.endsWith('.authorization') ? requestOf(source.script, node) : undefined;
  if (request !== undefined) return written(`request=${request}`);
  if (source.listens.length === 0) return written();
  return {
    refused: 'this file answers requests, but the request is not in sight where the header is built',
    at: spanOf(node),
  };
}
